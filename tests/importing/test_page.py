"""docs/import.md says of every key what the code does with it."""

from __future__ import annotations

import pytest

from infra.importing.keys import Column
from infra.importing.page import PAGE, TABLES, with_tables


def test_the_tables_are_those_of_the_code() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == with_tables(text), "run: python -m infra.importing.page"
    assert all(f"<!-- keys of {name} -->" in text for name in TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_every_key_that_goes_nowhere_says_what_to_do(name: str) -> None:
    silent = [path for path, key in TABLES[name].items() if key.column is not Column.TAKEN and not key.text]
    assert silent == []


@pytest.mark.parametrize("name", TABLES)
def test_every_key_that_is_taken_over_says_where_it_goes(name: str) -> None:
    assert [path for path, key in TABLES[name].items() if key.column is Column.TAKEN and not key.to] == []
