"""Who may mount a file system, as plain data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from infra.addons.aws_efs_csi_driver import CLIENT_ACTIONS
from infra.iam import Conditions, Document, Statement, allow, deny, policy_document

if TYPE_CHECKING:
    import pulumi

EVERYBODY = {"AWS": ["*"]}


def file_system_policy(
    file_system_arn: pulumi.Input[str],
    access_point_arn: pulumi.Input[str],
    *,
    mounted_by: pulumi.Input[str],
    by_root: bool,
) -> Document:
    """Let the role `mounted_by` mount through the access point, encrypted on the way, and nobody else.

    Without a policy whoever reaches the port may mount, and pods are in the nodes' security group. The driver's role
    may mount every file system of the stack, so what it may not is refused here (EFS user guide, "Using IAM to control
    access to file systems"). Root is nobody unless it `by_root` may write.
    """
    mount = "elasticfilesystem:ClientMount ClientWrite"
    statements = [
        allow(
            "DriverMounts",
            CLIENT_ACTIONS if by_root else mount,
            file_system_arn,
            to={"AWS": [mounted_by]},
            when={"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
        ),
        _refuse("OnlyEncrypted", "*", file_system_arn, {"Bool": {"aws:SecureTransport": "false"}}),
        _refuse(
            "OnlyThroughTheAccessPoint",
            CLIENT_ACTIONS,
            file_system_arn,
            {"StringNotEquals": {"elasticfilesystem:AccessPointArn": access_point_arn}},
        ),
    ]
    if not by_root:
        statements.append(_refuse("NotAsRoot", "elasticfilesystem:ClientRootAccess", file_system_arn))
    return policy_document(*statements)


def _refuse(sid: str, names: str, resource: pulumi.Input[str], when: Conditions | None = None) -> Statement:
    return replace(deny(sid, names, when=when), resources=(resource,), principals=EVERYBODY)
