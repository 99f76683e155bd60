"""The word that was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LEAST_LIKENESS = 0.57
"""Share of letters that two words must have in common (difflib's ratio): `ready` still finds `readiness`."""
LONGEST_WORD = 100
"""Characters; comparing longer ones only costs time."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Find the one of `known` that `word` most likely stands for, whatever its case and dashes; None if none is."""
    by_letters = {letters(candidate): candidate for candidate in known}
    wanted = letters(word[:LONGEST_WORD])
    longer = [candidate for candidate in by_letters if len(wanted) > 2 and candidate.startswith(wanted)]
    near = longer[:1] or difflib.get_close_matches(wanted, by_letters, n=1, cutoff=LEAST_LIKENESS)
    return by_letters[near[0]] if near else None


def letters(word: str) -> str:
    """Return a word without case, dashes and underscores: `depends_on` and `dependsOn` are the same."""
    return word.replace("_", "").replace("-", "").lower()
