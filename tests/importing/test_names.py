"""Names of a stack file for what is called otherwise elsewhere."""

from __future__ import annotations

import pytest

from infra.importing.names import own_name, port_name, secret_name
from infra.settings.names import check_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("web", "web"),
        ("my_db", "my-db"),
        ("Web.App", "web-app"),
        ("1st", "app-1st"),
        ("---", "app"),
        ("x" * 60, "x" * 40),
    ],
)
def test_a_name_of_an_app_is_one_that_the_stack_file_takes(text: str, name: str) -> None:
    assert own_name(text) == name
    assert check_name(name) == name


def test_a_name_that_is_taken_gets_a_number_within_the_longest() -> None:
    assert own_name("my_db", {"my-db"}) == "my-db-2"
    assert own_name("my_db", {"my-db", "my-db-2"}) == "my-db-3"
    assert own_name("x" * 60, {"x" * 40}) == f"{'x' * 38}-2"


def test_a_secret_keeps_its_underscores_as_images_look_for_a_file_of_that_name() -> None:
    assert secret_name("POSTGRES_PASSWORD") == "postgres_password"
    assert secret_name("ca.crt") == "ca.crt"
    assert secret_name("9 lives") == "secret-9-lives"


def test_the_name_of_a_port_has_fifteen_characters_and_a_letter() -> None:
    assert port_name("8080") == "port-8080"
    assert port_name("A Very_Long--Name!") == "a-very-long-nam"
