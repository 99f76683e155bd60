"""Text of others, as a terminal may get it.

Keys of a stack file, names in a state and the last words of a container are written by others. A terminal obeys what
some characters say: it sets its title, moves the cursor over what was printed, or shows a line in another order.
"""

from __future__ import annotations

KEPT = "\n\t"
"""No sign, and harmless."""


def printable(text: str) -> str:
    """Return `text` with `?` for each character that is no visible sign; lines and tabs stay."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() or character in KEPT else "?" for character in text)
