"""What a pod can write to: scratch folders that die with it, and claims that outlive it.

With a read-only root, `/tmp` is a small scratch folder unless the app mounts one there: most runtimes need it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import pulumi_kubernetes as k8s

from infra.settings.app.application import Application
from infra.settings.app.volumes import VolumeSettings
from infra.settings.scalars import MEBIBYTE, bytes_text

TMP_PATH = str(PurePosixPath("/", "tmp"))
TMP_BYTES = 64 * MEBIBYTE


@dataclass(frozen=True, kw_only=True)
class Storage:
    """Volumes of a pod, mounted by each of its containers, and the claims still to be made."""

    volumes: Sequence[k8s.core.v1.VolumeArgs]
    mounts: Sequence[k8s.core.v1.VolumeMountArgs]
    claims: Mapping[str, k8s.core.v1.PersistentVolumeClaimSpecArgs]
    """By claim name, `<app>.<volume>`: no app name has a dot, so no two apps share a claim."""


def storage(app: str, settings: Application) -> Storage:
    """Describe the writable folders of `app`."""
    wanted = dict(settings.volumes)
    volumes = [_volume(app, name, volume) for name, volume in wanted.items()]
    mounts = [
        k8s.core.v1.VolumeMountArgs(name=_volume_name(name), mount_path=volume.mount) for name, volume in wanted.items()
    ]
    if settings.security.read_only_root and all(volume.mount != TMP_PATH for volume in wanted.values()):
        volumes.append(_scratch("tmp", TMP_BYTES))
        mounts.append(k8s.core.v1.VolumeMountArgs(name="tmp", mount_path=TMP_PATH))
    return Storage(
        volumes=volumes,
        mounts=mounts,
        claims={
            _claim_name(app, name): _claim(volume) for name, volume in wanted.items() if volume.kind == "persistent"
        },
    )


def _volume(app: str, name: str, settings: VolumeSettings) -> k8s.core.v1.VolumeArgs:
    if settings.kind == "scratch":
        return _scratch(_volume_name(name), settings.size)
    return k8s.core.v1.VolumeArgs(
        name=_volume_name(name),
        persistent_volume_claim=k8s.core.v1.PersistentVolumeClaimVolumeSourceArgs(claim_name=_claim_name(app, name)),
    )


def _scratch(name: str, size: int) -> k8s.core.v1.VolumeArgs:
    return k8s.core.v1.VolumeArgs(
        name=name, empty_dir=k8s.core.v1.EmptyDirVolumeSourceArgs(size_limit=bytes_text(size))
    )


def _claim(settings: VolumeSettings) -> k8s.core.v1.PersistentVolumeClaimSpecArgs:
    return k8s.core.v1.PersistentVolumeClaimSpecArgs(
        access_modes=["ReadWriteMany" if settings.shared else "ReadWriteOnce"],
        storage_class_name=settings.storage_class,
        resources=k8s.core.v1.VolumeResourceRequirementsArgs(requests={"storage": bytes_text(settings.size)}),
    )


def _volume_name(name: str) -> str:
    return f"volume-{name}"


def _claim_name(app: str, name: str) -> str:
    return f"{app}.{name}"
