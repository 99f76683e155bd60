"""The real program as a process: its standard output does not take what it prints, or it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from infra.system.interruption import INTERRUPTED

REPOSITORY = Path(__file__).resolve().parents[1]
PROGRAM = Path(sys.executable).with_name("nightowl")
PRINTING = {
    "help": ["--help"],
    "version": ["--version"],
    "plan": ["plan", "-s", "local"],
    "plan as JSON": ["plan", "-s", "local", "--json"],
    "config": ["config", "-s", "local"],
    "import compose": ["import", "compose", str(REPOSITORY / "examples/compose/compose.yaml")],
}
MOMENTS = [
    (["--help"], "json", signal.SIGINT),
    (["--help"], "typer.main", signal.SIGTERM),
    (["local", "status"], "infra.console.output", signal.SIGHUP),
    (["config", "-s", "local"], "infra.cli", signal.SIGINT),
    (["config", "-s", "local"], "pydantic.main", signal.SIGHUP),
    (["plan", "-s", "local"], "pulumi", signal.SIGINT),
    (["import", "compose", "compose.yaml"], "infra.importing.draft", signal.SIGTERM),
]
"""Commands, the module whose import has just ended, and what arrives then."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text((REPOSITORY / "Pulumi.yaml").read_text())
    (tmp_path / "stacks").symlink_to(REPOSITORY / "stacks")
    return tmp_path


def ended(words: Sequence[str], folder: Path, **streams: object) -> tuple[int, str]:
    """Run the program, and return its exit code and what it said on standard error."""
    options: dict = {"stderr": subprocess.PIPE, **streams}
    process = subprocess.run([PROGRAM, *words], cwd=folder, check=False, text=True, **options)
    return process.returncode, process.stderr or ""


def folder_of(name: str, project: Path) -> Path:
    """Return the project, without stack files where the command writes one."""
    if name.startswith("import"):
        (project / "stacks").unlink()
        (project / "stacks").mkdir()
    return project


@pytest.mark.parametrize("name", ["help", "version", "plan as JSON", "import compose"])
def test_a_full_disk_behind_standard_output_is_told_in_one_line(name: str, project: Path) -> None:
    with Path("/dev/full").open("w") as full:
        found = ended(PRINTING[name], folder_of(name, project), stdout=full)
    assert found == (1, "nightowl: standard output cannot be written: No space left on device\n")


@pytest.mark.parametrize("name", ["help", "plan", "config"])
def test_a_pipe_without_a_reader_ends_the_program_quietly_as_sigpipe_does(name: str, project: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert ended(PRINTING[name], folder_of(name, project), stdout=writing) == (128 + signal.SIGPIPE, "")
    finally:
        os.close(writing)


def test_a_full_disk_behind_standard_error_changes_no_exit_code(project: Path) -> None:
    with Path("/dev/full").open("w") as full:
        assert ended(["config", "-s", "nowhere"], project, stderr=full)[0] == 2


def test_closed_standard_streams_are_none_to_write_to(project: Path) -> None:
    command = f"'{PROGRAM}' config -s local >&- 2>&-"
    assert subprocess.run(["/bin/sh", "-c", command], cwd=project, check=False).returncode == 0


def interrupted(
    words: Sequence[str], module: str, number: signal.Signals, folder: Path, *, ignored: bool = False
) -> tuple[int, list[str]]:
    """Send a signal to the program when the import of `module` has ended; return exit code and standard error."""
    treated = f"--{'ignore' if ignored else 'default'}-signal={number.name.removeprefix('SIG')}"
    command = ["env", treated, sys.executable, "-X", "importtime", str(PROGRAM), *words]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    with process:
        assert process.stderr
        for line in process.stderr:
            if line.startswith("import time:") and line.rpartition("|")[2].strip() == module:
                break
        process.send_signal(number)
        rest = process.stderr.read()
    said = [line for line in rest.splitlines() if not line.startswith("import time:")]
    return process.returncode, said


@pytest.mark.parametrize(("words", "module", "number"), MOMENTS, ids=[module for _, module, _ in MOMENTS])
def test_an_interruption_at_any_moment_is_told_in_one_line(
    words: list[str], module: str, number: signal.Signals, project: Path
) -> None:
    assert interrupted(words, module, number, project) == (130, [INTERRUPTED])


def test_a_signal_that_the_caller_ignores_is_ignored(project: Path) -> None:
    """As `nohup` has it."""
    words = ["config", "-s", "local"]
    assert interrupted(words, "infra.cli", signal.SIGHUP, project, ignored=True) == (0, [])
