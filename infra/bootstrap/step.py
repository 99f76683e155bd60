"""A step: one resource, found or made, and each of its settings compared and written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, cast

State = Literal["exists", "missing", "differs", "made", "changed"]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting: plain values as JSON has them. `at_making` tells that the making of the resource sets it already."""

    name: str
    wanted: object
    read: Callable[[], object]
    write: Callable[[], None]
    at_making: bool = False


@dataclass(frozen=True, kw_only=True)
class Change:
    """One difference. `setting` is None for the resource itself; `was` is None where there was nothing."""

    resource: str
    setting: str | None
    was: object
    becomes: object


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """What a step found, or did. `identifier` is the ARN, None for what does not exist."""

    resource: str
    identifier: str | None
    state: State
    changes: tuple[Change, ...]


class Step(Protocol):
    """One resource."""

    @property
    def resource(self) -> str:
        """Kind and name, as people read it: `S3 bucket x`."""
        ...

    def find(self) -> str | None:
        """Find the resource; its ARN, or None where there is none.

        Raises:
            BootstrapError: it is somebody else's, or in a state that must not be changed.
        """
        ...

    def make(self) -> str:
        """Make the resource, and tell its ARN."""
        ...

    def settings(self, identifier: str | None, /) -> Sequence[Setting]:
        """List its settings in the order of writing; without an identifier, of one that is to be made."""
        ...


def survey(step: Step) -> StepResult:
    """Find what `carry_out` would change, and change nothing."""
    identifier = step.find()
    if identifier is None:
        return _result(step, None, "missing", _all_changes(step, step.settings(None)))
    changes = tuple(change for _, change in _differences(step, identifier))
    return _result(step, identifier, "differs" if changes else "exists", changes)


def carry_out(step: Step) -> StepResult:
    """Make the resource, or change what differs."""
    identifier = step.find()
    if identifier is None:
        made = step.make()
        settings = step.settings(made)
        for setting in settings:
            if not setting.at_making:
                setting.write()
        return _result(step, made, "made", _all_changes(step, settings))
    differences = _differences(step, identifier)
    for setting, _ in differences:
        setting.write()
    return _result(step, identifier, "changed" if differences else "exists", tuple(change for _, change in differences))


def same(one: object, other: object) -> bool:
    """Whether two settings mean the same: AWS gives lists back in any order, and lists of one as what is in them."""
    return _canonical(one) == _canonical(other)


def _result(step: Step, identifier: str | None, state: State, changes: tuple[Change, ...]) -> StepResult:
    return StepResult(resource=step.resource, identifier=identifier, state=state, changes=changes)


def _all_changes(step: Step, settings: Sequence[Setting]) -> tuple[Change, ...]:
    itself = Change(resource=step.resource, setting=None, was=None, becomes="made")
    return (itself, *(_change(step, setting, None) for setting in settings))


def _differences(step: Step, identifier: str) -> list[tuple[Setting, Change]]:
    found = [(setting, setting.read()) for setting in step.settings(identifier)]
    return [(setting, _change(step, setting, was)) for setting, was in found if not same(was, setting.wanted)]


def _change(step: Step, setting: Setting, was: object) -> Change:
    return Change(resource=step.resource, setting=setting.name, was=was, becomes=setting.wanted)


def _canonical(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _canonical(item) for key, item in cast(Mapping[object, object], value).items()}
    if isinstance(value, list | tuple):
        items = [_canonical(item) for item in cast(Sequence[object], value)]
        return items[0] if len(items) == 1 else sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
    return value
