"""What the toolchain tells while it works, and how it fails."""

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
    """One step of getting a tool.

    `index` counts from 1 to `total`. `detail` says where a found tool is, or what a wait is for. `seconds` is the time
    the step took (only in `Phase.DONE`); `typical_seconds` is what the step usually takes on 2 cores and
    `remaining_seconds` what all steps from this one on usually take; `next_tool` comes after it.
    """

    tool: str
    phase: Phase
    index: int
    total: int
    detail: str = ""
    seconds: float = 0.0
    typical_seconds: int = 0
    remaining_seconds: int = 0
    next_tool: str | None = None


OnToolEvent = Callable[[ToolEvent], None]


class ToolchainError(NightowlError):
    """A tool could not be had. The message names the tool, the reason and the remedy."""
