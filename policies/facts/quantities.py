"""Kubernetes quantities and shares: `250m`, `128Mi`, `25%`."""

from __future__ import annotations

import math
import re
from typing import Any

SUFFIXES = {
    "": 1.0,
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "E": 1e18,
    **{f"{letter}i": 1024.0 ** (index + 1) for index, letter in enumerate("KMGTPE")},
}
"""Factors of the quantity suffixes (Kubernetes API reference, Quantity)."""

QUANTITY = re.compile(r"^([+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)([a-zA-Z]*)$")


def quantity(value: Any) -> float | None:
    """Return a quantity in its base unit (cores, bytes, pieces), or None where there is none or it is no quantity."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    found = QUANTITY.match(value) if isinstance(value, str) else None
    if found is None or found[2] not in SUFFIXES:
        return None
    return float(found[1]) * SUFFIXES[found[2]]


def share(value: Any, of: float, *, up: bool) -> float | None:
    """Return how many pieces of `of` a number or a percentage is, rounded up or down, or None for neither."""
    if isinstance(value, str) and value.endswith("%"):
        percent = quantity(value[:-1])
        if percent is None:
            return None
        return float(math.ceil(of * percent / 100) if up else math.floor(of * percent / 100))
    return quantity(value)
