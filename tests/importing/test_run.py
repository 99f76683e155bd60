"""What an import writes, and what it leaves alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.errors import UsageError
from infra.importing.app_parts import add_secret
from infra.importing.draft import StackDraft
from infra.importing.findings import Finding
from infra.importing.keys import Column
from infra.importing.run import Imported, write_imported
from infra.settings.stack_file import settings_from_stack_file
from tests.printed import printed_to


def noted(column: Column, key: str, place: str, *, to: tuple[str, ...] = (), text: str = "") -> Finding:
    return Finding(column=column, key=("services", "web", key), place=place, to=to, text=text)


def imported(**app: Any) -> Imported:
    draft = StackDraft(name="shop", origin="compose.yaml", apps={"web": {"image": "nginx:1.29.3", "port": 80, **app}})
    draft.files["manifests/shop/role.yaml"] = "kind: Role\n"
    found = [
        noted(Column.TAKEN, "image", "compose.yaml:3", to=("apps", "web", "image")),
        noted(Column.DANGEROUS, "privileged", "compose.yaml:9", text="leave it out"),
    ]
    return Imported(draft=draft, findings=found)


def write(one: Imported, project: Path, *, force: bool = False, full: bool = False, as_json: bool = False) -> str:
    said: list[str] = []
    write_imported(one, project, force=force, full=full, as_json=as_json, console=printed_to(said))
    return "\n".join(said)


def test_the_stack_file_loads_and_what_belongs_to_it_is_there(tmp_path: Path) -> None:
    write(imported(), tmp_path)
    assert settings_from_stack_file(tmp_path / "stacks" / "Pulumi.shop.yaml").apps.keys() == {"web"}
    assert (tmp_path / "manifests" / "shop" / "role.yaml").read_text() == "kind: Role\n"


def test_a_file_that_is_there_stays_and_nothing_else_is_written(tmp_path: Path) -> None:
    file = tmp_path / "manifests" / "shop" / "role.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    with pytest.raises(UsageError, match=r"manifests/shop/role\.yaml: there already; --force replaces"):
        write(imported(), tmp_path)
    assert file.read_text() == "mine"
    assert not (tmp_path / "stacks").exists()

    write(imported(), tmp_path, force=True)
    assert file.read_text() == "kind: Role\n"


def test_the_report_lists_what_to_look_at_and_counts_the_rest(tmp_path: Path) -> None:
    said = write(imported(), tmp_path)
    assert "1 taken over" in said
    assert "services.web.privileged" in said
    assert "services.web.image" not in said
    assert "services.web.image" in write(imported(), tmp_path, force=True, full=True)


def test_scripts_get_every_finding_with_its_line(tmp_path: Path) -> None:
    document = json.loads(write(imported(), tmp_path, as_json=True))
    assert document["stack"] == "shop"
    assert document["files"] == ["stacks/Pulumi.shop.yaml", "manifests/shop/role.yaml"]
    assert document["findings"][0] == {
        "column": "taken over",
        "key": "services.web.image",
        "place": "compose.yaml:3",
        "to": "apps.web.image",
        "text": "",
    }


def test_a_secret_is_named_once_with_one_command_for_all_of_an_app(tmp_path: Path) -> None:
    one = imported()
    add_secret(one.draft, "web", key="DB_PASSWORD", of="compose.yaml:5", env="DB_PASSWORD")
    add_secret(one.draft, "web", key="token", of="compose.yaml:6")
    document = json.loads(write(one, tmp_path, as_json=True))
    [step] = document["steps"]
    assert "create secret generic web" in step["command"]
    assert "--from-literal=db_password=" in step["command"]
    assert "--from-literal=token=" in step["command"]
    settings = settings_from_stack_file(tmp_path / "stacks" / "Pulumi.shop.yaml")
    assert settings.apps["web"].secrets["db_password"].env == "DB_PASSWORD"


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "stacks").write_text("a file")
    with pytest.raises(UsageError, match="cannot be written"):
        write(imported(), tmp_path)


def test_the_levels_of_dev_hold_for_the_new_stack_and_levels_that_are_there_stay(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "dev.json").write_text('{"image-by-digest": "advisory"}')
    said = write(imported(), tmp_path)
    written = tmp_path / "policies" / "shop.json"
    assert written.read_text() == '{"image-by-digest": "advisory"}'
    assert "policies/shop.json has the levels of dev" in said

    written.write_text("{}")
    write(imported(), tmp_path, force=True)
    assert written.read_text() == "{}"


def test_square_brackets_are_printed_as_they_stand(tmp_path: Path) -> None:
    one = imported()
    found = noted(Column.DECIDED, "[/red]", "[bold]compose.yaml:4", text="[/bin/sh, -c, ...]")
    said = write(Imported(draft=one.draft, findings=[*one.findings, found]), tmp_path)
    for text in ("[/red]", "[bold]compose.yaml:4", "[/bin/sh, -c, ...]"):
        assert text in said
