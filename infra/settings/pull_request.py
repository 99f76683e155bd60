"""The name of what belongs to a pull request: `pr-<number>` is its stack, and its namespace."""

from __future__ import annotations

import re

_NAME = re.compile(r"pr-([1-9][0-9]{0,6})", re.ASCII)


def pull_request_name(number: int) -> str:
    """Name the stack and the namespace of a pull request."""
    return f"pr-{number}"


def pull_request_number(name: str) -> int | None:
    """Return the pull request of a stack or a namespace, or None where it is none's."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else None
