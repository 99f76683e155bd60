"""What became of each key of the input. Nothing is dropped silently: what nobody has noted is reported too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass

from infra.importing.keys import Column, Keys, find_key
from infra.importing.source import Source, leaves
from infra.settings.partly import Location


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What became of one key."""

    column: Column
    key: Location
    """In the input; empty for what was decided without any key of it."""
    place: str
    """File and line."""
    to: Location = ()
    """In the stack file, below `nightowl:`, such as `("apps", "web", "replicas")`; empty where it went nowhere."""
    text: str = ""
    """Why it was decided so, or what to do instead."""


class Ledger:
    """Notes what becomes of the keys of a source, each at the location where its value stands."""

    def __init__(self, keys: Keys, source: Source) -> None:
        self._keys = keys
        self._source = source
        self._found: dict[tuple[Location, Location], Finding] = {}
        self._noted: set[Location] = set()

    def taken(self, key: Location, *to: str | int, text: str = "") -> None:
        """Note a value that means the same at `to`."""
        self._note(Column.TAKEN, key, to, text)

    def decided(self, key: Location, *to: str | int, why: str) -> None:
        """Note a value at `to` that is not quite, or not at all, what the input says."""
        self._note(Column.DECIDED, key, to, why)

    def missing(self, key: Location, what_to_do: str = "") -> None:
        """Note a value that the stack file cannot say; by default with the text of the table of keys.

        What was missing at the same key before stays, as both are to be done.
        """
        before = self._found.get((key, ()))
        if before is not None and before.column is Column.MISSING and what_to_do not in before.text:
            what_to_do = f"{before.text}; {what_to_do}"
        self._note(Column.MISSING, key, (), what_to_do)

    def dangerous(self, key: Location, what_to_do: str = "") -> None:
        """Note a value by which a container gets hold of its node, and which is therefore left out."""
        self._note(Column.DANGEROUS, key, (), what_to_do)

    def change(self, change: Callable[[Finding], Finding | None]) -> None:
        """Replace each note by what `change` makes of it, such as where its value has moved; None takes it away."""
        changed = [new for new in map(change, self._found.values()) if new is not None]
        self._found = {(finding.key, finding.to): finding for finding in changed}

    @property
    def noted(self) -> Set[Location]:
        """The locations of the input that something was noted for."""
        return self._noted

    def findings(self) -> list[Finding]:
        """List all notes, and for what nobody has noted what the table of keys says, in the order of the input."""
        noted = list(self._found.values())
        covered = set(self._noted)
        for leaf in leaves(self._source.values):
            if not any(leaf[:length] in covered for length in range(1, len(leaf) + 1)):
                finding = self._by_table(leaf)
                noted.append(finding)
                covered.add(finding.key)
        order = {leaf: index for index, leaf in enumerate(self._all_locations())}
        return sorted(noted, key=lambda finding: order.get(finding.key, -1))

    def _note(self, column: Column, key: Location, to: Location, text: str) -> None:
        known = find_key(self._keys, key)
        text = text or ("" if known is None else known[1].text)
        place = self._source.place(key) if key else ""
        self._noted.add(key)
        self._found[key, to] = Finding(column=column, key=key, place=place, to=to, text=text)

    def _by_table(self, leaf: Location) -> Finding:
        known = find_key(self._keys, leaf)
        if known is None or known[1].column is Column.TAKEN:
            text = "is not known to `nightowl import`; look up what it does, and write it into the stack file by hand"
            return Finding(column=Column.MISSING, key=leaf, place=self._source.place(leaf), text=text)
        location, key = known
        return Finding(column=key.column, key=location, place=self._source.place(location), text=key.text)

    def _all_locations(self) -> Iterator[Location]:
        seen: dict[Location, None] = {}
        for leaf in leaves(self._source.values):
            seen.update(dict.fromkeys(leaf[:length] for length in range(1, len(leaf) + 1)))
        return iter(seen)
