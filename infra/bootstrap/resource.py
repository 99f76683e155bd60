"""One resource of AWS as a step: found or made, and each of its settings compared and written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from infra.reconcile import Step


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting: plain values as JSON has them. With `at_making` the call that makes the resource sets it already."""

    name: str
    wanted: object
    read: Callable[[], object]
    write: Callable[[], None]
    at_making: bool = False


@dataclass(frozen=True, kw_only=True)
class Change:
    """One difference. `setting` is None for the resource itself; `was` is None where there was nothing."""

    setting: str | None
    was: object
    becomes: object


def resource_step(
    name: str, identifier: str | None, make: Callable[[], str], settings: Callable[[str], Sequence[Setting]]
) -> Step[Change]:
    """Compare a resource with what it is to be like.

    Args:
        name: kind and name, as people read it: `S3 bucket x`.
        identifier: its ARN; None: there is none yet.
        make: makes it, and returns its ARN.
        settings: lists its settings in the order of writing; the ARN is empty while there is none.
    """
    found = [(one, one.read() if identifier else None) for one in settings(identifier or "")]
    differing = [(one, was) for one, was in found if not identifier or not same(was, one.wanted)]

    def apply() -> None:
        nonlocal identifier
        if identifier:
            for setting, _ in differing:
                setting.write()
            return
        identifier = make()
        for setting in settings(identifier):
            if not setting.at_making:
                setting.write()

    itself = () if identifier else (Change(setting=None, was=None, becomes="made"),)
    changes = (Change(setting=one.name, was=was, becomes=one.wanted) for one, was in differing)
    return Step(
        name=name, exists=bool(identifier), changes=(*itself, *changes), apply=apply, identifier=lambda: identifier
    )


def same(one: object, other: object) -> bool:
    """Whether two settings mean the same: AWS gives lists back in any order, and lists of one as what is in them."""
    return _canonical(one) == _canonical(other)


def _canonical(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _canonical(item) for key, item in cast(Mapping[object, object], value).items()}
    if isinstance(value, list | tuple):
        items = [_canonical(item) for item in cast(Sequence[object], value)]
        return items[0] if len(items) == 1 else sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
    return value
