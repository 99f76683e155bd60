"""The text of an imported stack file reads back as what was drafted, and looks as a person would write it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.importing.draft import StackDraft
from infra.importing.stack_text import stack_text
from infra.settings.yaml_file import parse_document


def written(**app: Any) -> str:
    return stack_text(StackDraft(name="shop", origin="compose.yaml", apps={"web": app}))


def test_the_keys_of_an_app_come_in_the_order_in_which_it_is_told() -> None:
    text = written(dependsOn=["db"], port=80, image="nginx:1", env={"A": "1"}, kind="web")
    keys = [line.strip().partition(":")[0] for line in text.splitlines() if line.startswith("      ")]
    assert keys == ["kind", "image", "port", "env", "A", "dependsOn"]


def test_short_sections_stand_on_one_line_and_variables_on_lines_of_their_own() -> None:
    text = written(image="nginx:1", traffic={"host": "shop.example.com"}, env={"A": "on", "B": "1"}, allowTo=["a", "b"])
    assert "      traffic: { host: shop.example.com }\n" in text
    assert '      env:\n        A: "on"\n        B: "1"\n' in text
    assert "      allowTo: [a, b]\n" in text


def test_a_text_of_several_lines_is_a_block() -> None:
    text = written(image="nginx:1", files={"/etc/app.conf": "server {\n  listen 80;\n}\n"}, args=["-c", "a\nb\n"])
    assert "        /etc/app.conf: |\n          server {\n            listen 80;\n          }\n" in text


def test_a_comment_stands_behind_its_value_or_above_what_takes_several_lines() -> None:
    draft = StackDraft(name="shop", origin="compose.yaml", apps={"web": {"image": "nginx:1", "env": {"A": "1"}}})
    draft.comments["apps", "web", "image"] = "replace it"
    draft.comments["apps", "web", "env"] = "from .env"
    text = stack_text(draft)
    assert "      image: nginx:1 # replace it\n      # from .env\n      env:\n" in text


def test_an_empty_line_stands_between_two_apps() -> None:
    apps: dict[str, dict[str, Any]] = {"a": {"image": "nginx:1"}, "b": {"image": "nginx:2"}}
    assert "      image: nginx:1\n\n    b:\n" in stack_text(StackDraft(name="shop", origin="compose.yaml", apps=apps))


AWKWARD = [
    "on", "1e3", "0o17", "1:30", "null", "~", "#", "a #b", "a: b", "- a", "{", "]", "'", '"', " x", "x\n", "\nx", "<<",
    "a\n b\n", "é ", "2026-01-01", "=", "!x", "&a", "*a", "%", "@", "`", "|", ">", "?", "a\tb", "\U0001bc9a", "\x85",
]  # fmt: skip
NEAR_PLAIN = st.text(alphabet="aeTruon01x :#-./$,?'\"=~!&*<>[]{}()@%|\\_", max_size=8)
SCALARS = st.one_of(
    st.text(max_size=20),
    NEAR_PLAIN,
    st.sampled_from(AWKWARD),
    st.integers(min_value=-(2**63), max_value=2**63 - 1),
    st.booleans(),
)
KEYS = st.text(min_size=1, max_size=8)
VALUES = st.recursive(
    SCALARS,
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(KEYS, below, max_size=3)),
    max_leaves=5,
)


@settings(max_examples=80, deadline=None)
@given(value=VALUES)
def test_whatever_is_written_reads_back_as_it_was(value: Any) -> None:
    text = written(image="nginx:1", env={"X": value}, args=[value])
    app: Any = parse_document(text, "").values["config"]
    assert app["nightowl:apps"]["web"] == {"image": "nginx:1", "env": {"X": value}, "args": [value]}


@pytest.mark.parametrize("text", ["a: b", "# no comment", "x # y", "[1, 2]", "yes", "012", "1_000", ".5", "a\tb"])
def test_a_text_that_yaml_would_take_for_something_else_stands_in_quotes(text: str) -> None:
    assert written(image="nginx:1", args=[text]).count('"') == 2
