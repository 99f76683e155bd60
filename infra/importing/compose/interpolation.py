"""Variables in the values of Compose files: 12-interpolation.md of the specification."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from infra.importing.compose.nodes import Node, Scalar
from infra.settings.model import path_text
from infra.settings.partly import Location
from infra.settings.problems import Problem

MOST_CHARACTERS = 2**20
"""Of all values that variables make: as many as a file may have (1 MiB). A few lines can stand for a billion."""
DEEPEST_DEFAULT = 20
"""Variables in the default of another, inside one another; people write two."""
_NAME = "[_a-zA-Z][_a-zA-Z0-9]*"
_VARIABLE = re.compile(
    rf"\$(?:(?P<escaped>\$)|(?P<bare>{_NAME})|\{{(?:(?P<name>{_NAME})(?:\}}|(?P<operator>:?[-+?]))|(?P<invalid>)))"
)
_INVALID = "has an invalid variable; write ${NAME}, ${NAME:-default}, or $$ for a dollar"
Lookup = Callable[[str], str | None]


class InterpolationError(Exception):
    """A value cannot be made; the message says why, and names no value."""


class _Line:
    """A line of a text. A variable ends on it: as in compose-go, where its braces match, or at the last one."""

    def __init__(self, text: str, start: int) -> None:
        end = text.find("\n", start)
        self.end = len(text) if end < 0 else end
        self._text = text
        self._last_brace = text.rfind("}", start, self.end)

    def closing_brace(self, start: int, after: int) -> int:
        """Return where the variable that starts at `start` closes, behind `after`."""
        if self._last_brace < after:
            raise InterpolationError(_INVALID)
        level = 0
        position = start
        while position < self._last_brace:
            if self._text[position] == "}":
                level -= 1
                if level == 0:
                    return position
            elif self._text[position] == "{":
                level += 1
                position += 1
            position += 1
        return self._last_brace


@dataclass
class Interpolator:
    """Puts variables into texts, and notes those that nobody has set."""

    lookup: Lookup
    characters: int = 0
    """How many it has made."""
    unset: list[str] = field(default_factory=list[str])

    def substitute(self, text: str, level: int = 0) -> str:
        """Return the text with its variables replaced.

        Raises:
            InterpolationError: a variable is invalid, or required and not set, or the text is too long.
        """
        if level > DEEPEST_DEFAULT:
            raise InterpolationError(f"has variables nested more than {DEEPEST_DEFAULT} levels deep")
        parts: list[str] = []
        position = 0
        line = _Line(text, 0)
        while match := _VARIABLE.search(text, position):
            parts.append(text[position : match.start()])
            line = line if match.start() < line.end else _Line(text, match.start())
            value, position = self._replacement(match, line, level)
            self.characters += len(value)
            if self.characters > MOST_CHARACTERS:
                raise InterpolationError(f"makes, with its variables, more than {MOST_CHARACTERS:,} characters")
            parts.append(value)
        return "".join([*parts, text[position:]])

    def _replacement(self, match: re.Match[str], line: _Line, level: int) -> tuple[str, int]:
        """Return what stands for a variable, and where the text goes on behind it."""
        if match["escaped"]:
            return "$", match.end()
        if match["invalid"] is not None:
            raise InterpolationError(_INVALID)
        name = match["bare"] or match["name"]
        if not match["operator"]:
            value = self.lookup(name)
            if value is None:
                self.unset.append(name)
            return value or "", match.end()
        end = line.closing_brace(match.start(), match.end())
        return self._with_operator(name, match["operator"], match.string[match.end() : end], level), end + 1

    def _with_operator(self, name: str, operator: str, word: str, level: int) -> str:
        value = self.lookup(name)
        has_value = bool(value) if operator.startswith(":") else value is not None
        match operator[-1]:
            case "-":
                return value or "" if has_value else self.substitute(word, level + 1)
            case "+":
                return self.substitute(word, level + 1) if has_value else value or ""
            case _ if has_value:
                return value or ""
            case _:
                why = self.substitute(word, level + 1)
                message = f"needs the variable {name}, which has no value; set it, or name a file that does: --env-file"
                raise InterpolationError(f"{message} ({why})" if why else message)


def interpolated(
    node: Node, interpolator: Interpolator, problems: list[Problem], unset: dict[str, list[str]], at: Location = ()
) -> Node:
    """Return a node with the variables in all its texts replaced, but not in its keys."""
    if isinstance(node.value, dict):
        entries = node.value.items()
        return node.having({key: interpolated(one, interpolator, problems, unset, (*at, key)) for key, one in entries})
    if isinstance(node.value, list):
        items = enumerate(node.value)
        return node.having([interpolated(one, interpolator, problems, unset, (*at, i)) for i, one in items])
    if not isinstance(node.value, str) or "$" not in node.value:
        return node
    interpolator.unset.clear()
    try:
        text = interpolator.substitute(node.value)
        value = _typed(text, at)
    except InterpolationError as error:
        problems.append(Problem(path_text(at), str(error), node.place))
        return replace(node, value=None)
    for name in interpolator.unset:
        unset.setdefault(name, []).append(node.place)
    return replace(node, value=value)


def _boolean(text: str) -> bool:
    if text.lower() in ("true", "y", "yes", "on"):
        return True
    if text.lower() in ("false", "n", "no", "off"):
        return False
    raise ValueError


_Make = Callable[[str], Scalar]


def _whole(text: str) -> int:
    return int(text)


def _number(text: str) -> float:
    return float(text)


_TYPES: Mapping[str, _Make] = {
    **dict.fromkeys(
        (
            "cpu_count", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares", "deploy.replicas",
            "deploy.update_config.parallelism", "deploy.rollback_config.parallelism",
            "deploy.restart_policy.max_attempts", "deploy.placement.max_replicas_per_node", "healthcheck.retries",
            "oom_score_adj", "pids_limit", "ports.*.target", "scale", "ulimits.*", "ulimits.*.hard", "ulimits.*.soft",
        ),
        _whole,
    ),
    **dict.fromkeys(
        (
            "cpu_percent", "cpus", "deploy.update_config.max_failure_ratio", "deploy.rollback_config.max_failure_ratio",
        ),
        _number,
    ),
    **dict.fromkeys(
        (
            "init", "depends_on.*.required", "depends_on.*.restart", "healthcheck.disable", "oom_kill_disable",
            "privileged", "read_only", "stdin_open", "tty", "volumes.*.read_only", "volumes.*.volume.nocopy",
        ),
        _boolean,
    ),
}  # fmt: skip
"""Keys of a service that are no texts, though a variable makes one."""
_TOP_BOOLEANS = {"external", "internal", "attachable", "enable_ipv4", "enable_ipv6"}
"""The same of networks, volumes, secrets and configs."""
_WHAT: Mapping[_Make, str] = {_whole: "a whole number", _number: "a number", _boolean: "true or false"}


def _typed(text: str, at: Location) -> Scalar:
    """Return the value of a text that has variables, in the type that its key has."""
    make = _type_at(at)
    if make is None:
        return text
    try:
        return make(text)
    except ValueError:
        raise InterpolationError(f"is not {_WHAT[make]} once its variables have their values") from None


def _type_at(at: Location) -> _Make | None:
    if len(at) < 3:
        return None
    if at[0] != "services":
        return _boolean if len(at) == 3 and at[2] in _TOP_BOOLEANS and at[0] in _TOP_SECTIONS else None
    steps = [*map(str, at[2:])]
    return _TYPES.get(".".join(steps)) or _TYPES.get(".".join([steps[0], "*", *steps[2:]]))


_TOP_SECTIONS = {"networks", "volumes", "secrets", "configs"}
