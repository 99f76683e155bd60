"""One value of a stack file is written, and every other character of it stays."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from infra.settings.stack_file_edit import (
    SECRETS_PROVIDER_KEY,
    StackFileEditError,
    get_value,
    read_text,
    replace_text,
    set_value,
)

PATH = ("config", "nightowl:delivery", "backend")
NEW = "s3://bucket?region=eu-central-1&awssdk=v2"
STACKS = sorted((Path(__file__).parents[2] / "stacks").glob("Pulumi.*.yaml"))


@pytest.mark.parametrize("file", STACKS, ids=lambda file: file.name)
def test_a_stack_of_this_repository_gets_its_lines_and_keeps_all_others(file: Path) -> None:
    before = file.read_text()
    after = set_value(set_value(before, [SECRETS_PROVIDER_KEY], "awskms:///alias/x?region=y&awssdk=v2"), PATH, NEW)
    kept = iter(after.splitlines())
    assert all(line in kept for line in before.splitlines() if "backend:" not in line and "secretsprov" not in line)
    assert get_value(after, PATH) == NEW
    assert after.index("secretsprovider: awskms:///alias/x?region=y&awssdk=v2\n") < after.index("config:\n")
    assert set_value(after, PATH, NEW) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", f"config:\n  nightowl:delivery:\n    backend: {NEW}\n", id="empty"),
        pytest.param("# c\n", f"# c\nconfig:\n  nightowl:delivery:\n    backend: {NEW}\n", id="comment only"),
        pytest.param(
            "config:\n  a: 1", f"config:\n  a: 1\n  nightowl:delivery:\n    backend: {NEW}\n", id="no last line end"
        ),
        pytest.param(
            "config:\r\n  a: 1\r\n",
            f"config:\r\n  a: 1\r\n  nightowl:delivery:\r\n    backend: {NEW}\r\n",
            id="line ends of Windows",
        ),
        pytest.param(
            "config:\n  a: 1\n\n  b: 2 # c\n\n# end\n",
            f"config:\n  a: 1\n\n  b: 2 # c\n\n  nightowl:delivery:\n    backend: {NEW}\n\n# end\n",
            id="sections set apart",
        ),
        pytest.param(
            "config:\n    nightowl:delivery: # c\n    a: 1\n",
            f"config:\n    nightowl:delivery: # c\n      backend: {NEW}\n    a: 1\n",
            id="section without keys",
        ),
        pytest.param(
            "config:\n  nightowl:delivery:\n    backend: 'old' # c\n    x: 1\n",
            f"config:\n  nightowl:delivery:\n    backend: {NEW} # c\n    x: 1\n",
            id="replaced",
        ),
        pytest.param(
            "config:\n  nightowl:delivery:\n    backend: # c\n",
            f"config:\n  nightowl:delivery:\n    backend: {NEW} # c\n",
            id="filled",
        ),
        pytest.param(
            "config:\n  nightowl:delivery: { promotesFrom: dev } # c\n",
            f'config:\n  nightowl:delivery: {{ promotesFrom: dev, backend: "{NEW}" }} # c\n',
            id="in braces",
        ),
        pytest.param(
            "config:\n  nightowl:delivery: {}\n",
            f'config:\n  nightowl:delivery: {{ backend: "{NEW}" }}\n',
            id="in empty braces",
        ),
        pytest.param(
            "config:\n  nightowl:delivery:\n    github:\n      deploy:\n      - a\n  text: |\n    x\n\n",
            "config:\n  nightowl:delivery:\n    github:\n      deploy:\n      - a\n"
            f"    backend: {NEW}\n  text: |\n    x\n\n",
            id="behind a list",
        ),
    ],
)
def test_a_value_is_written_where_a_person_would_write_it(before: str, after: str) -> None:
    assert set_value(before, PATH, NEW) == after


@pytest.mark.parametrize(
    "value", ["yes", "1e3", "0o17", "12:30", "a: b", "# x", "", "AQ==", 'a "b"', "null", "2024-01-01"]
)
def test_a_value_that_could_be_taken_for_something_else_is_put_in_quotes(value: str) -> None:
    written = set_value("config: {}\n", ("key",), value)
    assert yaml.safe_load(written)["key"] == value
    assert '"' in written


@pytest.mark.parametrize(
    "text",
    [
        "- a\n",
        "a: [\n",
        "config:\n  nightowl:delivery: text\n",
        "config:\n  nightowl:delivery:\n    backend: |\n      x\n",
        "config:\n  nightowl:delivery:\n    backend: [x]\n",
        "config:\n  nightowl:delivery: &a\n    backend: x\n  other: *a\n",
        "config:\n  other: &a { backend: x }\n  nightowl:delivery: *a\n",
    ],
    ids=["list", "no YAML", "text for a section", "block", "list for a text", "anchor", "alias"],
)
def test_what_cannot_be_changed_safely_is_left_to_a_person(text: str) -> None:
    with pytest.raises(StackFileEditError, match="write it by hand"):
        set_value(text, PATH, NEW)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=40))
def test_any_text_is_read_back_as_it_was_written(value: str) -> None:
    for before in ("config:\n  a: 1 # c\n", "config: { a: 1 }\n"):
        after = set_value(before, PATH, value)
        assert yaml.safe_load(after)["config"] == {"a": 1, "nightowl:delivery": {"backend": value}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("key: [a] # c\n", "key: [one, two] # c\n"),
        ("key:\n  - a\n  - b # last\nother: 1\n", "key:\n  - one\n  - two # last\nother: 1\n"),
        ("key: # c\n", "key: [one, two] # c\n"),
        ("other: 1\n", "key: [one, two]\nother: 1\n"),
        ("{ other: 1 }\n", "{ other: 1, key: [one, two] }\n"),
    ],
    ids=["in brackets", "one below the other", "nothing", "new", "new in braces"],
)
def test_a_list_is_written_in_the_style_of_the_one_that_is_there(before: str, after: str) -> None:
    assert set_value(before, ("key",), ["one", "two"]) == after
    assert set_value(after, ("key",), ["one", "two"]) == after


def test_a_list_with_comments_inside_is_left_to_a_person() -> None:
    with pytest.raises(StackFileEditError, match="comments inside the list"):
        set_value("key:\n  - a # why\n  - b\n", ("key",), ["x"])


def test_a_number_of_the_same_digits_becomes_a_text() -> None:
    assert set_value("id: 123\n", ("id",), "123") == 'id: "123"\n'


def test_a_file_is_replaced_at_once_and_keeps_its_mode_and_its_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.yaml", tmp_path / "Pulumi.dev.yaml"
    real.write_text("a: 1\n")
    real.chmod(0o640)
    link.symlink_to(real)
    replace_text(link, "a: 2\r\n")
    assert link.is_symlink()
    assert read_text(link) == "a: 2\r\n"
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(tmp_path.iterdir()) == [link, real]


def test_a_read_only_file_is_not_replaced(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text("a: 1\n")
    file.chmod(0o444)
    with pytest.raises(PermissionError, match="it is read-only"):
        replace_text(file, "a: 2\n")
    assert file.read_text() == "a: 1\n"
