"""compose-go, which Docker Compose reads its files with, built once from its Go module into the tool cache."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.toolchain import cache
from infra.toolchain.cache import tool_cache
from infra.toolchain.golang import Go
from infra.toolchain.table import Tool
from tests.importing.compose.cases import CASES, REFUSED, Case
from tests.importing.compose.facts import reference_facts

BUILD_DISK_GIB = 1
"""0.3 GiB for Go, and less for what it compiles."""
ANSWERS = Path(__file__).with_name("answers.json")
"""What compose-go answers of each case; `python -m tests.importing.compose.reference` writes it."""
_TOOL = Tool(name="compose-reference", module=str(Path(__file__).parent), package=".", typical_seconds=40)


def answers(folder: Path) -> Mapping[str, Any]:
    """Ask compose-go of all cases, in a folder below `folder` each: its facts, or None where it refuses."""
    program = _installed()
    return {
        name: _answer(program, case, folder / str(i)) for i, (name, case) in enumerate({**CASES, **REFUSED}.items())
    }


def _answer(program: Path, case: Case, parent: Path) -> dict[str, Any] | None:
    folder = parent / "project"
    folder.mkdir(parents=True)
    files = case.write(folder)
    run = subprocess.run(
        [program, *files], cwd=folder, env=dict(case.environment), capture_output=True, text=True, check=False
    )
    return reference_facts(json.loads(run.stdout), folder) if run.returncode == 0 else None


def _installed() -> Path:
    folder = tool_cache()
    entry = folder / f"{_TOOL.name}-{_TOOL.key()}"
    with cache.only_builder(folder, lambda holder: print(f"process {holder} builds tools, waiting for it")):
        if not entry.exists():
            cache.require_disk_space(folder, need_gib=BUILD_DISK_GIB)
            go = Go(folder=folder / "build-compose-reference")
            go.install()
            cache.place(entry, lambda unfinished: go.build(_TOOL, unfinished / _TOOL.name))
            shutil.rmtree(go.folder, ignore_errors=True)
    return entry / _TOOL.name
