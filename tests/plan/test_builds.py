from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.plan.builds import builds_of_stack
from infra.plan.document import plan_document
from infra.plan.plan import plan_of_file
from infra.settings.build import build_settings
from infra.settings.stack import StackSettings
from tests.apps.samples import web
from tests.plan.test_run import shown
from tests.platforms.guest.test_guest import guest
from tests.settings.every_form import EXISTING, ON_EKS

APPS: dict[str, Any] = {
    "web": web(build="apps/web"),
    "plain": web(),
    "api": web(build="apps/api"),
}


def on(sections: dict[str, Any]) -> StackSettings:
    return build_settings({**sections, "apps": APPS})


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (on(dict(ON_EKS)), "images are built: web from apps/web, api from apps/api"),
        (on({**ON_EKS, "delivery": {"promotesFrom": "staging"}}), "web, api: images are copied from staging"),
        (
            on(dict(EXISTING)),
            "web, api: build does nothing here, as the cluster is not one of a stack on EKS",
        ),
        (guest(apps=APPS), "web, api: build does nothing here, as dev keeps the images of pull requests"),
    ],
    ids=["built", "copied", "a cluster that is there", "a pull request"],
)
def test_where_images_come_from_is_told_in_one_line(settings: StackSettings, line: str) -> None:
    builds = builds_of_stack(settings, "prod", None)
    assert builds is not None
    assert builds.line == line


def test_a_stack_that_builds_nothing_tells_nothing() -> None:
    assert builds_of_stack(build_settings({**EXISTING, "apps": {"web": web()}}), "prod", None) is None


@pytest.mark.parametrize(
    ("delivery", "doubts"),
    [
        ({}, ("nightowl:apps.api.build: apps/api has no Dockerfile; name the folder that has it",)),
        ({"promotesFrom": "staging"}, ()),
        (
            {"promotesFrom": "stagin"},
            (
                "nightowl:delivery.promotesFrom: there is no other stack 'stagin' to copy images from; "
                "did you mean 'staging'?",
            ),
        ),
        (
            {"promotesFrom": "prod"},
            (
                "nightowl:delivery.promotesFrom: there is no other stack 'prod' to copy images from; "
                "there are dev, staging",
            ),
        ),
    ],
    ids=["a folder without Dockerfile", "all is there", "a stack that is not there", "the stack itself"],
)
def test_what_the_pipeline_would_stop_at_is_told_by_the_plan(
    delivery: dict[str, str], doubts: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "apps" / "web").mkdir(parents=True)
    (tmp_path / "apps" / "web" / "Dockerfile").touch()
    (tmp_path / "stacks").mkdir()
    for stack in ("dev", "prod", "staging"):
        (tmp_path / "stacks" / f"Pulumi.{stack}.yaml").touch()
    builds = builds_of_stack(on({**ON_EKS, "delivery": delivery}), "prod", tmp_path)
    assert builds is not None
    assert tuple(map(str, builds.doubts)) == doubts


def test_a_plan_says_it_on_screen_and_in_json(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.test.yaml"
    config = {f"nightowl:{key}": value for key, value in {**EXISTING, "apps": APPS}.items()}
    file.write_text(yaml.safe_dump({"config": config}, sort_keys=False))
    plan = plan_of_file(file, "test")
    why_not = "as the cluster is not one of a stack on EKS"
    assert f"web, api: build does nothing here, {why_not}" in shown(plan)
    folders = {"web": "apps/web", "api": "apps/api"}
    assert plan_document(plan)["builds"] == {"folders": folders, "copied_from": None, "why_not": why_not, "doubts": []}
