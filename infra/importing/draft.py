"""A stack file while it is drafted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from infra.settings.partly import Location

LOCAL_CONTEXT = "nightowl-local"
"""The kubeconfig context of the cluster that `nightowl local up` makes."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something to do by hand before the apps can run."""

    what: str
    command: str
    """For a shell; empty where no command does it."""


@dataclass
class StackDraft:
    """The sections of a stack file, what its lines are commented with, and what belongs to it.

    Mappings keep the order in which they were filled, but for the keys of an app, which the text brings into theirs.
    """

    name: str
    """Of the stack and of its namespace."""
    origin: str
    """The files that it was made from, for its first line."""
    apps: dict[str, dict[str, Any]] = field(default_factory=dict[str, "dict[str, Any]"])
    sections: dict[str, Any] = field(default_factory=dict[str, Any])
    """What else it says, such as `manifests`."""
    comments: dict[Location, str] = field(default_factory=dict[Location, str])
    """By location (`("apps", "web", "replicas")`): behind the value, or above it where it takes several lines."""
    steps: list[Step] = field(default_factory=list[Step])
    files: dict[str, str] = field(default_factory=dict[str, str])
    """Files beside the stack file: path from the top of the project, and text."""

    @property
    def config(self) -> dict[str, Any]:
        """The sections as a stack file has them, by their keys without the namespace."""
        return {
            "platform": {"kind": "existing", "context": LOCAL_CONTEXT, "zones": True},
            "namespace": {"name": self.name},
            **self.sections,
            "apps": self.apps,
        }

    def remove(self, location: Location) -> bool:
        """Remove the value at a location, and whatever above it would be empty then; tell whether there was one."""
        parents: list[Any] = [{"apps": self.apps, **self.sections}]
        for step in location[:-1]:
            below = _below(parents[-1], step)
            if below is None:
                return False
            parents.append(below)
        if len(location) < 2 or _below(parents[-1], location[-1]) is None:
            return False
        for parent, step in zip(reversed(parents[1:]), reversed(location[1:]), strict=True):
            del parent[step]
            if parent or parent is self.apps:
                break
        return True

    def locations(self) -> Iterator[Location]:
        """List the locations of all values."""
        return _locations(self.config, ())


def _below(value: Any, step: str | int) -> Any:
    if isinstance(value, Mapping):
        return cast("Mapping[str | int, Any]", value).get(step)
    if isinstance(value, list) and isinstance(step, int) and step < len(cast("list[Any]", value)):
        return cast("list[Any]", value)[step]
    return None


def _locations(value: Any, place: Location) -> Iterator[Location]:
    if place:
        yield place
    if isinstance(value, Mapping):
        for key, item in cast("Mapping[str, Any]", value).items():
            yield from _locations(item, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from _locations(item, (*place, index))
