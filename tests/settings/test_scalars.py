"""Scalars are read as Kubernetes reads them, and written so that they are read again as the same."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes.utils import parse_quantity

from infra.settings.scalars import (
    LARGEST_CPU_MILLICORES,
    LARGEST_MEMORY_BYTES,
    LONGEST_DURATION_SECONDS,
    SMALLEST_MEMORY_BYTES,
    bytes_text,
    millicores_text,
    parse_bytes,
    parse_millicores,
    parse_percent,
    parse_seconds,
    parse_whole_number,
    percent_text,
    seconds_text,
)

_DECIMALS = st.decimals(min_value=0, max_value=10**6, places=3, allow_nan=False, allow_infinity=False)
_ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers()))


@given(st.integers(1, LARGEST_CPU_MILLICORES))
def test_cpu_is_read_again_as_it_was_written(millicores: int) -> None:
    assert parse_millicores(millicores_text(millicores)) == millicores
    assert parse_quantity(millicores_text(millicores)) * 1000 == millicores


@given(st.integers(SMALLEST_MEMORY_BYTES, LARGEST_MEMORY_BYTES))
def test_memory_is_read_again_as_it_was_written(size: int) -> None:
    assert parse_bytes(bytes_text(size)) == size
    assert parse_quantity(bytes_text(size)) == size


@given(st.integers(0, LONGEST_DURATION_SECONDS))
def test_a_duration_is_read_again_as_it_was_written(seconds: int) -> None:
    assert parse_seconds(seconds_text(seconds)) == seconds


@given(st.integers(1, 100))
def test_a_percentage_is_read_again_as_it_was_written(percent: int) -> None:
    assert parse_percent(percent_text(percent)) == parse_percent(percent) == percent


@given(_DECIMALS, st.sampled_from(["", "m"]))
def test_cpu_means_what_it_means_to_kubernetes(number: Decimal, unit: str) -> None:
    text = f"{number:f}{unit}"
    expected = parse_quantity(text) * 1000
    if expected != int(expected) or expected <= 0:
        with pytest.raises(ValueError, match="must be at least 1m, in whole millicores"):
            parse_millicores(text)
    else:
        assert parse_millicores(text) == expected


@given(_DECIMALS, st.sampled_from(["Ki", "Mi", "Gi", "Ti", "k", "M", "G", "T"]))
def test_memory_means_what_it_means_to_kubernetes(number: Decimal, unit: str) -> None:
    text = f"{number:f}{unit}"
    expected = parse_quantity(text)
    if expected <= SMALLEST_MEMORY_BYTES - 1:
        with pytest.raises(ValueError, match="is less than 4Mi"):
            parse_bytes(text)
    elif expected > LARGEST_MEMORY_BYTES:
        with pytest.raises(ValueError, match="is more than Kubernetes can count"):
            parse_bytes(text)
    else:
        assert 0 <= parse_bytes(text) - expected < 1


@given(st.integers(0, 9), st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
def test_the_parts_of_a_duration_add_up(days: int, hours: int, minutes: int, seconds: int) -> None:
    text = f"{days}d{hours}h{minutes}m{seconds}s"
    assert parse_seconds(text) == ((days * 24 + hours) * 60 + minutes) * 60 + seconds


@given(_ANYTHING)
def test_whatever_is_no_scalar_is_refused_as_a_wrong_value(value: object) -> None:
    for parse in (parse_millicores, parse_bytes, parse_seconds, parse_percent, parse_whole_number):
        with contextlib.suppress(ValueError):
            assert isinstance(parse(value), int)


@pytest.mark.parametrize("text", ["1m1h", "1m1m", "s", "1 s", "-1s", "1.5h", "1w", 30, ""])
def test_a_duration_names_each_unit_once_from_the_largest_down(text: object) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_seconds(text)
