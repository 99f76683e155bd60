"""The Pulumi engine, driven for one local cluster."""

from infra.local.engine.command import EngineCommand
from infra.local.engine.driver import Engine, Program
from infra.local.engine.outcome import (
    DeploymentFailedError,
    InterruptedRunError,
    OnProgress,
    Outcome,
    Progress,
    StackLockedError,
)
from infra.local.engine.report import EngineReport, clean_message
from infra.local.engine.workspace import environment, has_only_stale_locks, stack_name, write_workspace

__all__ = [
    "DeploymentFailedError",
    "Engine",
    "EngineCommand",
    "EngineReport",
    "InterruptedRunError",
    "OnProgress",
    "Outcome",
    "Program",
    "Progress",
    "StackLockedError",
    "clean_message",
    "environment",
    "has_only_stale_locks",
    "stack_name",
    "write_workspace",
]
