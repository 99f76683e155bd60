"""The policies of the customer keys, as plain data.

In a key policy the resource `*` is the key itself. The account's root as principal gives nobody a permission: it lets
IAM policies of this account do so, for the actions listed (KMS developer guide, "Default key policy"). No action is a
wildcard, and no principal is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from infra.iam import Document, Statement, allow, policy_document

if TYPE_CHECKING:
    from infra.platforms.eks.context import AwsContext

ADMINISTRATION = (
    "kms:CancelKeyDeletion CreateAlias DeleteAlias DescribeKey DisableKey DisableKeyRotation EnableKey "
    "EnableKeyRotation GetKeyPolicy GetKeyRotationStatus ListGrants ListKeyPolicies ListKeyRotations ListResourceTags "
    "PutKeyPolicy RevokeGrant RotateKeyOnDemand ScheduleKeyDeletion TagResource UntagResource UpdateAlias "
    "UpdateKeyDescription"
)
"""What keeps a key: everything but its use."""

CRYPTOGRAPHY = "kms:Decrypt Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo"
USE = f"{CRYPTOGRAPHY} DescribeKey"


def secrets_key_policy(context: AwsContext) -> Document:
    """Write the policy of the key that encrypts Kubernetes Secrets in etcd.

    The role that makes the cluster needs `kms:CreateGrant`, which EKS uses to give itself the key. It has no
    `kms:GrantIsForAWSResource` condition: creating a cluster does not support it (EKS user guide, "Encrypt Kubernetes
    secrets with KMS on existing clusters").
    """
    root = root_arn(context.account_id)
    return policy_document(
        administration(context.account_id), allow("IamDecidesUse", f"{USE} CreateGrant", to={"AWS": [root]})
    )


def logs_key_policy(context: AwsContext, log_groups: Sequence[str]) -> Document:
    """Write the policy of the key that encrypts log groups.

    Only CloudWatch Logs uses it, and only for `log_groups` (names, wildcards allowed), which it names in the encryption
    context (CloudWatch Logs user guide, "Encrypt log data in CloudWatch Logs using KMS").
    """
    groups = [context.arn("logs", f"log-group:{group}") for group in log_groups]
    return policy_document(
        administration(context.account_id),
        allow(
            "CloudWatchLogsUses",
            # Only these come with an encryption context, so only these can meet the condition.
            CRYPTOGRAPHY,
            to={"Service": [f"logs.{context.region}.amazonaws.com"]},
            when={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        ),
    )


def volumes_key_policy(context: AwsContext) -> Document:
    """Write the policy of the key that encrypts the nodes' disks and the apps' volumes.

    Auto Scaling launches the nodes with its service-linked role, whose own policy knows no customer key (EC2 Auto
    Scaling user guide, "Required AWS KMS key policy for use with encrypted volumes"). The EBS CSI driver gets the use
    from its role's IAM policy; like everybody else it reaches the key through EC2 only.
    """
    root = root_arn(context.account_id)
    iam, auto_scaling = {"AWS": [root]}, {"AWS": [auto_scaling_role_arn(context.account_id)]}
    through_ec2 = {"StringEquals": {"kms:ViaService": f"ec2.{context.region}.amazonaws.com"}}
    for_aws_resource = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return policy_document(
        administration(context.account_id),
        allow("IamDecidesUseThroughEc2", USE, to=iam, when=through_ec2),
        allow("IamDecidesGrantsToAws", "kms:CreateGrant", to=iam, when=for_aws_resource),
        allow("AutoScalingUses", USE, to=auto_scaling),
        allow("AutoScalingAttachesDisks", "kms:CreateGrant", to=auto_scaling, when=for_aws_resource),
    )


def files_key_policy(context: AwsContext) -> Document:
    """Write the policy of the key that encrypts the apps' file systems.

    EFS works with it for who makes and uses a file system; who mounts one needs nothing of the key (EFS user guide,
    "Amazon EFS key policies for AWS KMS").
    """
    iam = {"AWS": [root_arn(context.account_id)]}
    through_efs = {"StringEquals": {"kms:ViaService": f"elasticfilesystem.{context.region}.amazonaws.com"}}
    return policy_document(
        administration(context.account_id),
        allow("IamDecidesUseThroughEfs", f"{USE} CreateGrant", to=iam, when=through_efs),
    )


def root_arn(account_id: str) -> str:
    """Return the principal that stands for an account's IAM."""
    return f"arn:aws:iam::{account_id}:root"


def auto_scaling_role_arn(account_id: str) -> str:
    """Return the ARN of the service-linked role of EC2 Auto Scaling, which has the same name in every account."""
    path = "aws-service-role/autoscaling.amazonaws.com"
    return f"arn:aws:iam::{account_id}:role/{path}/AWSServiceRoleForAutoScaling"


def administration(account_id: str) -> Statement:
    """Let IAM of the account decide who keeps a key."""
    return allow("IamDecidesAdministration", ADMINISTRATION, to={"AWS": [root_arn(account_id)]})
