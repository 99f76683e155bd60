"""Quantities and times of Kubernetes in the notation of a stack file."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal

from infra.settings.scalars import (
    LARGEST_MEMORY_BYTES,
    SMALLEST_MEMORY_BYTES,
    bytes_text,
    find_bytes,
    millicores_text,
)

_UNITS = {
    "": Decimal(1), "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "k": Decimal(10**3),
    "M": Decimal(10**6), "G": Decimal(10**9), "T": Decimal(10**12), "P": Decimal(10**15), "E": Decimal(10**18),
    "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40), "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}  # fmt: skip
"""k8s.io/apimachinery/pkg/api/resource, "Quantity"."""
_QUANTITY = re.compile(r"\+?([0-9]{1,20}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})(?:[eE]([-+]?[0-9]{1,2})|([a-zA-Z]{0,2}))")


def _exact(text: str) -> Decimal | None:
    match = _QUANTITY.fullmatch(text)
    if match is None or (match[3] or "") not in _UNITS:
        return None
    return Decimal(match[1]) * _UNITS[match[3] or ""] * Decimal(10) ** int(match[2] or 0)


def cpu(text: str) -> str | None:
    """Return CPU as a stack file has it, rounded up to whole millicores; None for what is no quantity, or nothing."""
    exact = _exact(text)
    if exact is None or exact <= 0:
        return None
    return millicores_text(int((exact * 1000).to_integral_value(ROUND_CEILING)))


def size(text: str) -> str | None:
    """Return memory or storage as a stack file has it, at least 4Mi; None for what is no quantity, or nothing."""
    exact = _exact(text)
    if exact is None or exact <= 0:
        return None
    if find_bytes(text) is not None and not text.isdigit():
        return text
    number = min(max(int(exact.to_integral_value(ROUND_CEILING)), SMALLEST_MEMORY_BYTES), LARGEST_MEMORY_BYTES)
    return bytes_text(number)


def is_more(text: str, other: str) -> bool:
    """Whether a quantity is above another one."""
    return (_exact(text) or Decimal(0)) > (_exact(other) or Decimal(0))
