"""Files of the checkout that a container mounts: small texts become `files` of the app."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

LARGEST_FILE_BYTES = 2**18
LARGEST_FOLDER_BYTES = 2**18
MOST_FILES = 30
"""Of one folder: what has more is no configuration, but a program or data."""
MOST_ENTRIES = 1000
"""Files and folders that are looked at in one folder, those in it included, so that none takes long."""
TOO_MUCH = f"more than {MOST_FILES} files or {LARGEST_FOLDER_BYTES // 1024} KiB, a link, or no text"
_PROGRAM = {"node_modules", "__pycache__", "bower_components"}
"""Folders that only a program has."""
_OF_TOOLS = {".gitkeep", ".gitignore", ".gitattributes", ".keep", ".dockerignore", ".editorconfig", ".DS_Store"}
"""Files that are for those who write the others."""


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
    """Read the text files of a folder below `folder`, by their paths in it; hidden folders have none for a container.

    None stands for a folder with many, large or other files, or one that leads to another file system.
    """
    top = folder / path
    if not is_inside(folder, path) or not top.is_dir():
        return None
    found: dict[str, str] = {}
    size = 0
    try:
        for file in _files(top):
            text = read_file(folder, file.relative_to(folder))
            size += 0 if text is None else len(text.encode())
            if text is None or len(found) >= MOST_FILES or size > LARGEST_FOLDER_BYTES:
                return None
            found[str(file.relative_to(top))] = text
    except (_TooMuchError, OSError):
        return None
    return dict(sorted(found.items()))


def is_inside(folder: Path, path: Path) -> bool:
    """Whether a path stays below `folder`, links followed."""
    try:
        return (folder / path).resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        return False


class _TooMuchError(Exception):
    """A folder has more than is looked at."""


def _files(top: Path) -> Iterator[Path]:
    """List the files of a folder, each folder's own before those of the folders in it; links are not followed."""
    device = top.stat().st_dev
    count = 0
    folders = [top]
    for folder in folders:
        with os.scandir(folder) as entries:
            some = list(islice(entries, MOST_ENTRIES + 1 - count))
        count += len(some)
        if count > MOST_ENTRIES:
            raise _TooMuchError
        for entry in some:
            if not entry.is_dir(follow_symlinks=False):
                if entry.name not in _OF_TOOLS:
                    yield Path(entry.path)
            elif not entry.name.startswith("."):
                if entry.name in _PROGRAM or entry.stat(follow_symlinks=False).st_dev != device:
                    raise _TooMuchError
                folders.append(Path(entry.path))
