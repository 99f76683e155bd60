"""What a violation does: stop the deployment, or be reported only.

A levels file is what `--policy-pack-config` takes: `{"all": "mandatory", "<rule>": "advisory"}`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

from infra.values import mapping, text
from policies.problems import PolicyDataError, no_rule
from policies.rule import Rule, Severity

SHIPPED = Path(__file__).parent
"""The levels and exceptions of this repository's stacks."""
ALL = "all"
STRICT = "prod"
"""The environment whose levels hold where an environment has none of its own."""


class Level(StrEnum):
    """What a violation of a rule does."""

    MANDATORY = "mandatory"
    ADVISORY = "advisory"
    DISABLED = "disabled"


@dataclass(frozen=True, kw_only=True)
class Levels:
    """The level of each rule; without an entry, its severity decides."""

    by_rule: Mapping[str, Level] = field(default_factory=dict[str, Level])

    def of(self, rule: Rule) -> Level:
        """Return the level of `rule`."""
        return self.by_rule.get(rule.name) or self.by_rule.get(ALL) or default_level(rule)


def default_level(rule: Rule) -> Level:
    """Return the level of a rule that no file speaks of."""
    return Level.MANDATORY if rule.severity in {Severity.HIGH, Severity.CRITICAL} else Level.ADVISORY


def levels_file(environment: str, folder: Path = SHIPPED) -> Path:
    """Return the levels file of an environment: its own in `folder`, or else the strict one.

    Where `folder` has neither, it is that of this repository.
    """
    names = (f"{environment}.json", f"{STRICT}.json")
    files = (place / name for place in (folder, SHIPPED) for name in names)
    return next((file for file in files if file.is_file()), SHIPPED / names[-1])


def read_levels(file: Path, rules: Iterable[Rule]) -> Levels:
    """Read a levels file.

    Raises:
        PolicyDataError: it is no JSON object, names a rule that is none of `rules`, or a level that is none.
    """
    try:
        content = cast("object", json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise PolicyDataError(f"{file}: cannot be read ({error}); write a JSON object of rules and levels") from None
    if not isinstance(content, dict):
        raise PolicyDataError(f"{file}: holds no JSON object; write rules and their levels in braces")
    known = {ALL, *(rule.name for rule in rules)}
    return Levels(
        by_rule={name: _level(file, name, value, known) for name, value in cast("dict[str, Any]", content).items()}
    )


def _level(file: Path, name: str, value: object, known: set[str]) -> Level:
    if name not in known:
        raise PolicyDataError(f"{file}: {no_rule(name, known)}")
    # The engine takes an object too, which may hold a rule's own settings; no rule here has any.
    written = value if isinstance(value, str) else text(mapping(value), "enforcementLevel")
    try:
        return Level(written)
    except ValueError:
        raise PolicyDataError(f"{file}: {name}: {value!r} is no level; use {', '.join(Level)}") from None
