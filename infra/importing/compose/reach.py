"""Which files a Compose file may name: those below the folders of the files that the user named, and no others.

A Compose file comes from others. One that mounts `../../etc/passwd` as a configuration must not bring it into a stack
file, from where it goes to a cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class OutOfReachError(Exception):
    """A path leads elsewhere, or to nothing; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Reach:
    """The folder of the project, and the files that the user named."""

    folder: Path
    named: Sequence[Path] = ()

    def path(self, text: str, base: Path | None = None) -> Path:
        """Return the path that `text` names, from `base`, which is the folder of the project by default.

        Raises:
            OutOfReachError: it leads out of the folders of the named files, by itself or by a link.
        """
        path = (base or self.folder) / text
        real = path.resolve()
        folders = [self.folder, *(file.parent for file in self.named)]
        if "\0" in text or not any(real.is_relative_to(folder.resolve()) for folder in folders):
            raise OutOfReachError(f"{text} lies outside of {self.folder.resolve().name}/; copy it there, and name that")
        return path

    def label(self, path: Path) -> str:
        """Return how places call a file: its path from the folder of the project where it is in it."""
        real, folder = path.resolve(), self.folder.resolve()
        return str(real.relative_to(folder)) if real.is_relative_to(folder) else path.name
