"""The program behind release.yml, with a fake `gh` and the real build."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.workflows.files import REPOSITORY

CHANGELOG = """\
# Changelog

## Unreleased

- Later.

## 1.2.0 - 2026-11-26

### Added

- A thing.

## 1.1.0 - 2026-11-01

- Before.
"""
GH = """\
import json, os, pathlib, sys
calls = pathlib.Path(os.environ["CALLS"])
with calls.open("a") as file:
    notes = sys.stdin.read() if "create" in sys.argv else ""
    json.dump([sys.argv[1:], notes], file)
    file.write("\\n")
sys.exit(0 if "create" in sys.argv or sys.argv[3] in os.environ["RELEASED"] else 1)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    (folder / ".ci").mkdir(parents=True)
    shutil.copy(REPOSITORY / ".ci" / "release.py", folder / ".ci")
    (folder / ".venv").symlink_to(REPOSITORY / ".venv")
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "nightowl"\nversion = "1.2.0"\n[build-system]\nbuild-backend = "uv_build"\n'
        f"requires = {json.dumps(project['build-system']['requires'])}\n"
        '[tool.uv.build-backend]\nmodule-root = ""\nmodule-name = ["infra"]\n'
    )
    (folder / "infra").mkdir()
    (folder / "infra" / "__init__.py").write_text("")
    (folder / "CHANGELOG.md").write_text(CHANGELOG)
    gh = tmp_path / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text(f"#!{sys.executable}\n{GH}")
    gh.chmod(0o755)
    return folder


def release(
    checkout: Path, *, released: str = ""
) -> tuple[subprocess.CompletedProcess[str], list[tuple[list[str], str]]]:
    calls = checkout.parent / "calls"
    environment = {
        "PATH": f"{checkout.parent / 'bin'}:/usr/bin:/bin",
        "CALLS": str(calls),
        "RELEASED": released,
        "GITHUB_SHA": "5" * 40,
        "HOME": str(checkout.parent),
    }
    done = subprocess.run(
        [sys.executable, checkout / ".ci" / "release.py"], env=environment, capture_output=True, text=True, check=False
    )
    return done, [json.loads(line) for line in calls.read_text().splitlines()]


def test_a_new_version_is_tagged_with_source_wheel_and_its_section_of_the_changelog(checkout: Path) -> None:
    done, calls = release(checkout)
    assert done.returncode == 0, done.stderr
    arguments, notes = calls[-1]
    assert arguments[:5] == ["release", "create", "v1.2.0", "--target", "5" * 40]
    assert [Path(file).name for file in arguments[-2:]] == ["nightowl-1.2.0-py3-none-any.whl", "nightowl-1.2.0.tar.gz"]
    assert notes == "### Added\n\n- A thing."


def test_a_version_that_is_released_already_is_left_alone(checkout: Path) -> None:
    done, calls = release(checkout, released="v1.2.0")
    assert (done.returncode, done.stdout) == (0, "v1.2.0 is released already\n")
    assert [arguments[1] for arguments, _ in calls] == ["view"]


def test_a_version_without_a_section_is_not_released(checkout: Path) -> None:
    (checkout / "CHANGELOG.md").write_text(CHANGELOG.replace("## 1.2.0 - 2026-11-26", "## 1.2.0"))
    done, calls = release(checkout)
    assert done.returncode == 1
    assert "no section '## 1.2.0 - YYYY-MM-DD'" in done.stderr
    assert [arguments[1] for arguments, _ in calls] == ["view"]


def test_the_changelog_has_a_dated_section_for_the_version_of_this_tree() -> None:
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]
    assert f"\n## {version} - 20" in (REPOSITORY / "CHANGELOG.md").read_text()


def test_what_this_version_makes_is_recorded_for_the_upgrades_from_it() -> None:
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]
    assert (REPOSITORY / "tests" / "releases" / version / "prod.json").is_file()
