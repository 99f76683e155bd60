"""The repository on GitHub that a checkout was cloned from."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from infra.errors import UsageError

_REMOTE = re.compile(r"(?:[a-z+]+://|[^/@\s]+@)[^/:\s]+(?::\d+)?[:/](?P<owner>[^/\s:]+)/(?P<name>[^/\s]+?)(?:\.git)?/?")
"""https://host/OWNER/NAME(.git), ssh://git@host(:port)/OWNER/NAME(.git) and git@host:OWNER/NAME(.git)."""

_REMEDY = "name it: --repository OWNER/NAME"


def repository_of(project: Path) -> str:
    """Read OWNER/NAME from the git remote `origin` of the checkout `project`.

    Raises:
        UsageError: there is no git, no such remote, or it is none of a host.
    """
    git = shutil.which("git")
    if git is None:
        raise UsageError(f"there is no git to read the repository's name with; {_REMEDY}")
    command = [git, "-C", str(project), "remote", "get-url", "origin"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise UsageError(f"{project} has no git remote `origin` to read the repository's name from; {_REMEDY}")
    found = _REMOTE.fullmatch(answer.stdout.strip())
    if found is None:
        raise UsageError(f"the git remote `origin` of {project} is no repository on GitHub; {_REMEDY}")
    return f"{found['owner']}/{found['name']}"
