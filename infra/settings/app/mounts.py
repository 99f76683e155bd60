"""Which paths of a container are taken, and by what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from infra.settings.app.environment import Files
from infra.settings.app.volumes import VolumeSettings
from infra.settings.model import FieldError, Location

_OWNERS = {
    "/run/secrets": "the secrets",
    "/var/run/secrets": "the secrets",
    "/proc": "the system",
    "/sys": "the system",
    "/dev": "the system",
    "/etc/hosts": "Kubernetes",
    "/etc/hostname": "Kubernetes",
    "/etc/resolv.conf": "Kubernetes",
}


def mount_errors(volumes: Mapping[str, VolumeSettings], files: Files) -> list[FieldError]:
    """Return which volumes and files of one container would hide one another, or something that the pod needs.

    A volume inside a volume and a file inside a volume are fine: container runtimes mount the outer one first.
    """
    volume_paths: list[tuple[Location, str]] = [
        (("volumes", name, "mount"), volume.mount) for name, volume in volumes.items()
    ]
    file_paths: list[tuple[Location, str]] = [(("files", path), path) for path in files]
    return [
        *_taken(volume_paths + file_paths),
        *_twice(volume_paths),
        *_collisions(volume_paths, file_paths),
    ]


def _taken(paths: Iterable[tuple[Location, str]]) -> list[FieldError]:
    return [
        FieldError(place, f"{path} belongs to {owner}; choose another path")
        for place, path in paths
        for root, owner in _OWNERS.items()
        if path == root or _is_below(path, root)
    ]


def _twice(volume_paths: list[tuple[Location, str]]) -> list[FieldError]:
    return [
        FieldError(place, f"{path} is the mount of volume {volume_paths[first][0][1]} too; choose another path")
        for index, (place, path) in enumerate(volume_paths)
        for first in range(index)
        if volume_paths[first][1] == path
    ]


def _collisions(volume_paths: list[tuple[Location, str]], file_paths: list[tuple[Location, str]]) -> list[FieldError]:
    return [
        FieldError(
            place,
            f"{path} cannot be a file: {other} is {'a volume' if other_place[0] == 'volumes' else 'a file'} there",
        )
        for place, path in file_paths
        for other_place, other in volume_paths + file_paths
        if _is_below(other, path) or (other == path and other_place[0] == "volumes")
    ]


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")
