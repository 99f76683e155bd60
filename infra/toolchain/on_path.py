"""Tools that the machine already has: taken from PATH when they report a version that fits."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from infra.system.folders import clusters_folder
from infra.toolchain import table

VERSION_SECONDS = 10
"""How long a program on PATH may take to print its version before it is passed over."""

_PINNED = {
    "etcd": table.ETCD_VERSION,
    "kwok": table.KWOK_VERSION,
    "kwokctl": table.KWOK_VERSION,
    "metrics-server": table.METRICS_SERVER_VERSION,
    "pulumi": table.OLDEST_PULUMI_CLI_VERSION,
    **dict.fromkeys(table.KUBE_NAMES, table.KUBERNETES_VERSION),
}


def find(name: str) -> Path | None:
    """Return the program `name` on PATH if its version fits this platform, else None.

    A program that cannot be run or prints no version does not fit. Karpenter never does: its kwok provider is
    published as source only.
    """
    found = program_on_path(name)
    if name not in _PINNED or found is None:
        return None
    version, wanted = _numbers(_reported(found)), _numbers(_PINNED[name])
    # A newer Pulumi CLI of the same major version works too; the others must be of the same minor version.
    fits = wanted <= version < [wanted[0] + 1] if name == "pulumi" else version[:2] == wanted[:2]
    return Path(found) if fits else None


def program_on_path(name: str) -> str | None:
    """Return the program `name` on PATH, but not one of a cluster's own links, which `nightowl local env` adds."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    others = [folder for folder in folders if not Path(folder).is_relative_to(clusters_folder())]
    return shutil.which(name, path=os.pathsep.join(others))


def find_control_plane() -> dict[str, Path] | None:
    """Return the control plane and kubectl on PATH, by name; None unless all of them fit."""
    found = {name: path for name in table.KUBE_NAMES if (path := find(name)) is not None}
    return found if len(found) == len(table.KUBE_NAMES) else None


def _reported(program: str) -> str:
    """Return what a program prints when it is asked for its version; nothing where that fails."""
    arguments = {"kubectl": ["version", "--client"], "pulumi": ["version"]}.get(Path(program).name, ["--version"])
    try:
        result = subprocess.run(
            [program, *arguments], capture_output=True, text=True, timeout=VERSION_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return result.stdout


def _numbers(text: str) -> list[int]:
    match = re.search(r"v?(\d+)\.(\d+)\.(\d+)", text)
    return [int(part) for part in match.groups()] if match else []
