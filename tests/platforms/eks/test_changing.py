"""docs/changing.md says for every key what an update does."""

from __future__ import annotations

import re

import pytest

from tests.harness import REPOSITORY
from tests.settings.every_key import every_key

PAGE = (REPOSITORY / "docs" / "changing.md").read_text(encoding="utf-8")
HOW = re.findall(r"^\| ([a-z ]+) \| [A-Z].* \|$", PAGE, re.MULTILINE)
CHANGES = dict(re.findall(r"^\| `(.+)` \| ([a-z ]+) \| [^|]+ \|$", PAGE, re.MULTILINE))
"""What happens to what stands, by key."""


def entry_of(key: str) -> str | None:
    """Return the entry of a key: its own, else that of the nearest section."""
    parts = key.split(".")
    places = (".".join([*parts[:length], "**"]) for length in range(len(parts) - 1, 0, -1))
    return next((place for place in (key, *places) if place in CHANGES), None)


def test_every_key_of_a_stack_file_has_an_entry() -> None:
    assert [key for key in every_key("eks") if entry_of(key) is None] == []


def test_every_entry_is_of_a_key_that_there_is() -> None:
    keys = every_key("eks")
    unknown = [
        entry
        for entry in CHANGES
        if entry not in keys and not any(key.startswith(entry.removesuffix("**")) for key in keys)
    ]
    assert unknown == []


def test_every_line_is_an_entry_and_says_what_happens_in_a_word_that_the_page_explains() -> None:
    assert len(CHANGES) == len(re.findall(r"^\| `", PAGE, re.MULTILINE))
    assert set(CHANGES.values()) == set(HOW)


@pytest.mark.parametrize(
    ("key", "entry"),
    [
        ("apps.*.health.liveness.http", "apps.*.health.**"),
        ("apps.*.init.*.env.*", "apps.*.init.**"),
        ("network.cidr", "network.cidr"),
        ("network.new", None),
    ],
)
def test_a_key_is_found_by_itself_or_by_its_section(key: str, entry: str | None) -> None:
    assert entry_of(key) == entry
