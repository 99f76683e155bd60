"""What a pod can write to: scratch folders that die with it, and claims that outlive it.

With a read-only root, `/tmp` is a small scratch folder unless the app mounts one there: most runtimes need it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import pulumi_kubernetes as k8s

from infra.platforms.platform import BoundVolume
from infra.settings.app.application import Application, StatefulSettings
from infra.settings.app.lent_volumes import claim_of
from infra.settings.app.volumes import VolumeSettings
from infra.settings.app.writable import DEFAULT_BYTES
from infra.settings.scalars import bytes_text

TMP_PATH = str(PurePosixPath("/", "tmp"))
SHM_PATH = "/dev/shm"  # noqa: S108


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim still to be made."""

    settings: VolumeSettings
    spec: k8s.core.v1.PersistentVolumeClaimSpecArgs


@dataclass(frozen=True, kw_only=True)
class Storage:
    """Volumes of a pod, mounted by each of its containers, and the claims still to be made, by name."""

    volumes: Sequence[k8s.core.v1.VolumeArgs]
    mounts: Sequence[k8s.core.v1.VolumeMountArgs]
    claims: Mapping[str, Claim]
    templates: Mapping[str, Claim]
    """The claims of each replica of a stateful app, by the volume's name in the pod."""


def mounted_claims(apps: Mapping[str, Application]) -> dict[str, dict[str, str]]:
    """Name the claim of each persistent volume, by app and volume; of a shared one it is its owner's."""
    volumes = {app: settings.volumes for app, settings in apps.items()}
    return {
        app: {
            name: claim_of(app, name, volume, volumes)
            for name, volume in settings.volumes.items()
            if volume.is_persistent and not _is_each_replicas(settings, volume)
        }
        for app, settings in apps.items()
    }


def storage(
    settings: Application,
    *,
    claims: Mapping[str, str],
    claim_class: Callable[[VolumeSettings], str | None],
    bound_volume: Callable[[str], BoundVolume | None],
) -> Storage:
    """Describe the writable folders of an app, whose `claims` are named by volume.

    A claim gets the volume that the platform has made for it, or one of the class that is right for it.
    """
    wanted = dict(settings.volumes)
    each = {name: volume for name, volume in wanted.items() if _is_each_replicas(settings, volume)}
    # The control plane adds to each replica the volumes of its own claims.
    volumes = [_volume(name, volume, claims) for name, volume in wanted.items() if name not in each]
    mounts = [
        k8s.core.v1.VolumeMountArgs(
            name=_volume_name(name),
            mount_path=volume.mount,
            sub_path=volume.sub_path,
            read_only=True if volume.read_only else None,
        )
        for name, volume in wanted.items()
    ]
    for index, path in enumerate(sorted(settings.writable)):
        volumes.append(_scratch(f"writable-{index}", settings.writable[path]))
        mounts.append(k8s.core.v1.VolumeMountArgs(name=f"writable-{index}", mount_path=path))
    if settings.security.read_only_root and all(mount.mount_path != TMP_PATH for mount in mounts):
        volumes.append(_scratch("tmp", DEFAULT_BYTES))
        mounts.append(k8s.core.v1.VolumeMountArgs(name="tmp", mount_path=TMP_PATH))
    if settings.shm is not None:
        volumes.append(
            k8s.core.v1.VolumeArgs(
                name="shm",
                empty_dir=k8s.core.v1.EmptyDirVolumeSourceArgs(medium="Memory", size_limit=bytes_text(settings.shm)),
            )
        )
        mounts.append(k8s.core.v1.VolumeMountArgs(name="shm", mount_path=SHM_PATH))
    return Storage(
        volumes=volumes,
        mounts=mounts,
        claims={
            claims[name]: Claim(
                settings=volume, spec=_claim_spec(volume, claim_class(volume), bound_volume(claims[name]))
            )
            for name, volume in wanted.items()
            if volume.makes_claim and name not in each
        },
        templates={
            _volume_name(name): Claim(settings=volume, spec=_claim_spec(volume, claim_class(volume)))
            for name, volume in each.items()
        },
    )


def _is_each_replicas(settings: Application, volume: VolumeSettings) -> bool:
    return isinstance(settings, StatefulSettings) and volume.makes_claim


def _volume(name: str, settings: VolumeSettings, claims: Mapping[str, str]) -> k8s.core.v1.VolumeArgs:
    if not settings.is_persistent:
        return _scratch(_volume_name(name), settings.size or DEFAULT_BYTES)
    return k8s.core.v1.VolumeArgs(
        name=_volume_name(name),
        persistent_volume_claim=k8s.core.v1.PersistentVolumeClaimVolumeSourceArgs(
            claim_name=claims[name],
            # A volume that every node may only read is not attached for writing.
            read_only=True if settings.read_only else None,
        ),
    )


def _scratch(name: str, size: int) -> k8s.core.v1.VolumeArgs:
    return k8s.core.v1.VolumeArgs(
        name=name, empty_dir=k8s.core.v1.EmptyDirVolumeSourceArgs(size_limit=bytes_text(size))
    )


def _claim_spec(
    settings: VolumeSettings, storage_class: str | None, bound: BoundVolume | None = None
) -> k8s.core.v1.PersistentVolumeClaimSpecArgs:
    size = bytes_text(settings.size or 0) if bound is None else bound.size
    return k8s.core.v1.PersistentVolumeClaimSpecArgs(
        access_modes=["ReadWriteMany" if settings.shared else "ReadWriteOnce"],
        # No class at all: the default one would make another volume.
        storage_class_name=storage_class if bound is None else "",
        volume_name=None if bound is None else bound.made.metadata.name,
        resources=k8s.core.v1.VolumeResourceRequirementsArgs(requests={"storage": size}),
    )


def _volume_name(name: str) -> str:
    return f"volume-{name}"
