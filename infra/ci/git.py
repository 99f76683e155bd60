"""What a command reads from the checkout's git repository. Each function raises GitError where it is no checkout."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from infra.errors import NightowlError, UsageError
from infra.system.commands import CommandFailedError, run


class GitError(NightowlError):
    """Git did not answer. The message has its last lines."""


def tree_of(project: Path, folder: str) -> str | None:
    """Return the hash of what the checked out commit holds in a folder, equal for equal content; None: no folder."""
    _git(project, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    return _tree_at(project, "HEAD", folder)


def holds_file(project: Path, tree: str, name: str) -> bool:
    """Whether a tree has a file of that name at its top."""
    return bool(_git(project, "ls-tree", "--name-only", tree, "--", name).strip())


def changed_files(project: Path, folder: str) -> list[str]:
    """List the files in a folder that are not as the checked out commit has them, new ones too."""
    lines = _git(project, "status", "--porcelain", "--untracked-files=all", "--", folder).splitlines()
    return [line[3:] for line in lines]


def write_archive(project: Path, tree: str, archive: Path) -> None:
    """Write a tree's files as a tar archive."""
    top = Path(_git(project, "rev-parse", "--show-toplevel").strip())
    _git(top, "archive", "--format=tar", "--output", str(archive), tree)


def versions(project: Path, path: str) -> Iterator[str]:
    """Return the texts of a file on the checked out branch, newest first, each read when it is needed.

    A merge counts as one version, as that is how the branch got it.

    Raises:
        UsageError: the clone is shallow, so that it lacks the history.
    """
    require_history(project)
    for commit in _git(project, "log", "--first-parent", "--format=%H", "HEAD", "--", path).split():
        text = _blob_at(project, commit, path)
        if text is not None:
            yield text


def file_at(project: Path, commit: str, path: str) -> str | None:
    """The text that a file has at a commit. None: the checkout knows no such commit, or the commit no such file."""
    _git(project, "rev-parse", "--git-dir")
    try:
        return _blob_at(project, commit, path)
    except GitError:
        return None


def first_commit_with(project: Path, folder: str, tree: str) -> str | None:
    """Find the commit of the checked out branch that brought a tree into a folder; the latest where it came twice.

    Raises:
        UsageError: the clone is shallow, so that it lacks the history.
    """
    require_history(project)
    commits = _git(project, "log", "--first-parent", "--format=%H", "HEAD", "--", folder).split()
    return next((commit for commit in commits if _tree_at(project, commit, folder) == tree), None)


def require_history(project: Path) -> None:
    """Make sure that the clone has the whole history.

    Raises:
        UsageError: it is shallow.
    """
    if _git(project, "rev-parse", "--is-shallow-repository").strip() == "true":
        raise UsageError(
            "the clone lacks its history, which tells what ran before; in a workflow give actions/checkout "
            "`fetch-depth: 0`, elsewhere run `git fetch --unshallow`"
        )


def _tree_at(project: Path, commit: str, folder: str) -> str | None:
    entry = _git(project, "ls-tree", "-d", commit, "--", folder.rstrip("/")).split()
    return entry[2] if len(entry) >= 3 and re.fullmatch(r"[0-9a-f]{40,64}", entry[2]) else None


def _blob_at(project: Path, commit: str, path: str) -> str | None:
    entry = _git(project, "ls-tree", commit, "--", path).split()
    return None if len(entry) < 3 else _git(project, "cat-file", "blob", entry[2])


def _git(project: Path, *arguments: str) -> str:
    try:
        return run(["git", "-c", "core.quotePath=false", *arguments], folder=project)
    except CommandFailedError as error:
        output = f":\n{error.last_lines}" if error.last_lines else ""
        raise GitError(f"git {arguments[0]} in {project}: {error}{output}") from None
