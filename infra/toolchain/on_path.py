"""Tools that the machine already has: taken from PATH when they report a version that fits."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from infra.system.folders import clusters_folder
from infra.toolchain import table

Version = tuple[int, int, int]

VERSION_SECONDS = 10
"""How long a program on PATH may take to print its version before it is passed over."""


def find(name: str) -> Path | None:
    """Return the program `name` on PATH if its version fits this platform, else None.

    A program that cannot be run or prints no version does not fit. Karpenter never does: its kwok provider is
    published as source only.
    """
    fits = _FITS.get(name)
    found = program_on_path(name)
    if fits is None or found is None:
        return None
    version = _reported_version(found, "version" if name == "pulumi" else "--version")
    return Path(found) if version is not None and fits(version) else None


def program_on_path(name: str) -> str | None:
    """Return the program `name` on PATH, but not one of a cluster's own links, which `nightowl local env` adds."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    others = [folder for folder in folders if not Path(folder).is_relative_to(clusters_folder())]
    return shutil.which(name, path=os.pathsep.join(others))


def find_control_plane() -> dict[str, Path] | None:
    """Return the control plane and kubectl on PATH, by name; None unless all of them fit."""
    found: dict[str, Path] = {}
    for name in table.KUBE_NAMES:
        path = find(name)
        if path is None:
            return None
        found[name] = path
    return found


def _reported_version(program: str, argument: str) -> Version | None:
    arguments = ["version", "--client"] if Path(program).name == "kubectl" else [argument]
    try:
        result = subprocess.run(
            [program, *arguments], capture_output=True, text=True, timeout=VERSION_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"v?(\d+)\.(\d+)\.(\d+)", result.stdout)
    return (int(match[1]), int(match[2]), int(match[3])) if match and result.returncode == 0 else None


def _parse(version: str) -> Version:
    major, minor, patch = version.split(".")
    return int(major), int(minor), int(patch)


def _same_minor(pinned: str) -> Callable[[Version], bool]:
    return lambda version: version[:2] == _parse(pinned)[:2]


def _same_major_not_older(pinned: str) -> Callable[[Version], bool]:
    return lambda version: version[0] == _parse(pinned)[0] and version >= _parse(pinned)


_FITS: dict[str, Callable[[Version], bool]] = {
    "etcd": _same_minor(table.ETCD_VERSION),
    "kwok": _same_minor(table.KWOK_VERSION),
    "kwokctl": _same_minor(table.KWOK_VERSION),
    "metrics-server": _same_minor(table.METRICS_SERVER_VERSION),
    "pulumi": _same_major_not_older(table.OLDEST_PULUMI_CLI_VERSION),
    **{name: _same_minor(table.KUBERNETES_VERSION) for name in table.KUBE_NAMES},
}
