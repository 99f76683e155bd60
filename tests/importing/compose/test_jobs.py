"""What a job of the specification is as an app."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.importing.compose.project import read_compose
from infra.importing.compose.stack import import_project
from infra.importing.keys import Column
from infra.importing.stack_text import stack_text
from infra.plan.plan import plan_of_file
from tests.importing.compose.projects import NOWHERE, imported

RESULT = imported("""
services:
  db: {image: "postgres:17"}
jobs:
  backup:
    image: example.com/backup:1.4.0
    command: [backup, db]
    depends_on: [db]
    environment: {URL: "postgres://db:5432/shop"}
    triggers:
      manual: true
      schedule: [{cron: "0 3 * * *", timezone: Europe/Paris, concurrency: queue, missed_fires: one}, "@daily"]
  hourly: {image: "example.com/report:1", triggers: {schedule: ["@hourly"]}}
  reset: {image: "example.com/reset:1", triggers: {manual: true}}
  seconds: {image: "example.com/report:1", triggers: {schedule: ["0 0 3 * * *"]}}
""")


def test_a_job_with_a_schedule_is_an_app_of_kind_cron() -> None:
    backup = RESULT.app("backup")

    assert (backup["kind"], backup["schedule"], backup["timeZone"]) == ("cron", "0 3 * * *", "Europe/Paris")
    assert (backup["args"], backup["allowTo"], backup["dependsOn"]) == (["backup", "db"], ["db", "0.0.0.0/0"], ["db"])
    assert (backup["overlap"], backup["timeout"], backup["retries"]) == ("forbid", "7d", 0)
    assert (RESULT.app("hourly")["schedule"], RESULT.app("hourly")["timeZone"]) == ("@hourly", "Etc/UTC")


@pytest.mark.parametrize(
    ("key", "column"),
    [
        ("jobs.backup.triggers.schedule[0].timezone", Column.TAKEN),
        ("jobs.backup.triggers.schedule[0].concurrency", Column.DECIDED),
        ("jobs.backup.triggers.schedule[1]", Column.MISSING),
        ("jobs.reset", Column.MISSING),
        ("jobs.seconds", Column.MISSING),
    ],
)
def test_a_key_of_a_job_ends_in_its_column(key: str, column: Column) -> None:
    assert RESULT.column(key) == {column}


def test_a_job_that_is_started_by_hand_is_no_app() -> None:
    assert "reset" not in RESULT.draft.apps
    assert "kind: job" in RESULT.text("jobs.reset")


def test_jobs_merge_extend_and_have_profiles_as_services_do(tmp_path: Path) -> None:
    base, over = tmp_path / "a.yaml", tmp_path / "b.yaml"
    base.write_text("""
jobs:
  one: {image: "example.com/one:1", environment: [A=1, B=2], triggers: {schedule: ["@daily"]}}
  two: {extends: one, command: [two]}
  three: {extends: one, profiles: [more]}
""")
    over.write_text("jobs: {one: {environment: {B: '3'}}}")
    project = read_compose([base, over], environment={})
    draft = import_project(project, stack="shop", origin="a.yaml", top=NOWHERE).draft

    assert draft.apps["one"]["env"] == {"A": "1", "B": "3"}
    assert (draft.apps["two"]["schedule"], draft.apps["two"]["args"]) == ("@daily", ["two"])
    assert "three" not in draft.apps


def test_the_stack_is_planned_without_a_violation(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(stack_text(RESULT.draft))

    assert [found.rule.name for found in plan_of_file(file, "dev").policies.mandatory] == []
