from __future__ import annotations

from pathlib import Path

from tests.audit.workflow_linter import ACTIONLINT


def test_a_change_of_the_go_module_builds_actionlint_again() -> None:
    files = {path.name for path in Path(ACTIONLINT.module).iterdir()}
    assert {"go.mod", "go.sum"} <= files, "the key of the cache is made of these"


def test_the_cache_of_the_workflow_is_renewed_by_the_same_files() -> None:
    workflow = (Path(__file__).parents[2] / ".github" / "workflows" / "ci.yml").read_text()
    assert "hashFiles('infra/toolchain/**', 'tests/audit/actionlint/**'" in workflow
