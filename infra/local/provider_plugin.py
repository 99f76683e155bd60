"""Which Kubernetes provider plugin the Pulumi engine gets: the real one where it can be had, else the stand-in.

The real plugin is looked for where Pulumi keeps plugins and on PATH, then installed into a Pulumi home of this tool's
own. Nothing in the user's Pulumi home is written.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from infra.local.paths import ClusterPaths, tool_cache

PLUGIN_BINARY = "pulumi-resource-kubernetes"
INSTALL_TIMEOUT_SECONDS = 120.0
STAND_IN_FOLDER = "provider-plugin"


@dataclass(frozen=True, kw_only=True)
class ProviderPlugin:
    """A Kubernetes provider plugin: the folder with its binary, and a sentence that says which one it is.

    `folder` is None where the engine finds the plugin on PATH by itself.
    """

    kind: Literal["real", "stand-in"]
    folder: Path | None
    announcement: str


def pulumi_home() -> Path:
    """The Pulumi home of this tool: plugins that it installs, and nothing of the user's."""
    return tool_cache() / "pulumi-home"


def plugin_version() -> str:
    """The version of the plugin that belongs to the installed pulumi_kubernetes package."""
    return metadata.version("pulumi_kubernetes")


def find_real() -> ProviderPlugin | None:
    """The real plugin where it is installed already, or None."""
    version = plugin_version()
    user_home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    for home in (user_home, pulumi_home()):
        folder = home / "plugins" / f"resource-kubernetes-v{version}"
        if os.access(folder / PLUGIN_BINARY, os.X_OK):
            return ProviderPlugin(
                kind="real", folder=folder, announcement=f"Kubernetes provider {version} from {folder}"
            )
    on_path = shutil.which(PLUGIN_BINARY)
    if on_path:
        announcement = f"Kubernetes provider from PATH: {on_path}"
        return ProviderPlugin(kind="real", folder=Path(on_path).parent, announcement=announcement)
    return None


def install_real(
    pulumi_binary: Path, *, timeout_seconds: float = INSTALL_TIMEOUT_SECONDS
) -> tuple[ProviderPlugin | None, str]:
    """The real plugin, downloaded into this tool's own Pulumi home; else None, and why it could not be had."""
    home = pulumi_home()
    home.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    command = [str(pulumi_binary), "plugin", "install", "resource", "kubernetes", plugin_version(), "--non-interactive"]
    try:
        run = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=timeout_seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return None, f"its download did not finish in {timeout_seconds:.0f} s"
    except OSError as error:
        return None, f"{pulumi_binary} cannot be run: {error.strerror}"
    if run.returncode != 0:
        lines = [line for line in run.stderr.splitlines() if line.strip()]
        return None, lines[-1].removeprefix("error: ") if lines else f"its download failed with code {run.returncode}"
    return find_real(), "the plugin was installed, but is not where Pulumi keeps plugins"


def stand_in(cluster: ClusterPaths, *, why: str = "") -> ProviderPlugin:
    """The stand-in, as a small executable below the cluster's folder that runs this Python interpreter.

    `why` says in the announcement what kept the real plugin away.
    """
    folder = cluster.root / STAND_IN_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / PLUGIN_BINARY
    source = Path(__file__).resolve().parents[2]
    script.write_text(
        "#!/bin/sh\n"
        f"PYTHONPATH={shlex.quote(str(source))}${{PYTHONPATH:+:$PYTHONPATH}}\n"
        "export PYTHONPATH\n"
        f'exec {shlex.quote(sys.executable)} -m infra.local.standin "$@"\n'
    )
    script.chmod(0o755)
    reason = f" ({why})" if why else ""
    return ProviderPlugin(
        kind="stand-in",
        folder=folder,
        announcement=(
            f"Kubernetes provider {plugin_version()} cannot be had here{reason}: its stand-in applies objects to the "
            "same API server, and is used for local clusters only"
        ),
    )


def choose(cluster: ClusterPaths, pulumi_binary: Path, *, may_install: bool = True) -> ProviderPlugin:
    """The real plugin if it is there or can be installed, else the stand-in.

    A caller that remembers a failed installation passes `may_install=False` and spares the wait.
    """
    found = find_real()
    if found:
        return found
    if not may_install:
        return stand_in(cluster)
    installed, why = install_real(pulumi_binary)
    return installed or stand_in(cluster, why=why)
