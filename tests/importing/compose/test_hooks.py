"""What runs before a service starts is `init` or `release` of its app."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.importing.keys import Column
from infra.importing.stack_text import stack_text
from infra.plan.plan import plan_of_file
from tests.importing.compose.projects import imported

RESULT = imported("""
services:
  web:
    image: example.com/web:1
    entrypoint: [/enter]
    user: "1000"
    environment: {DB: "postgres://db:5432/shop", LEVEL: info}
    ports: ["80:80"]
    deploy: {replicas: 3}
    pre_start:
      - {command: [manage, migrate], environment: {LEVEL: debug}}
      - {image: "busybox:1.37", command: [echo, warm], environment: [LEVEL=warn], per_replica: true, working_dir: /x}
      - {command: [other], user: root, per_replica: true}
      - {command: [other], privileged: true, per_replica: true}
      - {command: [other, --password=hunter2hunter2], per_replica: true}
  db:
    image: postgres:17
    volumes: ["data:/data"]
    pre_start: [{command: [prepare, /data]}]
  two:
    image: example.com/two:1
    scale: 2
    pre_start: [{command: [a]}, {command: [b]}, {image: "example.com/x:1", command: "it's", per_replica: true}]
volumes: {data: {}}
""")


def test_a_command_that_runs_once_is_the_release() -> None:
    release = RESULT.app("web")["release"]

    assert release == {"command": ["/enter"], "args": ["manage", "migrate"], "env": {"LEVEL": "debug"}}


def test_what_runs_for_each_replica_is_an_init_container_with_the_variables_of_the_app() -> None:
    init = RESULT.app("web")["init"]

    assert list(init) == ["pre-start-2"]
    assert (init["pre-start-2"]["image"], init["pre-start-2"]["args"]) == ("busybox:1.37", ["echo", "warm"])
    assert init["pre-start-2"]["env"] == {"DB": "postgres://db:5432/shop", "LEVEL": "warn"}


def test_what_prepares_the_disk_of_one_replica_is_an_init_container_as_a_release_does_not_have_it() -> None:
    assert RESULT.app("db")["init"]["pre-start-1"]["args"] == ["prepare", "/data"]


@pytest.mark.parametrize(
    ("key", "column"),
    [
        ("services.web.pre_start[0].command", Column.TAKEN),
        ("services.web.pre_start[1].working_dir", Column.MISSING),
        ("services.web.pre_start[2]", Column.MISSING),
        ("services.web.pre_start[3]", Column.DANGEROUS),
        ("services.web.pre_start[4]", Column.MISSING),
        ("services.two.pre_start[0]", Column.MISSING),
        ("services.two.pre_start[2]", Column.MISSING),
    ],
)
def test_a_hook_ends_in_its_column(key: str, column: Column) -> None:
    assert RESULT.column(key) == {column}


def test_the_stack_is_planned_without_a_violation_or_a_secret(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(stack_text(RESULT.draft))

    assert "hunter2" not in file.read_text()
    assert [found.rule.name for found in plan_of_file(file, "dev").policies.mandatory] == []
