"""Which volumes an EKS stack can bind, and which of them lie on Amazon EFS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infra.settings.app.application import Application
from infra.settings.app.volumes import VolumeSettings
from infra.settings.model import FieldError

KEPT_CLASS = "gp3-retain"
"""Class of volumes whose disk stays when their claim is deleted."""
DELETED_CLASS = "gp3"
"""Class of volumes whose disk goes with their claim."""


def efs_volumes(apps: Mapping[str, Application]) -> Iterator[tuple[str, Application, VolumeSettings]]:
    """Find the volumes that get a file system of Amazon EFS, each with its claim and its app."""
    for app, settings in apps.items():
        for name, volume in settings.volumes.items():
            if _is_on_efs(volume):
                yield volume.claim_name(app, name), settings, volume


def has_disks(apps: Mapping[str, Application]) -> bool:
    """Whether some volume lies elsewhere than on Amazon EFS: by default on a disk of EBS."""
    return any(
        volume.is_persistent and volume.source is None and not _is_on_efs(volume)
        for app in apps.values()
        for volume in app.volumes.values()
    )


def volume_errors(apps: Mapping[str, Application], *, makes_file_systems: bool) -> Iterator[FieldError]:
    """Find volumes that would wait for ever: for a disk, as one node has an EBS volume, or for a claim of nobody."""
    for app, settings in apps.items():
        for name, volume in settings.volumes.items():
            if volume.claim is not None and not makes_file_systems:
                yield FieldError(
                    ("apps", app, "volumes", name, "claim"),
                    f"{volume.claim} is not in the namespace of a pull request, which is new; write size and kind: "
                    "persistent for data of its own, or give the app a stack file of its own, which pull requests do "
                    "not copy",
                )
            if not volume.makes_claim or not volume.shared:
                continue
            place = ("apps", app, "volumes", name, "shared")
            if volume.storage_class in {KEPT_CLASS, DELETED_CLASS}:
                yield FieldError(
                    place,
                    f"true does not go with class {volume.storage_class}, as one node has an EBS volume; remove "
                    "storageClass, and the volume lies on EFS",
                )
            elif _is_on_efs(volume) and not makes_file_systems:
                yield FieldError(
                    place,
                    "true needs a file system, which a stack of a pull request does not make; let one app with "
                    "replicas: 1 write, or name a storageClass that the cluster has for several nodes",
                )


def _is_on_efs(volume: VolumeSettings) -> bool:
    return volume.makes_claim and volume.shared and volume.storage_class is None
