"""Published builds of Pulumi's CLI and of its plugins: their addresses, and their installation from a checked file."""

from __future__ import annotations

import tarfile
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.toolchain import pinned, table
from infra.toolchain.events import ToolchainError

HOST = "https://get.pulumi.com/releases"


def pulumi_version() -> str:
    """Return the version of the CLI that belongs to the installed SDK."""
    return metadata.version("pulumi")


def pulumi_archive(os_name: str, arch: str) -> str:
    """Name the archive of the CLI for a machine, by Go's names of it (install.sh of get.pulumi.com)."""
    return f"pulumi-v{pulumi_version()}-{os_name}-{'x64' if arch == 'amd64' else arch}.tar.gz"


def pulumi_url(os_name: str, arch: str) -> str:
    """Return where the archive of the CLI is."""
    return f"{HOST}/sdk/{pulumi_archive(os_name, arch)}"


def plugin_archive(name: str, version: str, os_name: str, arch: str) -> str:
    """Name the archive of a provider (`standardAssetName` in pulumi's sdk/go/common/workspace/plugins.go)."""
    return f"pulumi-resource-{name}-v{version}-{os_name}-{arch}.tar.gz"


def plugin_url(name: str, version: str, os_name: str, arch: str) -> str:
    """Return where the archive of a provider is."""
    return f"{HOST}/plugins/{plugin_archive(name, version, os_name, arch)}"


def pulumi_is_pinned() -> bool:
    """Return whether the CLI for this machine may be downloaded."""
    return pulumi_url(*table.target()) in pinned.pinned()


def install_pulumi(folder: Path) -> None:
    """Put the CLI into `folder` as `bin/pulumi`, and nothing else of its archive.

    The archive has hosts of languages and providers of dynamic resources too, which run code that a state brings along.

    Raises:
        ToolchainError: the archive cannot be had, or is another one.
    """
    with TemporaryDirectory() as name:
        archive = Path(name) / "pulumi.tar.gz"
        pinned.fetch(pulumi_url(*table.target()), archive)
        program = folder / "bin" / "pulumi"
        program.parent.mkdir(parents=True)
        program.write_bytes(_member(archive, ("pulumi/pulumi", "pulumi/bin/pulumi")))
        program.chmod(0o755)


def _member(archive: Path, names: tuple[str, ...]) -> bytes:
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.name in names and member.isfile():
                found = tar.extractfile(member)
                if found is not None:
                    return found.read()
    raise ToolchainError(f"{archive.name} has no {names[0]}")
