"""A secret in a command is a variable that a secret fills, one for each word, and its value is written nowhere."""

from __future__ import annotations

from typing import Any

from infra.importing.app_parts import add_secret
from infra.importing.draft import StackDraft
from infra.importing.secret_words import hide_secrets


def draft(**app: Any) -> StackDraft:
    return StackDraft(name="shop", origin="compose.yaml", apps={"web": app})


def test_each_word_with_a_secret_is_a_variable_of_its_own_called_as_its_option_is() -> None:
    shop = draft()
    words = ["serve", "--db-password=Tr0ub4dor&3", "--db-password", "c0rrect-h0rse"]
    hidden = hide_secrets(shop, "web", words, of="web.command")
    assert {index: one.word for index, one in hidden.items()} == {
        1: "--db-password=$(DB_PASSWORD)",
        3: "$(DB_PASSWORD_2)",
    }
    assert shop.apps["web"]["secrets"] == {
        "db_password": {"ref": "web/db_password", "env": "DB_PASSWORD"},
        "db_password_2": {"ref": "web/db_password_2", "env": "DB_PASSWORD_2"},
    }
    assert "Tr0ub4dor" not in str(shop)
    assert "c0rrect" not in str(shop)


def test_a_line_of_shell_with_a_secret_is_hidden_as_a_whole() -> None:
    words = ["/bin/sh", "-c", "psql postgres://app:Tr0ub4dor3xyz@db/shop"]
    hidden = hide_secrets(draft(), "web", words, of="web.command")
    assert {index: one.word for index, one in hidden.items()} == {2: "$(COMMAND)"}


def test_a_variable_takes_no_secret_away_that_is_a_file_of_the_same_name() -> None:
    shop = draft(secrets={"password": "shop-secrets/password"})
    assert add_secret(shop, "web", key="PASSWORD", of="the variable", env="PASSWORD") == "password-2"
    assert list(shop.apps["web"]["secrets"].values()) == [
        "shop-secrets/password",
        {"ref": "web/password-2", "env": "PASSWORD"},
    ]


def test_a_variable_that_two_containers_have_is_one_secret() -> None:
    shop = draft()
    names = {add_secret(shop, "web", key="PASSWORD", of="the variable", env="PASSWORD") for _ in range(2)}
    assert names == {"password"}
    assert len(shop.steps) == 1
