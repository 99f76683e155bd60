"""Published builds: the files that are downloaded, each checked against a checksum of this repository before use."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from infra.toolchain.events import ToolchainError

CHECKSUMS = Path(__file__).with_name("checksums.txt")
"""A line for each file: its SHA-256, two spaces, its address."""

CONNECT_SECONDS = 5
READ_SECONDS = 30
"""Without a byte for so long a download has failed."""

REMEDY = (
    "`nightowl ci tools --pin` writes it there, from the release on GitHub; bring the file to main by a pull request"
)


class NotPinnedError(ToolchainError):
    """A file has no checksum here, so it is not downloaded."""


class DownloadError(ToolchainError):
    """A file could not be had. Where it can be built it is."""


class WrongContentError(ToolchainError):
    """A file is not the one that was pinned. Nothing of it is kept, and nothing stands in for it."""


def pinned() -> Mapping[str, str]:
    """Read the checksums, by address.

    Raises:
        ToolchainError: a line of the file is none.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(CHECKSUMS.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            match = re.fullmatch(r"([0-9a-f]{64})  (https?://\S+)", line)
            if match is None:
                raise ToolchainError(f"{CHECKSUMS.name}, line {number}: {line[:80]!r} is no SHA-256 with an address")
            found[match[2]] = match[1]
    return found


def fetch(url: str, target: Path) -> None:
    """Download a pinned file. It is at `target` only once it was checked.

    Raises:
        NotPinnedError: there is no checksum for it.
        DownloadError: the host does not give it.
        WrongContentError: it has another content.
    """
    wanted = pinned().get(url)
    if wanted is None:
        raise NotPinnedError(f"{url} has no checksum in {CHECKSUMS.name}, so it is not downloaded; {REMEDY}")
    unchecked = target.with_name(f"{target.name}.unchecked")
    try:
        found = _download(url, unchecked)
        if found != wanted:
            raise WrongContentError(
                f"{url} is not the file that was pinned: its SHA-256 is {found} and not {wanted}; it was thrown away, "
                f"and nothing of it was run. Find out why before {CHECKSUMS.name} is changed"
            )
        unchecked.rename(target)
    except (OSError, requests.RequestException) as error:
        raise DownloadError(f"{url} cannot be downloaded: {error}") from None
    finally:
        unchecked.unlink(missing_ok=True)


def _download(url: str, target: Path) -> str:
    digest = hashlib.sha256()
    with requests.get(url, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS)) as answer, target.open("wb") as file:
        answer.raise_for_status()
        raw: Any = answer.iter_content(1 << 20)
        for part in raw:
            digest.update(part)
            file.write(part)
    return digest.hexdigest()
