from __future__ import annotations

from typing import Any

import pytest

from infra.plan.builds import builds_of_stack
from infra.settings.build import build_settings
from infra.settings.stack import StackSettings
from tests.apps.samples import web
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
    builds = builds_of_stack(settings)
    assert builds is not None
    assert builds.line == line


def test_a_stack_that_builds_nothing_tells_nothing() -> None:
    assert builds_of_stack(build_settings({**EXISTING, "apps": {"web": web()}})) is None
