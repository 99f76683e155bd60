"""What others wrote reaches a terminal and a page as signs, never as orders."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from rich.console import Console

from infra.engine.outcome import ResourceProgress
from infra.errors import NightowlError
from infra.local.progress import Progress
from infra.plan.difference import difference
from infra.plan.html import page
from infra.plan.plan import plan_of_file
from infra.plan.text import Detail, difference_text, plan_text

EVIL = "\x1b]0;owned\x07\u202e\r\x9b2J"
"""Sets a terminal's title, turns the line around, goes back to its start and clears the screen."""


def orders(text: str) -> list[str]:
    return [character for character in text if not character.isprintable() and character != "\n"]


def test_an_error_that_repeats_words_of_others_has_signs_only() -> None:
    assert str(NightowlError(f"the pod says: {EVIL}\nline two")) == "the pod says: ?]0;owned???" + "?2J\nline two"


def test_the_last_words_of_a_container_do_not_steer_the_terminal() -> None:
    out = io.StringIO()
    progress = Progress(Console(file=out, width=200))
    for status in ("running", "warning"):
        progress.resource(ResourceProgress(op="", type="a:b:Pod", name=f"web{EVIL}", status=status, message=EVIL))
    progress.say(EVIL)
    assert "owned" in out.getvalue()
    assert orders(out.getvalue()) == []


def test_values_of_a_stack_file_do_not_steer_what_shows_its_plan(tmp_path: Path) -> None:
    files = [_stack_file(tmp_path, name, [f"{name}{EVIL}"]) for name in ("one", "two")]
    one, two = (plan_of_file(file, "test") for file in files)
    out = io.StringIO()
    console = Console(file=out, width=200)
    console.print(plan_text(one, list(Detail)), difference_text(difference(one.graph, two.graph)))
    assert "owned" in out.getvalue()
    assert orders(out.getvalue()) == []
    assert orders(page(one)) == []


def _stack_file(folder: Path, name: str, args: list[str]) -> Path:
    config: dict[str, Any] = {
        "nightowl:platform": {"kind": "existing", "context": "test"},
        "nightowl:apps": {"web": {"image": "example.com/web:1", "port": 8080, "args": args}},
    }
    file = folder / f"Pulumi.{name}.yaml"
    file.write_text(json.dumps({"config": config}))
    return file
