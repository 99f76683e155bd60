"""What an object says to look like a secret only, so that a rule lets it be.

Kubernetes objects carry it as an annotation: places between commas. A place is a key of a ConfigMap (`TOKEN_ISSUER`),
one thing in a file (`app.conf#password`), or a word or variable of a container (`web/args#2`, `web/TOKEN_ISSUER`).
"""

from __future__ import annotations

from collections.abc import Collection

ACKNOWLEDGED = "nightowl/not-secret"


def annotation_of(places: Collection[str]) -> dict[str, str] | None:
    """Return the annotation that names `places`, or None for none."""
    return {ACKNOWLEDGED: ",".join(sorted(places))} if places else None


def acknowledged(annotation: str) -> Collection[str]:
    """Read the places from an annotation's value."""
    return frozenset(annotation.split(",")) if annotation else frozenset()
