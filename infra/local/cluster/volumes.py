"""The process that makes volumes, started beside the control plane."""

from __future__ import annotations

import sys
from pathlib import Path

from infra.local.cluster import provisioner
from infra.local.cluster.ports import Ports
from infra.local.cluster.processes import start_process
from infra.local.paths import ClusterPaths


def start_provisioner(paths: ClusterPaths, ports: Ports) -> None:
    """Start the provisioner: it outlives this program, and ends when the cluster is deleted."""
    program = paths.provisioner
    program.parent.mkdir(parents=True, exist_ok=True)
    program.unlink(missing_ok=True)
    program.symlink_to(Path(sys.executable).resolve())
    # -I: the modules of the shell's folder and of its PYTHONPATH are none of this process's.
    arguments = [str(program), "-I", provisioner.__file__]
    arguments += [f"--port={ports.apiserver}", f"--certificates={paths.certificates}"]
    start_process(arguments, {}, paths.log(provisioner.NAME))
