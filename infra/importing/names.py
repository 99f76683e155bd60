"""Names in a stack file for what is called otherwise elsewhere."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import count

from infra.settings.names import LONGEST_NAME

_FALLBACK = "app"


def own_name(text: str, taken: Collection[str] = ()) -> str:
    """Return the name of an app or a stack for `text`, the text itself where it is one, and none of those `taken`."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    name = name if name[:1].isalpha() else f"{_FALLBACK}-{name}".rstrip("-")
    name = name[:LONGEST_NAME].rstrip("-")
    return name if name not in taken else _numbered(name, taken)


def secret_name(text: str, taken: Collection[str] = ()) -> str:
    """Return the name of a secret in an app: dots and dashes stay, as images look for a file of that name."""
    name = re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-_.")
    name = name if name[:1].isalpha() else f"secret-{name}".rstrip("-")
    name = name[:LONGEST_NAME].rstrip("-_.")
    return name if name not in taken else _numbered(name, taken)


def port_name(text: str) -> str:
    """Return the name of a port: at most 15 lower-case letters, digits and single dashes (RFC 6335, section 5.1)."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:15].strip("-")
    return name if re.search(r"[a-z]", name) else f"port-{name}"[:15].strip("-")


def _numbered(name: str, taken: Collection[str]) -> str:
    candidates = (f"{name[: LONGEST_NAME - len(str(number)) - 1]}-{number}" for number in count(2))
    return next(candidate for candidate in candidates if candidate not in taken)
