"""Pulumi's providers, as released: where they are, and their installation from checked files.

The Kubernetes provider of the local platform is looked for where Pulumi keeps plugins and on PATH, and installed into a
Pulumi home of this tool's own; nothing in the user's is written. In a job, whose home is its own, all providers of a
stack are installed there.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.toolchain import pinned, table
from infra.toolchain.cache import pulumi_home
from infra.toolchain.events import ToolchainError
from infra.toolchain.golang import run_step
from infra.toolchain.on_path import program_on_path
from infra.toolchain.releases import provider_release, provider_version


def find() -> Path | None:
    """Return the Kubernetes provider's program if it is installed, else None.

    In a Pulumi home it must be the release of the package. On PATH any is taken, as the engine does.
    """
    installed = (program_in(home, "kubernetes") for home in (users_home(), pulumi_home()))
    found = next((path for path in installed if os.access(path, os.X_OK)), None)
    on_path = program_on_path(table.PROVIDER)
    return found or (Path(on_path) if on_path else None)


def install(pulumi: Path, name: str = "kubernetes", home: Path | None = None) -> Path:
    """Download a provider, let the CLI `pulumi` unpack it into a Pulumi home, and return its program.

    The home is this tool's own where none is given.

    Raises:
        ToolchainError: it cannot be had, or is another one than was pinned.
    """
    folder = home or pulumi_home()
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary:
        release = provider_release(name, *table.target())
        archive = Path(temporary) / release.archive
        pinned.fetch(release.url, archive)
        run_step(
            [str(pulumi), "plugin", "install", "resource", name, provider_version(name), "--file", str(archive)],
            what=f"installing the provider {name}",
            environment={**os.environ, "PULUMI_HOME": str(folder), "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    program = program_in(folder, name)
    if not os.access(program, os.X_OK):
        raise ToolchainError(f"the provider {name} was installed, but {program} cannot be run.")
    return program


def users_home() -> Path:
    """Return the Pulumi home that the engine has where it is told no other."""
    return Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")


def program_in(home: Path, name: str) -> Path:
    """Return where the program of a provider is in a Pulumi home."""
    return home / "plugins" / f"resource-{name}-v{provider_version(name)}" / f"pulumi-resource-{name}"
