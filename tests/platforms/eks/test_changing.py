"""docs/changing.md says for every key what an update does."""

from __future__ import annotations

import pytest

from infra.platforms.eks.live.changes import CHANGES, change_of
from infra.platforms.eks.live.changes_text import changes_text
from infra.settings.every_key import every_key
from tests.harness import REPOSITORY


def test_every_key_of_a_stack_file_has_an_entry() -> None:
    assert [key for key in every_key("eks") if change_of(key) is None] == []


def test_every_entry_is_of_a_key_that_there_is() -> None:
    keys = every_key("eks")
    unknown = [
        entry
        for entry in CHANGES
        if entry not in keys and not any(key.startswith(entry.removesuffix("**")) for key in keys)
    ]
    assert unknown == []


def test_the_page_is_made_from_the_entries() -> None:
    written = (REPOSITORY / "docs" / "changing.md").read_text()
    assert written == changes_text(), "run: python -m infra.platforms.eks.live.changes_text > docs/changing.md"


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
    assert change_of(key) is (None if entry is None else CHANGES[entry])
