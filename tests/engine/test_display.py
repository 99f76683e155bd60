from __future__ import annotations

import io

from rich.console import Console

from infra.engine.display import resource_lines
from infra.engine.outcome import ResourceProgress


def shown(message: str) -> str:
    console = Console(width=120, file=io.StringIO(), record=True)
    step = ResourceProgress(op="", type="kubernetes:apps/v1:StatefulSet", name="db", status="running", message=message)
    resource_lines(console)(step)
    return console.export_text()


def test_what_the_provider_says_of_its_own_condition_is_no_line_for_people() -> None:
    assert "not ready" in shown("pod db-0: not ready")
    assert shown("{$[?@.replicas==3]} selected nothing") == ""
