"""Texts to import: from a file, or from standard input, which `-` stands for."""

from __future__ import annotations

import sys
from pathlib import Path

from infra.errors import UsageError
from infra.settings.problems import Problem, SettingsError
from infra.settings.yaml_file import short_name

STANDARD_INPUT = Path("-")


def called(path: Path) -> str:
    """Return how messages call a file beside a line."""
    return "standard input" if path == STANDARD_INPUT else short_name(path)


def read_text(path: Path, *, most_bytes: int, remedy: str) -> str:
    """Read a text; `remedy` says what to do where it is larger than `most_bytes`.

    Raises:
        SettingsError: it cannot be read.
        UsageError: it would be typed on a terminal, or nothing comes from standard input.
    """
    name = called(path)
    try:
        content = _piped(most_bytes + 1) if path == STANDARD_INPUT else _content(path, most_bytes + 1)
        if len(content) > most_bytes:
            raise _refused(name, f"is larger than {most_bytes // 2**20} MiB; {remedy}")
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        raise _refused(name, "there is no such file") from None
    except OSError as error:
        raise _refused(name, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _refused(name, "is not UTF-8 text") from None


def _piped(most_bytes: int) -> bytes:
    if sys.stdin.isatty():
        raise UsageError("-: standard input is a terminal; pipe the output of a command into this one, or name a file")
    content = sys.stdin.buffer.read(most_bytes)
    if not content.strip():
        raise UsageError("-: nothing comes from standard input; did the command before it fail?")
    return content


def _content(path: Path, most_bytes: int) -> bytes:
    if path.exists() and not path.is_file():
        raise _refused(called(path), "is no regular file; name the files of a folder one by one")
    with path.open("rb") as file:
        return file.read(most_bytes)


def _refused(name: str, message: str) -> SettingsError:
    return SettingsError([Problem(name, message)])
