"""Rows of what keeps data: keys, log groups, the bucket of access logs, the registry of images."""

from __future__ import annotations

from infra.platforms.eks.pipeline.permissions.rights import IN_REGION, Conditions, Grant, Table, TypeRights

_KEYS = ("arn:{partition}:kms:{here}:key/*",)
_ALIASES = ("arn:{partition}:kms:{here}:alias/{name}-*",)
_GROUP = "arn:{partition}:logs:{here}:log-group:"
_GROUPS = (
    f"{_GROUP}/aws/eks/{{name}}/*",
    f"{_GROUP}/aws/vpc/{{name}}/*",
    f"{_GROUP}/aws/codebuild/{{name}}-*",
    f"{_GROUP}aws-waf-logs-{{name}}",
    f"{_GROUP}aws-waf-logs-{{name}}:*",
)
_BUCKETS = ("arn:{partition}:s3:::alb-log-*",)
_REPOSITORIES = ("arn:{partition}:ecr:{here}:repository/{name}/*",)
_OF_STACK: Conditions = {"StringEquals": {"aws:ResourceTag/stack": ("{stack}",)}}

STORAGE: Table = {
    "aws:kms/key:Key": TypeRights(
        read=("kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"),
        # An administrator makes the keys, with the stack. KMS tells a key that is being made from one that is there by
        # nothing that a condition could ask for, so whoever may tag new keys may make any key without a tag his own.
        update=(
            "kms:DisableKey",
            "kms:DisableKeyRotation",
            "kms:EnableKey",
            "kms:EnableKeyRotation",
            "kms:PutKeyPolicy",
            "kms:TagResource",
            "kms:UntagResource",
            "kms:UpdateKeyDescription",
        ),
        delete=("kms:ScheduleKeyDeletion",),
        on=_KEYS,
        read_on=_KEYS,
        when=_OF_STACK,
    ),
    "aws:kms/alias:Alias": TypeRights(
        # Takes no resource.
        read=("kms:ListAliases",),
        create=("kms:CreateAlias",),
        update=("kms:UpdateAlias",),
        delete=("kms:DeleteAlias",),
        on=_ALIASES,
        also_write=(
            # Both the alias and its key must allow it.
            Grant(
                actions=("kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"), resources=_KEYS, conditions=_OF_STACK
            ),
        ),
    ),
    "aws:cloudwatch/logGroup:LogGroup": TypeRights(
        read=("logs:ListTagsForResource",),
        create=("logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:PutRetentionPolicy", "logs:TagResource"),
        update=("logs:DeleteRetentionPolicy", "logs:DisassociateKmsKey", "logs:UntagResource"),
        delete=("logs:DeleteLogGroup",),
        on=_GROUPS,
        read_on=_GROUPS,
        # The list of groups takes every group of the account.
        also_read=(Grant(actions=("logs:DescribeLogGroups",)),),
    ),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": TypeRights(
        # Policies belong to the account: none of these takes a resource.
        read=("logs:DescribeResourcePolicies",),
        create=("logs:PutResourcePolicy",),
        delete=("logs:DeleteResourcePolicy",),
        when=IN_REGION,
    ),
    "aws:s3/bucket:Bucket": TypeRights(
        # The provider reads every part of a bucket's configuration; no action here reads what is in it.
        read=(
            "s3:GetAccelerateConfiguration",
            "s3:GetBucket*",
            "s3:GetEncryptionConfiguration",
            "s3:GetLifecycleConfiguration",
            "s3:GetReplicationConfiguration",
            "s3:ListBucket",
            "s3:ListTagsForResource",
        ),
        create=("s3:CreateBucket", "s3:PutBucketTagging", "s3:TagResource"),
        update=("s3:UntagResource",),
        # Not what is in it: a bucket with logs is taken away by an administrator.
        delete=("s3:DeleteBucket",),
        on=_BUCKETS,
        read_on=_BUCKETS,
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": TypeRights(
        read=("s3:GetLifecycleConfiguration",),
        create=("s3:PutLifecycleConfiguration",),
        on=_BUCKETS,
        read_on=_BUCKETS,
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": TypeRights(
        read=("s3:GetBucketOwnershipControls",),
        create=("s3:PutBucketOwnershipControls",),
        on=_BUCKETS,
        read_on=_BUCKETS,
    ),
    "aws:s3/bucketPolicy:BucketPolicy": TypeRights(
        read=("s3:GetBucketPolicy",),
        create=("s3:PutBucketPolicy",),
        delete=("s3:DeleteBucketPolicy",),
        on=_BUCKETS,
        read_on=_BUCKETS,
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": TypeRights(
        read=("s3:GetBucketPublicAccessBlock",),
        create=("s3:PutBucketPublicAccessBlock",),
        on=_BUCKETS,
        read_on=_BUCKETS,
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": TypeRights(
        read=("s3:GetEncryptionConfiguration",),
        create=("s3:PutEncryptionConfiguration",),
        on=_BUCKETS,
        read_on=_BUCKETS,
    ),
    "aws:ecr/repository:Repository": TypeRights(
        read=("ecr:DescribeRepositories", "ecr:ListTagsForResource"),
        create=("ecr:CreateRepository", "ecr:TagResource"),
        update=("ecr:PutImageScanningConfiguration", "ecr:PutImageTagMutability", "ecr:UntagResource"),
        delete=("ecr:DeleteRepository",),
        on=_REPOSITORIES,
        read_on=_REPOSITORIES,
        also_write=(
            # ECR gives itself the key of the repository in the caller's name, also the account's own key for ECR (ECR
            # user guide, "Encryption at rest").
            Grant(
                actions=("kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant"),
                resources=_KEYS,
                conditions={"StringEquals": {"kms:ViaService": ("ecr.{region}.amazonaws.com",)}},
            ),
        ),
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": TypeRights(
        read=("ecr:GetLifecyclePolicy",),
        create=("ecr:PutLifecyclePolicy",),
        delete=("ecr:DeleteLifecyclePolicy",),
        on=_REPOSITORIES,
        read_on=_REPOSITORIES,
    ),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": TypeRights(
        read=("ecr:GetRepositoryPolicy",),
        create=("ecr:SetRepositoryPolicy",),
        delete=("ecr:DeleteRepositoryPolicy",),
        on=_REPOSITORIES,
        read_on=_REPOSITORIES,
    ),
}
