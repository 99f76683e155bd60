"""Files of the checkout that a container mounts: small texts become `files` of the app."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

LARGEST_FILE_BYTES = 2**18
LARGEST_FOLDER_BYTES = 2**18
MOST_FILES = 30
"""Of one folder: what has more is no configuration, but a program or data."""


def read_file(folder: Path, path: Path) -> str | None:
    """Read a text file below `folder`; None for what is outside, large, no text, or not there."""
    found = folder / path
    if not is_inside(folder, path):
        return None
    try:
        if not found.is_file() or found.stat().st_size > LARGEST_FILE_BYTES:
            return None
        text = found.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    return None if "\0" in text else text


def read_folder(folder: Path, path: Path) -> dict[str, str] | None:
    """Read the text files of a folder below `folder`, by their paths in it.

    None stands for a folder with many, large or other files.
    """
    top = folder / path
    if not is_inside(folder, path) or not top.is_dir():
        return None
    found: dict[str, str] = {}
    size = 0
    for file in _files(top):
        text = read_file(folder, file.relative_to(folder))
        size += 0 if text is None else len(text.encode())
        if text is None or len(found) >= MOST_FILES or size > LARGEST_FOLDER_BYTES:
            return None
        found[str(file.relative_to(top))] = text
    return found


def is_inside(folder: Path, path: Path) -> bool:
    """Whether a path stays below `folder`, links followed."""
    try:
        return (folder / path).resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        return False


def _files(top: Path) -> Iterator[Path]:
    """List the files of a folder, hidden ones left out, and at most one more than are taken."""
    count = 0
    for file in sorted(top.rglob("*")):
        if any(part.startswith(".") for part in file.relative_to(top).parts):
            continue
        if not file.is_dir():
            count += 1
            yield file
        if count > MOST_FILES:
            return
