"""Release the version that pyproject.toml names: build it, and publish it with its section of CHANGELOG.md.

It does nothing if GitHub has that release. Otherwise it needs `gh` with a token that may write the contents of the
repository, and GITHUB_SHA, the commit that gets the tag.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
UV = REPOSITORY / ".venv" / "bin" / "uv"


def main() -> int:
    """Return 0 if the release exists afterwards."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    tag = f"v{project['version']}"
    if subprocess.run(["gh", "release", "view", tag], capture_output=True, check=False).returncode == 0:
        print(f"{tag} is released already")
        return 0
    notes = section((REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8"), project["version"])
    if not notes:
        print(
            f"CHANGELOG.md: no section '## {project['version']} - YYYY-MM-DD'; write it, then release", file=sys.stderr
        )
        return 1
    with tempfile.TemporaryDirectory() as folder:
        # uv builds with the backend that it contains, so nothing is downloaded.
        subprocess.run([UV, "build", "--quiet", "--out-dir", folder, REPOSITORY], check=True)
        files = sorted([*Path(folder).glob("*.whl"), *Path(folder).glob("*.tar.gz")])
        # `gh` makes the tag at the commit where there is none.
        create = ["gh", "release", "create", tag, "--target", os.environ["GITHUB_SHA"], "--title", f"Nightowl {tag}"]
        subprocess.run([*create, "--notes-file", "-", *files], input=notes, text=True, check=True)
    return 0


def section(changelog: str, version: str) -> str:
    """Return what stands below the dated heading of a version, empty if there is no such heading."""
    heading = rf"^## {re.escape(version)} - \d{{4}}-\d{{2}}-\d{{2}}$"
    found = re.search(rf"{heading}\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


if __name__ == "__main__":
    sys.exit(main())
