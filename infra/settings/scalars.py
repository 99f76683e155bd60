"""Scalars as people write them in YAML (`250m`, `128Mi`, `30s`, `60%`), read into plain integers.

| type          | YAML                   | Python           | refused                                   |
|---------------|------------------------|------------------|-------------------------------------------|
| `Millicores`  | `250m`, `0.5`, 2       | 250, 500, 2000   | 0, negative, other units                  |
| `Bytes`       | `128Mi`, `1Gi`         | 2**27, 2**30     | below 4Mi, other units                    |
| `Seconds`     | `30s`, `5m`, `1h30m`   | 30, 300, 5400    | negative, no unit                         |
| `Percent`     | `60%`, 60              | 60               | outside 1 to 100                          |
| `WholeNumber` | 3                      | 3                | text, `true`, fractions                   |
| `Switch`      | `true`, `false`        | True, False      | `yes`, `on` (texts), 1                    |
| `PlainText`   | `a`, 10, `true`        | "a", "10", "true" | fractions, mappings, lists              |

The Kubernetes units are those of `k8s.io/apimachinery/pkg/api/resource`; memory below 4Mi is refused because a
container runtime cannot start a process in less (a unit was forgotten: `128` means 128 bytes to Kubernetes).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Strict

MEBIBYTE = 2**20
SMALLEST_MEMORY_BYTES = 4 * MEBIBYTE
LARGEST_MEMORY_BYTES = 2**60
"""1 EiB, the last binary unit below the 2**63 - 1 bytes that Kubernetes can count."""
LARGEST_CPU_MILLICORES = 10**9
"""A million cores: a thousand replicas of the largest machines. More is a slip of the keyboard."""
LONGEST_DURATION_SECONDS = 30 * 86400
_LONGEST_SCALAR = 40
"""Characters; nobody writes a longer number, and a longer one would only cost time."""
_BYTES_PER_UNIT = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_SECONDS_PER_UNIT = {"d": 86400, "h": 3600, "m": 60, "s": 1}


@dataclass(frozen=True)
class Notation:
    """How a scalar is called in docs/configuration.md, and how a value of it is written."""

    name: str
    write: Callable[[Any], str] = str


def form(pattern: str, message: str) -> Callable[[object], str]:
    """Return a validator of texts that match `pattern` as a whole; `message` says what any other value is not."""
    compiled = re.compile(pattern)

    def check(value: object) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise ValueError(message)
        return value

    return check


def _check_unique(values: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"names {' and '.join(twice)} more than once")
    return values


def parse_text(value: Any) -> str:
    """Read a text. `true` and whole numbers need no quotes.

    Fractions do, because YAML changes them on the way: `1.10` would arrive as `1.1`.

    Raises:
        ValueError: neither a text nor a whole number nor a boolean.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    raise ValueError(
        "is a number with a fraction or an exponent, which YAML may have changed; put it in quotes"
        if isinstance(value, float)
        else "is not a text; put it in quotes"
    )


def parse_millicores(value: Any) -> int:
    """Read CPU: `250m` or a number of cores. Returns millicores (1000 = one core).

    Raises:
        ValueError: not a CPU quantity, not above zero, or beyond a million cores.
    """
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(m?)", _text(value))
    if not match:
        raise ValueError("is not a CPU quantity; write 250m, 0.5 or 2")
    number, unit = Decimal(match[1]), match[2]
    millicores = number if unit == "m" else number * 1000
    if millicores != int(millicores) or millicores <= 0:
        raise ValueError("must be at least 1m, in whole millicores")
    if millicores > LARGEST_CPU_MILLICORES:
        raise ValueError("is more than a million cores; was the m forgotten? Write 250m, 0.5 or 2")
    return int(millicores)


def parse_bytes(value: Any) -> int:
    """Read memory or storage: `128Mi`, `1Gi`, `500M`. Returns bytes, rounded up as Kubernetes does.

    Raises:
        ValueError: not a quantity, below 4Mi (most often a forgotten unit), or above 1024Pi.
    """
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(Ki|Mi|Gi|Ti|k|M|G|T)?", _text(value))
    if not match:
        raise ValueError("is not a memory quantity; write 128Mi or 1Gi")
    exact = Decimal(match[1]) * _BYTES_PER_UNIT.get(match[2] or "", 1)
    size = int(exact.to_integral_value(ROUND_CEILING))
    if size < SMALLEST_MEMORY_BYTES:
        raise ValueError("is less than 4Mi; was a unit forgotten? Write 128Mi or 1Gi")
    if size > LARGEST_MEMORY_BYTES:
        raise ValueError("is more than Kubernetes can count; write 128Mi or 1Gi")
    return size


def find_bytes(value: Any) -> int | None:
    """Return the bytes of a quantity that Kubernetes gives, or None where it is none."""
    try:
        return parse_bytes(value)
    except ValueError:
        return None


def parse_seconds(value: Any) -> int:
    """Read a duration: `30s`, `5m`, `1h`, `1m30s`. Returns seconds.

    Raises:
        ValueError: not a duration, without a unit, or longer than 30 days.
    """
    text = _text(value)
    match = re.fullmatch(r"(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?", text)
    if not match or not text:
        raise ValueError("is not a duration; write 30s, 5m or 1h")
    seconds = sum(
        int(number) * unit for number, unit in zip(match.groups(), _SECONDS_PER_UNIT.values(), strict=True) if number
    )
    if seconds > LONGEST_DURATION_SECONDS:
        raise ValueError("is longer than 30 days")
    return seconds


def parse_percent(value: Any) -> int:
    """Read a percentage: `60%` or 60. Returns 1 to 100.

    Raises:
        ValueError: not a whole percentage from 1 to 100.
    """
    match = re.fullmatch(r"([0-9]+)%?", _text(value))
    if not match or not 1 <= int(match[1]) <= 100:
        raise ValueError("is not a percentage from 1% to 100%")
    return int(match[1])


def parse_whole_number(value: Any) -> int:
    """Read a count. `1e3` is a whole number, `"3"` and `true` are not.

    Raises:
        ValueError: text, a truth value, or a fraction.
    """
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]+", value):
        raise ValueError("is not a whole number but a text; remove the quotes")
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise ValueError("is not a whole number")
    return int(value)


def millicores_text(millicores: int) -> str:
    """Write CPU the way Kubernetes normalises it: whole cores without a unit, else millicores."""
    return str(millicores // 1000) if millicores % 1000 == 0 else f"{millicores}m"


def bytes_text(size: int) -> str:
    """Write bytes with the largest binary unit that divides them (`134217728` is `128Mi`)."""
    for unit in ("Ti", "Gi", "Mi", "Ki"):
        if size % _BYTES_PER_UNIT[unit] == 0:
            return f"{size // _BYTES_PER_UNIT[unit]}{unit}"
    return str(size)


def seconds_text(seconds: int) -> str:
    """Write a duration with the largest unit that divides it (`300` is `5m`, `90` is `90s`)."""
    for unit, length in _SECONDS_PER_UNIT.items():
        if seconds and seconds % length == 0:
            return f"{seconds // length}{unit}"
    return "0s"


def percent_text(percent: int) -> str:
    """Write a percentage (`60` is `60%`)."""
    return f"{percent}%"


def _text(value: Any) -> str:
    """Write what may be a scalar as text; anything else, or too long, as a text that is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = str(value)
    return text if len(text) <= _LONGEST_SCALAR else ""


Millicores = Annotated[int, BeforeValidator(parse_millicores), Notation("CPU", millicores_text)]
Bytes = Annotated[int, BeforeValidator(parse_bytes), Notation("size", bytes_text)]
PlainText = Annotated[str, BeforeValidator(parse_text, json_schema_input_type=str | int | bool), Notation("text")]
Seconds = Annotated[int, BeforeValidator(parse_seconds), Notation("duration", seconds_text)]
Percent = Annotated[int, BeforeValidator(parse_percent), Notation("percentage", percent_text)]
WholeNumber = Annotated[int, BeforeValidator(parse_whole_number), Notation("whole number")]
UNIQUE = AfterValidator(_check_unique)
"""Of a list of texts: none is in it twice."""
Switch = Annotated[bool, Strict(), Notation("`true` or `false`", lambda on: "true" if on else "false")]
