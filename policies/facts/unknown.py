"""Facts that a rule reads of a resource, and those that are not known while it asks.

Before an update, what another resource returns is not known. A property that is not declared is a fact; one that is
declared and not known is none, so reading it raises, and the rule stays undecided instead of taking a default for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from pulumi_policy import proxy

from infra.values import mapping, within

UNKNOWN = frozenset(
    {
        proxy.UNKNOWN_ARCHIVE_VALUE,
        proxy.UNKNOWN_ARRAY_VALUE,
        proxy.UNKNOWN_ASSET_VALUE,
        proxy.UNKNOWN_BOOLEAN_VALUE,
        proxy.UNKNOWN_NUMBER_VALUE,
        proxy.UNKNOWN_OBJECT_VALUE,
        proxy.UNKNOWN_STRING_VALUE,
    }
)
"""How the engine writes a value that is not known (pulumi's sdk/go/common/resource/sig/sig.go)."""


class UnknownFactError(Exception):
    """A rule read a fact that is not known; the message names it."""


def guarded(props: Mapping[str, Any], owner: str) -> Mapping[str, Any]:
    """Wrap the properties of the resource that is called `owner`: reading an unknown value raises UnknownFactError."""
    return _Properties(props, owner, "")


class Undeclared(Mapping[str, Any]):
    """The inputs of a resource that the program has not declared in this run: every read raises UnknownFactError."""

    def __init__(self, owner: str) -> None:
        self._missing = f"what is declared for {owner} is not known, as this run does not declare it"

    def __getitem__(self, key: str) -> Any:
        raise UnknownFactError(self._missing)

    def __iter__(self) -> Iterator[str]:
        raise UnknownFactError(self._missing)

    def __len__(self) -> int:
        raise UnknownFactError(self._missing)


class _Guard:
    """Values that are guarded when they are read, as most never are."""

    def __init__(self, values: Any, owner: str, path: str) -> None:
        self._values = values
        self._owner = owner
        self._path = path
        self._read: dict[Any, Any] = {}

    def __len__(self) -> int:
        return len(self._values)


class _Properties(_Guard, Mapping[str, Any]):
    def __getitem__(self, key: str) -> Any:
        if key not in self._read:
            path = f"{self._path}.{key}" if self._path else key
            self._read[key] = _guarded(self._values[key], self._owner, path)
        return self._read[key]

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a key, without the exception that the base class makes for a missing one."""
        if key in self._read:
            return self._read[key]
        return self[key] if key in self._values else default

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)


class _Items(_Guard, Sequence[Any]):
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[each] for each in range(*cast("slice[int, int, int]", index).indices(len(self)))]
        if index not in self._read:
            self._read[index] = _guarded(self._values[index], self._owner, f"{self._path}[{index}]")
        return self._read[index]


def _guarded(value: Any, owner: str, path: str) -> Any:
    if isinstance(value, str):
        if value in UNKNOWN:
            raise UnknownFactError(f"{path} of {owner} is not known yet")
        return value
    if isinstance(value, Mapping):
        return _Properties(cast("Mapping[str, Any]", value), owner, path)
    if isinstance(value, list | tuple):
        return _Items(cast("Sequence[Any]", value), owner, path)
    return value


def is_set(value: Any, *keys: str) -> bool:
    """Return whether something is declared at the end of nested keys, also where its value is not known yet."""
    holder = mapping(within(value, *keys[:-1]))
    try:
        return bool(holder.get(keys[-1]))
    except UnknownFactError:
        return True
