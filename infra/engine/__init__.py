"""The Pulumi engine, driven by the Automation API with the program in this process."""

from infra.engine.command import EngineCommand
from infra.engine.driver import Engine, Program
from infra.engine.locks import LockHolder
from infra.engine.outcome import (
    DeploymentFailedError,
    InterruptedRunError,
    OnProgress,
    Outcome,
    Preview,
    Progress,
    Recovery,
    RunWatch,
    StackLockedError,
    StackMissingError,
    StepChange,
    Watch,
)
from infra.engine.program import load_program, run_program
from infra.engine.report import EngineReport, clean_message
from infra.engine.workspace import Workspace, stack_name

__all__ = [
    "DeploymentFailedError",
    "Engine",
    "EngineCommand",
    "EngineReport",
    "InterruptedRunError",
    "LockHolder",
    "OnProgress",
    "Outcome",
    "Preview",
    "Program",
    "Progress",
    "Recovery",
    "RunWatch",
    "StackLockedError",
    "StackMissingError",
    "StepChange",
    "Watch",
    "Workspace",
    "clean_message",
    "load_program",
    "run_program",
    "stack_name",
]
