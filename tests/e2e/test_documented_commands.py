"""The Pulumi commands of the documentation, asked of the real Pulumi CLI."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from infra.local.toolchain import resolve_pulumi
from tests.test_docs import named

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="session")
def pulumi() -> Path:
    return resolve_pulumi(lambda _: None)


@pytest.mark.parametrize("command", list(named(r"pulumi [a-z]")))
def test_a_pulumi_command_in_the_documentation_is_one_that_the_cli_takes(command: str, pulumi: Path) -> None:
    words = shlex.split(re.sub(r"\$\([^)]*\)", "VALUE", command))[1:]
    help_text = subprocess.run(
        [str(pulumi), *_subcommand(words), "--help"], capture_output=True, text=True, check=True
    ).stdout
    for option in (word.split("=")[0] for word in words if word.startswith("-")):
        assert re.search(rf"(?<![\w-]){re.escape(option)}\b", help_text), f"{option} is no option of it"


def _subcommand(words: list[str]) -> list[str]:
    """The words before the first argument: `stack init` of `stack init dev`."""
    groups = {"stack", "config", "plugin", "policy", "state"}
    return words[:2] if words[0] in groups and not words[1].startswith("-") else words[:1]
