"""Mistakes that are laid over a bad input, none of which may hide another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from tests.settings.bad_inputs import BadInput


@dataclass(frozen=True)
class _Mistake:
    """Keys of an app that break a rule, what else the rule asks, and the key that the refusal names."""

    keys: dict[str, Any]
    refused: str
    asked: tuple[str, ...] = ()


_MISTAKES = (
    _Mistake({"shm": "512Mi"}, "shm", asked=("resources",)),
    _Mistake({"allowTo": ["203.0.113.0/24", "203.0.113.0/24"]}, "allowTo[1]"),
    _Mistake({"init": {"a": {"image": "a:1"}}, "sidecars": {"a": {"image": "a:1"}}}, "sidecars.a", asked=("rollout",)),
    _Mistake({"rollout": {"drain": "2h"}}, "rollout.drain", asked=("traffic", "health")),
)
_BY_PLATFORM = {
    "existing": _Mistake({"secrets": {"a": "no-key"}}, "secrets.a.ref", asked=("env",)),
    "eks": _Mistake({"secrets": {"a": "one/name", "b": "one/name"}}, "secrets.b.ref", asked=("env",)),
}
"""What a rule of the whole stack refuses."""


def with_more_mistakes(bad: BadInput) -> tuple[dict[str, Any], set[str]]:
    """Lay mistakes over the apps `web` and `worker` of a bad input, by keys that they lack; return their places too."""
    sections = bad.sections()
    apps = sections.get("apps")
    if not isinstance(apps, dict):
        return sections, set()
    changed, refused = dict(cast("dict[str, Any]", apps)), set[str]()
    for name in ("web", "worker"):
        app = changed.get(name)
        if isinstance(app, dict) and app.get("kind", "web") == ("web" if name == "web" else "worker"):
            mine = cast("dict[str, Any]", app)
            for mistake in _mistakes(sections):
                if not mine.keys() & {*mistake.keys, *mistake.asked}:
                    mine = mine | mistake.keys
                    refused.add(f"nightowl:apps.{name}.{mistake.refused}")
            changed[name] = mine
    return sections | {"apps": changed}, refused


def _mistakes(sections: dict[str, Any]) -> tuple[_Mistake, ...]:
    platform = sections.get("platform")
    kind = platform.get("kind") if isinstance(platform, dict) else None
    return (*_MISTAKES, _BY_PLATFORM[kind]) if kind in _BY_PLATFORM else _MISTAKES
