"""What goes wrong with the data of the pack."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class PolicyDataError(ValueError):
    """A levels or exceptions file is not usable; the message names file, key and remedy."""


def no_rule(name: object, known: Iterable[str]) -> str:
    """Return the message that there is no rule called `name`, with the one of `known` that is probably meant."""
    near = get_close_matches(str(name), known, n=1)
    meant = f"did you mean {near[0]!r}?" if near else "a violation is told with the name of its rule"
    return f"there is no rule {name!r}; {meant}"
