"""Which paths of a container are taken, and by what."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from infra.settings.app.environment import Files
from infra.settings.app.volumes import VolumeSettings
from infra.settings.model import FieldError
from infra.settings.partly import Location

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


_OWNERS_WITH_CERTIFICATES = _OWNERS | {"/run/tls": "the certificates", "/var/run/tls": "the certificates"}


def mount_errors(
    volumes: Mapping[str, VolumeSettings],
    files: Files,
    writable: Collection[str] = (),
    *,
    has_certificates: bool = False,
) -> Iterator[FieldError]:
    """Find which folders and files of one container would hide one another, or something that the pod needs.

    A volume inside a volume and a file inside a volume are fine: container runtimes mount the outer one first.
    """
    folders: list[tuple[Location, str]] = [
        *((("volumes", name, "mount"), volume.mount) for name, volume in volumes.items()),
        *((("writable", path), path) for path in writable),
    ]
    paths: list[tuple[Location, str]] = [*folders, *((("files", path), path) for path in files)]
    owners = _OWNERS_WITH_CERTIFICATES if has_certificates else _OWNERS
    for place, path in paths:
        for root, owner in owners.items():
            if path == root or _is_below(path, root):
                yield FieldError(place, f"{path} belongs to {owner}; choose another path")
    for index, (place, path) in enumerate(folders):
        for other_place, other in folders[:index]:
            if other == path:
                owner = "under writable" if other_place[0] == "writable" else f"the mount of volume {other_place[1]}"
                yield FieldError(place, f"{path} is {owner} too; choose another path")
    for place, path in paths[len(folders) :]:
        for other_place, other in paths:
            is_volume = other_place[0] != "files"
            if _is_below(other, path) or (other == path and is_volume):
                what = "a volume" if is_volume else "a file"
                yield FieldError(place, f"{path} cannot be a file: {other} is {what} there")


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")
