"""Whatever was drafted, the loader accepts the result, and the report says what went out of it."""

from __future__ import annotations

from typing import Any

import pytest

from infra.errors import UsageError
from infra.importing.acceptance import accepted, require_room
from infra.importing.draft import StackDraft
from infra.importing.findings import Finding
from infra.importing.keys import Column
from infra.settings.build import settings_of
from infra.settings.problems import SettingsError


def draft_of(**apps: dict[str, Any]) -> StackDraft:
    return StackDraft(name="shop", origin="compose.yaml", apps=apps)


def noted(*to: str | int) -> Finding:
    return Finding(column=Column.TAKEN, key=("services", *to), place="compose.yaml:1", to=to)


def is_accepted(draft: StackDraft) -> bool:
    settings_of({f"nightowl:{key}": value for key, value in draft.config.items()})
    return True


def test_what_the_loader_accepts_stays_as_it_is() -> None:
    draft = draft_of(web={"image": "nginx:1", "port": 80})
    finding = noted("apps", "web", "image")
    assert accepted(draft, [finding]) == [finding]
    assert draft.apps == {"web": {"image": "nginx:1", "port": 80}}


def test_what_it_refuses_goes_and_is_reported_with_its_message() -> None:
    draft = draft_of(web={"image": "nginx:1", "port": 80, "env": {"A": "1", "9 B": "2"}, "resources": {"cpu": "lots"}})
    findings = accepted(draft, [noted("apps", "web", "env", "9 B"), noted("apps", "web", "resources", "cpu")])
    assert draft.apps == {"web": {"image": "nginx:1", "port": 80, "env": {"A": "1"}}}
    assert [finding.column for finding in findings] == [Column.MISSING, Column.MISSING]
    assert "is not a variable name" in findings[0].text
    assert is_accepted(draft)


def test_an_app_that_cannot_be_goes_and_so_does_what_names_it() -> None:
    draft = draft_of(
        web={"image": "nginx:1", "port": 80, "allowTo": ["db"], "dependsOn": ["db"]},
        db={"kind": "worker", "image": "Not An Image", "replicas": 1, "ports": {"postgres": 5432}},
    )
    findings = accepted(draft, [noted("apps", "db", "image"), noted("apps", "web", "dependsOn", 0)])
    assert draft.apps == {"web": {"image": "nginx:1", "port": 80}}
    assert "is not an image reference" in findings[0].text
    assert is_accepted(draft)


def test_a_command_goes_as_a_whole() -> None:
    check = {"exec": ["sh", "-c", "redis-cli -a sw0rdf1sh99 ping"], "period": "5s"}
    draft = draft_of(web={"image": "nginx:1", "port": 80, "health": {"readiness": check}})
    accepted(draft, [])
    assert "health" not in draft.apps["web"]


def test_several_items_of_one_list_may_go() -> None:
    draft = draft_of(web={"image": "nginx:1", "port": 80, "allowTo": ["nobody", "10.1.0.0/16", "noone"]})
    accepted(draft, [])
    assert draft.apps["web"]["allowTo"] == ["10.1.0.0/16"]


def test_a_secret_in_plain_text_goes_and_is_in_no_message() -> None:
    secret = "ghp_" + "a1B2" * 9
    draft = draft_of(web={"image": "nginx:1", "port": 80, "args": ["--token", secret]})
    findings = accepted(draft, [noted("apps", "web", "args")])
    assert secret not in str(draft.config)
    assert secret not in str(findings)


def test_a_mistake_of_the_importer_itself_is_an_error_and_no_loop() -> None:
    draft = draft_of(web={"image": "nginx:1", "port": 80})
    draft.name = "Not A Name"
    with pytest.raises(SettingsError, match=r"namespace\.name"):
        accepted(draft, [])


def test_more_than_a_stack_file_may_have_is_said_of_the_input() -> None:
    draft = draft_of(web={"image": "nginx:1", "port": 80, "env": {f"A{number}": "1" for number in range(10_000)}})

    with pytest.raises(UsageError, match=r"would have 20,0\d\d values, and 20,000 are the most"):
        require_room(draft)
