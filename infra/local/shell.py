"""What a shell needs to use kubectl, pulumi and nightowl on a local cluster."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from infra.local.paths import ClusterPaths
from infra.local.workspace import environment

WINS_OVER_THE_FILE = "PULUMI_CONFIG_PASSPHRASE"
"""The Pulumi command prefers this variable to the file with the cluster's own passphrase."""


def link_programs(paths: ClusterPaths, programs: Mapping[str, Path | None]) -> None:
    """Put links to `nightowl`, `uv` and other programs into the cluster's folder, in place of those that are there.

    A folder of their own, because the one that holds `nightowl` and `uv` has a `python` too, which no shell should get.
    """
    beside_python = Path(sys.executable).parent
    own = {name: beside_python / name for name in ("nightowl", "uv") if (beside_python / name).exists()}
    paths.programs.mkdir(exist_ok=True)
    for name, program in {**programs, **own}.items():
        link = paths.programs / name
        link.unlink(missing_ok=True)
        if program is not None:
            link.symlink_to(program)


def shell_lines(paths: ClusterPaths, shell: Mapping[str, str] = os.environ) -> list[str]:
    """Write the commands that point a shell with the variables `shell` at the cluster: for sh, bash, zsh and fish."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in environment(paths).items()]
    if WINS_OVER_THE_FILE in shell:
        lines.append(f"unset {WINS_OVER_THE_FILE}")
    if str(paths.programs) not in shell.get("PATH", "").split(os.pathsep):
        lines.append(f'export PATH="$PATH":{shlex.quote(str(paths.programs))}')
    return lines
