"""What a service says in a form that nobody could read: it is reported, never passed over."""

from __future__ import annotations

from infra.importing.compose.keys import KEYS
from infra.importing.compose.service import Service, Stack
from infra.importing.keys import Column, find_key
from infra.importing.source import leaves
from infra.settings.partly import Location

_EXTENSION = "an extension, which Compose itself does not look at"
_NAMED = {"services", "networks", "volumes", "secrets", "configs", "models", "jobs"}
"""Below them stand names, which may begin as an extension does."""


def note_extensions(stack: Stack) -> None:
    """Note what stands under keys such as `x-shared`, which are for whoever writes the file."""
    noted = stack.ledger.noted
    for leaf in leaves(stack.project.source.values):
        place = _extension(leaf)
        if place and not any(leaf[:end] in noted for end in range(1, len(leaf) + 1)):
            stack.ledger.decided(place, why=_EXTENSION)


def _extension(leaf: Location) -> Location:
    """Return the location of the first key of a leaf that is an extension; an empty one for none."""
    for index, step in enumerate(leaf):
        if str(step).startswith("x-") and not (index == 1 and leaf[0] in _NAMED):
            return leaf[: index + 1]
    return ()


def note_unread(service: Service) -> None:
    """Note each value under a known key that is taken over otherwise, and whose form was none that has a meaning."""
    noted = service.stack.ledger.noted
    for leaf in leaves(service.values):
        place = service.key(*leaf)
        known = find_key(KEYS, place)
        if (
            known is None
            or known[1].column is not Column.TAKEN
            or any(place[:end] in noted for end in range(3, len(place) + 1))
        ):
            continue
        if service.get(*map(str, leaf)) in (None, {}, []) and not any(isinstance(step, int) for step in leaf):
            service.decided(leaf, why="nothing is written")
            continue
        to = known[1].to.removeprefix("apps.X.")
        service.missing(
            leaf, f"its form is not one that is taken over; write it as {to}" if to else "there is nothing to take over"
        )
