"""Helm's hooks: which objects of a chart come before or after the others, and which are not made.

Helm runs a hook at a point of an installation or an upgrade. Here a hook is an object like any other, made before or
after the rest, and again when it changes. Hooks of a removal, of a rollback and of an upgrade alone have no such point.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from infra.charts.objects import KubernetesObject

HOOK = "helm.sh/hook"
WEIGHT = "helm.sh/hook-weight"
BEFORE, AFTER = "pre-install", "post-install"
TESTS = frozenset({"test", "test-success", "test-failure"})
"""Run by `helm test` only."""
DEFINITIONS = "crd-install"
"""Of Helm 2: an object that has to come first, as definitions do anyway."""


@dataclass(frozen=True, kw_only=True)
class Hooked:
    """A chart's objects by when they are made; hooks of the same weight together, the lightest first."""

    before: Sequence[Sequence[KubernetesObject]]
    plain: Sequence[KubernetesObject]
    after: Sequence[Sequence[KubernetesObject]]
    left_out: Sequence[KubernetesObject]
    """Hooks that nothing here runs; tests are not among them."""


def hooked(objects: Iterable[KubernetesObject]) -> Hooked:
    """Sort the objects of a chart by their hooks."""
    plain: list[KubernetesObject] = []
    before: list[KubernetesObject] = []
    after: list[KubernetesObject] = []
    left_out: list[KubernetesObject] = []
    for one in objects:
        points = _points(one)
        if not points or DEFINITIONS in points:
            plain.append(one)
        elif BEFORE in points:
            before.append(one)
        elif AFTER in points:
            after.append(one)
        elif not points & TESTS:
            left_out.append(one)
    return Hooked(before=_by_weight(before), plain=plain, after=_by_weight(after), left_out=left_out)


def points_text(one: KubernetesObject) -> str:
    """Return when Helm would run a hook."""
    return ", ".join(sorted(_points(one)))


def _points(one: KubernetesObject) -> set[str]:
    return {point.strip() for point in str(one.annotations.get(HOOK, "")).split(",") if point.strip()}


def _by_weight(objects: Iterable[KubernetesObject]) -> list[list[KubernetesObject]]:
    groups: dict[int, list[KubernetesObject]] = {}
    for one in objects:
        groups.setdefault(_weight(one), []).append(one)
    return [groups[weight] for weight in sorted(groups)]


def _weight(one: KubernetesObject) -> int:
    try:
        return int(str(one.annotations.get(WEIGHT, 0)))
    except ValueError:
        return 0
