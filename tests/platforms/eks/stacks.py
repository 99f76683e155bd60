"""Runs whole stacks, as shipped or written in a test, under mocks."""

from __future__ import annotations

import copy
import functools
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pulumi

from infra.platforms.eks.provider import REGION_VARIABLES
from infra.settings.build import PROJECT, build_settings
from infra.settings.eks.platform import EksPlatformSettings
from infra.settings.guest import GuestPlatformSettings
from infra.settings.stack import StackSettings
from infra.settings.stack_file import settings_from_stack_file
from infra.stack import build
from tests.platforms.eks.answers import ACCOUNT, REGION, AwsAnswers
from tests.platforms.eks.harness_aws import Graph, Recorder

STACKS = Path(__file__).parents[3] / "stacks"
EKS_STACKS = ("dev", "staging", "prod")

APP = {"image": "ghcr.io/example/app:1.0.0", "port": 8080}
SECTIONS: dict[str, Any] = {
    "platform": {"kind": "eks", "region": REGION, "accountId": ACCOUNT},
    "cluster": {"access": {"deployers": [f"arn:aws:iam::{ACCOUNT}:role/deployer"]}},
    "nodePools": {
        "system": {"instanceTypes": ["m7g.large"], "min": 2, "max": 4, "system": True},
        "apps": {"instanceTypes": ["m7g.xlarge"], "min": 3, "max": 30},
    },
    "apps": {},
}


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run of a whole program made, said and gave back."""

    graph: Graph
    warnings: tuple[str, ...]
    outputs: dict[str, Any]


def shipped(stack: str) -> StackSettings:
    return settings_from_stack_file(STACKS / f"Pulumi.{stack}.yaml")


def sections(**changes: Any) -> dict[str, Any]:
    """The sections of a small stack, with some of them replaced."""
    return {**copy.deepcopy(SECTIONS), **changes}


def with_apps(apps: Mapping[str, Any], **changes: Any) -> StackSettings:
    return build_settings(sections(apps={name: {**APP, **app} for name, app in apps.items()}, **changes))


@functools.cache
def run_shipped(stack: str, *, preview: bool = False) -> Run:
    settings = shipped(stack)
    return run_stack(settings, stack=stack, preview=preview)


def run_stack(
    settings: StackSettings,
    *,
    stack: str = "test",
    project: str = PROJECT,
    preview: bool = False,
    caller: str | None = None,
    others: Mapping[str, Mapping[str, Any]] | None = None,
    running: Mapping[str, str] | None = None,
    running_groups: Mapping[str, str] | None = None,
    live: Mapping[str, Mapping[str, Any]] | None = None,
    **answers_of_ec2: Any,
) -> Run:
    graph, lines = Graph(), _Lines()
    outputs: dict[str, Any] = {}
    answers = AwsAnswers(
        account=account_of(settings),
        caller=caller or deployer_of(settings),
        others=others,
        running=running,
        running_groups=running_groups,
        live=live,
        **answers_of_ec2,
    )
    recorder = Recorder(answers, graph)
    logger = logging.Logger("pulumi")
    logger.addHandler(lines)
    pulumi.runtime.reset_options()
    pulumi.runtime.set_all_config({})
    pulumi.runtime.set_mocks(
        recorder.mocks, project=project, stack=stack, preview=preview, logger=logger, monitor=recorder
    )

    @pulumi.runtime.test
    def go() -> pulumi.Output[None]:
        return pulumi.Output.all(**build(settings)).apply(outputs.update)

    # An output in a plain string raises; the shell's own region is none of the test's business.
    here = {key: value for key, value in os.environ.items() if key not in REGION_VARIABLES}
    with mock.patch.dict(os.environ, {**here, "PULUMI_ERROR_OUTPUT_STRING": "1"}, clear=True):
        go()
    keys = [(made.type, made.name, made.parent) for made in graph.resources]
    assert len(keys) == len(set(keys)), f"two resources share a name: {[key for key in keys if keys.count(key) > 1]}"
    return Run(graph=graph, warnings=tuple(lines.said), outputs=outputs)


def account_of(settings: StackSettings) -> str:
    """The account whose credentials the program is run with: those that the settings ask for."""
    return (
        settings.platform.account_id
        if isinstance(settings.platform, EksPlatformSettings | GuestPlatformSettings)
        else ACCOUNT
    )


def deployer_of(settings: StackSettings) -> str:
    """Whose credentials the program is run with: a session of the first role that may deploy."""
    access = settings.cluster.access
    roles = [*access.deployers, *access.admins]
    name = roles[0].rpartition("/")[2] if roles else "nobody"
    return f"arn:aws:sts::{account_of(settings)}:assumed-role/{name}/session"


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())
