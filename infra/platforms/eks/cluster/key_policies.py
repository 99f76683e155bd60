"""The policies of the customer keys, as plain data.

In a key policy the resource `*` is the key itself. The account's root as principal gives nobody a permission: it lets
IAM policies of this account do so, for the actions listed (KMS developer guide, "Default key policy"). No action is a
wildcard, and no principal is.
"""

from __future__ import annotations

from collections.abc import Sequence

from infra.iam import Document, Statement, policy_document

ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
"""What keeps a key: everything but its use."""

CRYPTOGRAPHY = (
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
USE = (*CRYPTOGRAPHY, "kms:DescribeKey")
THIS_KEY = ("*",)


def secrets_key_policy(*, partition: str, account_id: str) -> Document:
    """Write the policy of the key that encrypts Kubernetes Secrets in etcd.

    The role that makes the cluster needs `kms:CreateGrant`, which EKS uses to give itself the key. It has no
    `kms:GrantIsForAWSResource` condition: creating a cluster does not support it (EKS user guide, "Encrypt Kubernetes
    secrets with KMS on existing clusters").
    """
    root = root_arn(partition, account_id)
    return policy_document(
        _administration(root),
        Statement(
            sid="IamDecidesUse", actions=[*USE, "kms:CreateGrant"], resources=THIS_KEY, principals={"AWS": [root]}
        ),
    )


def logs_key_policy(*, partition: str, account_id: str, region: str, log_groups: Sequence[str]) -> Document:
    """Write the policy of the key that encrypts log groups.

    Only CloudWatch Logs uses it, and only for `log_groups` (names, wildcards allowed), which it names in the encryption
    context (CloudWatch Logs user guide, "Encrypt log data in CloudWatch Logs using KMS").
    """
    groups = [f"arn:{partition}:logs:{region}:{account_id}:log-group:{group}" for group in log_groups]
    return policy_document(
        _administration(root_arn(partition, account_id)),
        Statement(
            sid="CloudWatchLogsUses",
            # Only these come with an encryption context, so only these can meet the condition.
            actions=CRYPTOGRAPHY,
            resources=THIS_KEY,
            principals={"Service": [f"logs.{region}.amazonaws.com"]},
            conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        ),
    )


def volumes_key_policy(*, partition: str, account_id: str, region: str) -> Document:
    """Write the policy of the key that encrypts the nodes' disks and the apps' volumes.

    Auto Scaling launches the nodes with its service-linked role, whose own policy knows no customer key (EC2 Auto
    Scaling user guide, "Required AWS KMS key policy for use with encrypted volumes"). The EBS CSI driver gets the use
    from its role's IAM policy; like everybody else it reaches the key through EC2 only.
    """
    root = root_arn(partition, account_id)
    auto_scaling = auto_scaling_role_arn(partition, account_id)
    for_aws_resource = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return policy_document(
        _administration(root),
        Statement(
            sid="IamDecidesUseThroughEc2",
            actions=USE,
            resources=THIS_KEY,
            principals={"AWS": [root]},
            conditions={"StringEquals": {"kms:ViaService": f"ec2.{region}.amazonaws.com"}},
        ),
        Statement(
            sid="IamDecidesGrantsToAws",
            actions=["kms:CreateGrant"],
            resources=THIS_KEY,
            principals={"AWS": [root]},
            conditions=for_aws_resource,
        ),
        Statement(sid="AutoScalingUses", actions=USE, resources=THIS_KEY, principals={"AWS": [auto_scaling]}),
        Statement(
            sid="AutoScalingAttachesDisks",
            actions=["kms:CreateGrant"],
            resources=THIS_KEY,
            principals={"AWS": [auto_scaling]},
            conditions=for_aws_resource,
        ),
    )


def root_arn(partition: str, account_id: str) -> str:
    """Return the principal that stands for an account's IAM."""
    return f"arn:{partition}:iam::{account_id}:root"


def auto_scaling_role_arn(partition: str, account_id: str) -> str:
    """Return the ARN of the service-linked role of EC2 Auto Scaling, which has the same name in every account."""
    path = "aws-service-role/autoscaling.amazonaws.com"
    return f"arn:{partition}:iam::{account_id}:role/{path}/AWSServiceRoleForAutoScaling"


def _administration(root: str) -> Statement:
    return Statement(
        sid="IamDecidesAdministration", actions=ADMINISTRATION, resources=THIS_KEY, principals={"AWS": [root]}
    )
