from __future__ import annotations

import re
from pathlib import Path

from tests.audit.workflow_linter import ACTIONLINT


def test_the_version_of_actionlint_is_the_one_of_its_go_module() -> None:
    go_mod = (Path(ACTIONLINT.module) / "go.mod").read_text()
    assert re.findall(r"github\.com/rhysd/actionlint v(\S+)", go_mod) == [ACTIONLINT.version]


def test_a_change_of_the_go_module_builds_actionlint_again() -> None:
    files = {path.name for path in Path(ACTIONLINT.module).iterdir()}
    assert {"go.mod", "go.sum"} <= files, "the key of the cache is made of these"


def test_the_cache_of_the_workflow_is_renewed_by_the_same_files() -> None:
    workflow = (Path(__file__).parents[2] / ".github" / "workflows" / "ci.yml").read_text()
    assert "hashFiles('infra/toolchain/**', 'tests/audit/actionlint/**')" in workflow
