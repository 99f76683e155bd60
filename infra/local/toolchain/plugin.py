"""The released Kubernetes provider, as Pulumi installs it: where it is, and its installation.

It is looked for where Pulumi keeps plugins and on PATH, and installed into a Pulumi home of this tool's own. Nothing in
the user's Pulumi home is written.
"""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path

from infra.local.paths import pulumi_home
from infra.local.toolchain import table
from infra.local.toolchain.events import ToolchainError
from infra.local.toolchain.golang import run_step
from infra.local.toolchain.on_path import program_on_path

INSTALL_TIMEOUT_SECONDS = 120.0
"""How long the download may take before the provider is built instead: 30 MB, which a slow line has in a minute."""


def release() -> str:
    """Return the version of the provider that belongs to the installed package pulumi_kubernetes."""
    return metadata.version("pulumi_kubernetes")


def find() -> Path | None:
    """Return the provider's program if it is installed, else None.

    In a Pulumi home it must be the release of the package. On PATH any is taken, as the engine does.
    """
    user_home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    installed = (_installed(home) for home in (user_home, pulumi_home()))
    found = next((path for path in installed if os.access(path, os.X_OK)), None)
    on_path = program_on_path(table.PROVIDER)
    return found or (Path(on_path) if on_path else None)


def install(pulumi: Path) -> Path:
    """Download the provider with the Pulumi CLI `pulumi`, and return its program. Raises ToolchainError."""
    home = pulumi_home()
    home.mkdir(parents=True, exist_ok=True)
    run_step(
        [str(pulumi), "plugin", "install", "resource", "kubernetes", release(), "--non-interactive"],
        what="installing the Kubernetes provider",
        timeout_seconds=INSTALL_TIMEOUT_SECONDS,
        environment={**os.environ, "PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"},
    )
    program = _installed(home)
    if not os.access(program, os.X_OK):
        raise ToolchainError(f"the Kubernetes provider was installed, but {program} cannot be run.")
    return program


def _installed(home: Path) -> Path:
    return home / "plugins" / f"resource-kubernetes-v{release()}" / table.PROVIDER
