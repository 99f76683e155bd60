"""Objects of Kubernetes as they are read: each value with the place where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.settings.partly import Location
from infra.values import mapping, sequence


@dataclass(frozen=True)
class Part:
    """A value of the input, or None where there is none, and its place."""

    value: Any
    place: Location

    def __getitem__(self, step: str | int) -> Part:
        """Return what lies one step below; nothing where a value has another shape than the schema says."""
        value = None
        if isinstance(step, str):
            value = mapping(self.value).get(step)
        elif step < len(self._listed):
            value = self._listed[step]
        return Part(value, (*self.place, step))

    def at(self, *steps: str | int) -> Part:
        """Return what lies several steps below."""
        part = self
        for step in steps:
            part = part[step]
        return part

    def items(self) -> Iterator[Part]:
        """List the items of a list."""
        yield from (self[index] for index in range(len(self._listed)))

    def entries(self) -> Iterator[tuple[str, Part]]:
        """List the entries of a mapping."""
        yield from ((key, self[key]) for key in mapping(self.value))

    @property
    def _listed(self) -> Sequence[Any]:
        return sequence(self.value)

    @property
    def given(self) -> bool:
        """Whether it says anything."""
        return self.value is not None

    @property
    def text(self) -> str:
        """The value as a text; empty where there is none, or a list or a mapping."""
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return str(self.value) if isinstance(self.value, str | int | float) else ""

    @property
    def number(self) -> int | None:
        """The value as a whole number, also where it is written as a text."""
        if isinstance(self.value, bool):
            return None
        if isinstance(self.value, int):
            return self.value
        return int(self.text) if self.text.isascii() and self.text.isdigit() and len(self.text) < 19 else None

    def labels(self) -> dict[str, str]:
        """Return a mapping of texts."""
        return {key: one.text for key, one in self.entries()}


@dataclass(frozen=True, kw_only=True)
class Object:
    """One object of the input."""

    kind: str
    name: str
    part: Part
    file: Path

    @property
    def namespace(self) -> str:
        """Its namespace, where it names one."""
        return self.part.at("metadata", "namespace").text

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"{self.kind} {self.name}"

    @property
    def spec(self) -> Part:
        """What it should be."""
        return self.part["spec"]

    @property
    def annotations(self) -> Mapping[str, str]:
        """Its own annotations."""
        return self.part.at("metadata", "annotations").labels()

    @property
    def api_group(self) -> str:
        """The group of its kind, empty for that of the core."""
        return self.part["apiVersion"].text.rpartition("/")[0]
