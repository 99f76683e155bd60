"""What the toolchain reports while it works, and how it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from infra.errors import NightowlError


class Phase(StrEnum):
    """What is happening to a tool."""

    FOUND = "found"
    WAITING = "waiting"
    DOWNLOADING = "downloading"
    BUILDING = "building"
    DONE = "done"


@dataclass(frozen=True, kw_only=True)
class ToolEvent:
    """One step of getting a tool: `position` names it with the number of the step, `detail` says how it goes."""

    tool: str
    phase: Phase
    position: str
    detail: str


OnToolEvent = Callable[[ToolEvent], None]


class ToolchainError(NightowlError):
    """A tool could not be had. The message names the tool, the reason and the remedy."""
