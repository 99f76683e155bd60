"""The class of volumes that claims get by default."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

STORAGE_CLASS = "gp3"


def make_storage_class(
    key_arn: pulumi.Input[str], *, kubernetes: k8s.Provider, parent: pulumi.Resource
) -> k8s.storage.v1.StorageClass:
    """Make the default StorageClass: gp3, encrypted under the stack's key, in the zone of its pod.

    Since Kubernetes 1.30 EKS brings no default class: without one, claims stay pending.
    """
    return k8s.storage.v1.StorageClass(
        "default-storage-class",
        metadata=k8s.meta.v1.ObjectMetaArgs(
            name=STORAGE_CLASS, annotations={"storageclass.kubernetes.io/is-default-class": "true"}
        ),
        provisioner="ebs.csi.aws.com",
        parameters={"type": "gp3", "encrypted": "true", "kmsKeyId": key_arn},
        # A volume lies in one zone: which one is known when its first pod is placed.
        volume_binding_mode="WaitForFirstConsumer",
        allow_volume_expansion=True,
        reclaim_policy="Delete",
        opts=pulumi.ResourceOptions(parent=parent, provider=kubernetes),
    )
