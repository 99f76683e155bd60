"""The engine for a stack of this checkout, and what a command of the pipeline works on."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from infra.aws import caller
from infra.ci.workspace import project_workspace
from infra.engine.driver import Engine
from infra.engine.environment import in_job
from infra.errors import UsageError
from infra.project import project_name, stack_file
from infra.settings.guest import AwsPlatformSettings
from infra.settings.stack import StackSettings
from infra.settings.yaml_file import read_yaml
from infra.toolchain.events import Phase, ToolEvent
from infra.toolchain.resolve import resolve_pulumi

STOP_SECONDS = 3.0
"""A cancelled job gets SIGINT, after 7.5 s SIGTERM, and 2.5 s later it is killed (GitHub documentation, "Canceling a
workflow run"). An engine that is killed leaves its lock; interrupted at once, it takes about 3 s."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A stack, its file, and how to get the engine that works on it and the role that it works with.

    `project` is the name in Pulumi.yaml. The engine comes last: mistakes in the stack file are reported without it.
    """

    project: str
    stack: str
    stack_file: Path
    engine: Callable[[StackSettings], Engine]
    caller: Callable[[StackSettings], str | None]
    """The ARN of who calls AWS; None where the stack has nothing there."""


def project_target(project: Path, stack: str, console: Console) -> Target:
    """Make the target for a stack of the checkout `project`. Raises UsageError where it has no such stack."""
    file = stack_file(project, stack)
    return Target(
        project=project_name(project),
        stack=stack,
        stack_file=file,
        engine=lambda settings: project_engine(project, settings, file, console),
        caller=_caller,
    )


def project_engine(project: Path, settings: StackSettings, file: Path, console: Console) -> Engine:
    """Make the engine for the stack of `file`. The Pulumi CLI comes from PATH, the cache, a download or a build.

    Raises:
        UsageError: the stack file names no backend.
        ToolchainError: the CLI cannot be had.
    """
    backend = settings.delivery.backend
    if backend is None:
        raise UsageError(
            f"{file.name}: nightowl:delivery.backend is missing, so nobody knows where the stack's state is; "
            "`nightowl bootstrap` makes the bucket and writes it there"
        )
    provider = read_yaml(file).get("secretsprovider")
    return Engine(
        workspace=project_workspace(project, backend, provider if isinstance(provider, str) else None),
        pulumi_binary=resolve_pulumi(lambda event: _print(event, console)),
        stop_seconds=STOP_SECONDS if in_job(os.environ) else None,
    )


def _print(event: ToolEvent, console: Console) -> None:
    if event.phase in {Phase.BUILDING, Phase.DOWNLOADING}:
        console.out(f"{event.tool}: {event.phase}")


def _caller(settings: StackSettings) -> str | None:
    return caller(settings.platform.region)[1] if isinstance(settings.platform, AwsPlatformSettings) else None
