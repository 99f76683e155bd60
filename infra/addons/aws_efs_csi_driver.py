"""Amazon EFS CSI driver: file systems for pods on any node. The file systems themselves are Pulumi's.

Its controller makes access points for claims, and is left out: here each claim has a volume already. What is left runs
on the nodes and mounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.addons.addon import RELEASE_SECONDS, RELEASE_SOURCE, Addon, Chart, ClusterFacts
from infra.iam import Statement, allow

PROVISIONER = "efs.csi.aws.com"
"""As volumes name the driver."""
CHART = Chart(
    repository="https://kubernetes-sigs.github.io/aws-efs-csi-driver/", chart="aws-efs-csi-driver", version="4.4.1"
)
"""The newest release that was seen in the repository (kubernetes-sigs/aws-efs-csi-driver,
charts/aws-efs-csi-driver/Chart.yaml; read 2026-11-26). EKS has an add-on of it too, whose schema nobody prints."""
CLIENT_ACTIONS = "elasticfilesystem:ClientMount ClientRootAccess ClientWrite"


def _values(_cluster: ClusterFacts) -> Mapping[str, Any]:
    """Return the values of the chart. Keys: its values.yaml of 4.4.1. Its pods tolerate every taint by default."""
    return {
        "controller": {"create": False, "serviceAccount": {"create": False}},
        "node": {
            # It may not change nodes: the taint that it would take off is put on by nobody.
            "serviceAccount": {"disableMutation": True},
            "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
        },
    }


def _permissions(cluster: ClusterFacts) -> Mapping[str, Sequence[Statement]]:
    """Return the right to mount the stack's file systems, each of which says how, and to find where they answer.

    The mount helper looks mount targets up where their name is not resolved (the driver's docs/faq.md).
    """
    file_systems = cluster.file_system_arns or [cluster.arn("elasticfilesystem", "file-system/*")]
    return {
        "mount": [
            allow(
                "Mount",
                CLIENT_ACTIONS,
                *file_systems,
                when={"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
            ),
            allow("FindMountTargets", "elasticfilesystem:DescribeMountTargets", *file_systems),
            # Has no resource-level permission.
            allow("FindZone", "ec2:DescribeAvailabilityZones"),
        ]
    }


ADDON = Addon(
    name="aws-efs-csi-driver",
    chart=CHART,
    needed_by="shared volumes",
    values=_values,
    service_account="efs-csi-node-sa",
    permissions=_permissions,
    seconds=RELEASE_SECONDS,
    source=RELEASE_SOURCE,
)
"""Mounts with IAM need efs-utils 2.3 or newer, which knows Pod Identity (aws-efs-csi-driver issue 1630)."""
