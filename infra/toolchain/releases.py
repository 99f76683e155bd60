"""The published builds that jobs and laptops may download, each pinned by its checksum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infra.toolchain import download, pinned, plugin

MACHINES = (("linux", "amd64"), ("linux", "arm64"), ("darwin", "amd64"), ("darwin", "arm64"))
"""For which the releases are pinned: those of the jobs and of laptops."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """A file of a release on GitHub, and where it is downloaded."""

    repository: str
    tag: str
    archive: str
    url: str


def releases() -> Iterator[Release]:
    """List every file that a job or a laptop downloads."""
    for os_name, arch in MACHINES:
        yield Release(
            repository="pulumi/pulumi",
            tag=f"v{download.pulumi_version()}",
            archive=download.pulumi_archive(os_name, arch),
            url=download.pulumi_url(os_name, arch),
        )
        for name in plugin.PROVIDERS:
            version = plugin.release(name)
            yield Release(
                repository=f"pulumi/pulumi-{name}",
                tag=f"v{version}",
                archive=download.plugin_archive(name, version, os_name, arch),
                url=download.plugin_url(name, version, os_name, arch),
            )


def unpinned() -> list[str]:
    """List the files that have no checksum yet, so that a job stops before it takes a role."""
    known = pinned.pinned()
    return [release.archive for release in releases() if release.url not in known]
