"""Published builds of Pulumi's CLI and of its providers, which jobs and laptops may download once they are pinned."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.toolchain import pinned, table
from infra.toolchain.events import ToolchainError

HOST = "https://get.pulumi.com/releases"
PROVIDERS = ("aws", "eks", "kubernetes")
"""What the stacks of this project need; the version of each is that of its Python package."""
MACHINES = (("linux", "amd64"), ("linux", "arm64"), ("darwin", "amd64"), ("darwin", "arm64"))
"""For which the releases are pinned, by Go's names: those of the jobs and of laptops."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """A file of a release on GitHub, and where it is downloaded."""

    repository: str
    tag: str
    archive: str
    url: str

    @property
    def is_pinned(self) -> bool:
        """Whether it has a checksum, so that it may be downloaded."""
        return self.url in pinned.pinned()


def pulumi_version() -> str:
    """Return the version of the CLI that belongs to the installed SDK."""
    return metadata.version("pulumi")


def provider_version(name: str = "kubernetes") -> str:
    """Return the version of a provider that belongs to the installed package."""
    return metadata.version(f"pulumi_{name}")


def pulumi_release(os_name: str, arch: str) -> Release:
    """Return the archive of the CLI for a machine, by Go's names of it (install.sh of get.pulumi.com)."""
    tag = f"v{pulumi_version()}"
    archive = f"pulumi-{tag}-{os_name}-{'x64' if arch == 'amd64' else arch}.tar.gz"
    return Release(repository="pulumi/pulumi", tag=tag, archive=archive, url=f"{HOST}/sdk/{archive}")


def provider_release(name: str, os_name: str, arch: str) -> Release:
    """Return the archive of a provider (`standardAssetName` in pulumi's sdk/go/common/workspace/plugins.go)."""
    tag = f"v{provider_version(name)}"
    archive = f"pulumi-resource-{name}-{tag}-{os_name}-{arch}.tar.gz"
    return Release(repository=f"pulumi/pulumi-{name}", tag=tag, archive=archive, url=f"{HOST}/plugins/{archive}")


def releases() -> Iterator[Release]:
    """List every file that a job or a laptop downloads."""
    for machine in MACHINES:
        yield pulumi_release(*machine)
        yield from (provider_release(name, *machine) for name in PROVIDERS)


def install_pulumi(folder: Path) -> None:
    """Put the CLI into `folder` as `bin/pulumi`, and nothing else of its archive.

    The archive has hosts of languages and providers of dynamic resources too, which run code that a state brings along.

    Raises:
        ToolchainError: the archive cannot be had, or is another one.
    """
    with TemporaryDirectory() as name:
        archive = Path(name) / "pulumi.tar.gz"
        pinned.fetch(pulumi_release(*table.target()).url, archive)
        program = folder / "bin" / "pulumi"
        program.parent.mkdir(parents=True)
        program.write_bytes(_member(archive, ("pulumi/pulumi", "pulumi/bin/pulumi")))
        program.chmod(0o755)


def _member(archive: Path, names: tuple[str, ...]) -> bytes:
    with tarfile.open(archive) as tar:
        for member in tar:
            found = tar.extractfile(member) if member.name in names else None
            if found is not None:
                return found.read()
    raise ToolchainError(f"{archive.name} has no {names[0]}")
