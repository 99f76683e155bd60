"""Running other programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.system.commands import LAST_LINES, CommandFailedError, run

SHELL = "/bin/sh"


def test_the_output_of_a_program_is_returned(tmp_path: Path) -> None:
    assert run([SHELL, "-c", "cat; pwd"], stdin_text="in\n", folder=tmp_path) == f"in\n{tmp_path}\n"


def test_a_failure_carries_the_end_of_what_was_printed() -> None:
    with pytest.raises(CommandFailedError, match="sh failed with exit code 3") as failure:
        run([SHELL, "-c", "seq 1 100 >&2; exit 3"])

    lines = failure.value.last_lines.splitlines()
    assert (len(lines), lines[-1]) == (LAST_LINES, "  100")


def test_a_program_that_only_prints_to_standard_output_is_quoted_too() -> None:
    with pytest.raises(CommandFailedError) as failure:
        run([SHELL, "-c", "echo reason; exit 1"])

    assert failure.value.last_lines == "  reason"


def test_a_program_that_takes_too_long_is_ended_with_its_children() -> None:
    with pytest.raises(CommandFailedError, match=r"sh took longer than 0\.2 s"):
        run([SHELL, "-c", "sleep 100; echo done"], timeout_seconds=0.2)


def test_a_missing_program_is_named() -> None:
    with pytest.raises(CommandFailedError, match="/nowhere/tool cannot be started: No such file"):
        run(["/nowhere/tool"])
