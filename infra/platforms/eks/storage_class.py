"""The classes of volumes that claims get."""

from __future__ import annotations

from typing import Literal

import pulumi
import pulumi_kubernetes as k8s

from infra.settings.app.volumes import VolumeSettings
from infra.settings.eks.volumes import DELETED_CLASS, KEPT_CLASS

DEFAULT = "storageclass.kubernetes.io/is-default-class"


def make_storage_classes(
    key_arn: pulumi.Input[str], *, keeps_data: bool, kubernetes: k8s.Provider, parent: pulumi.Resource
) -> list[k8s.storage.v1.StorageClass]:
    """Make the StorageClasses: gp3, encrypted under the stack's key, in the zone of its pod.

    Since Kubernetes 1.30 EKS brings no default class: without one, claims stay pending. Where data is kept, the default
    is a class whose disks outlive their claims. It is one of its own, as what a class does with disks cannot change.
    """
    options = pulumi.ResourceOptions(parent=parent, provider=kubernetes)
    made = [_class("default-storage-class", DELETED_CLASS, "Delete", key_arn, default=not keeps_data, opts=options)]
    if keeps_data:
        made.append(_class("kept-storage-class", KEPT_CLASS, "Retain", key_arn, default=True, opts=options))
    return made


def claim_class(volume: VolumeSettings, *, kept: bool) -> str | None:
    """Return the class that a claim names: the volume's own, and that of disks which go with it where it is not kept.

    A claim that is kept names none, and gets the default when it is made: claims of older releases have another.
    """
    return volume.storage_class or (None if kept else DELETED_CLASS)


def _class(
    resource: str,
    name: str,
    reclaim_policy: Literal["Delete", "Retain"],
    key_arn: pulumi.Input[str],
    *,
    default: bool,
    opts: pulumi.ResourceOptions,
) -> k8s.storage.v1.StorageClass:
    return k8s.storage.v1.StorageClass(
        resource,
        metadata=k8s.meta.v1.ObjectMetaArgs(name=name, annotations={DEFAULT: str(default).lower()}),
        provisioner="ebs.csi.aws.com",
        parameters={"type": "gp3", "encrypted": "true", "kmsKeyId": key_arn},
        # A volume lies in one zone: which one is known when its first pod is placed.
        volume_binding_mode="WaitForFirstConsumer",
        allow_volume_expansion=True,
        reclaim_policy=reclaim_policy,
        opts=opts,
    )
