"""Rows of what keeps data: keys, file systems, log groups, the bucket of access logs, the registry of images."""

from __future__ import annotations

from infra.iam import Conditions
from infra.platforms.eks.pipeline.permissions.grants import (
    IN_REGION,
    Table,
    look_and_change,
    read,
    service_linked_role,
    write,
)

_KEYS = "arn:aws:kms:{here}:key/*"
_GROUP = "arn:aws:logs:{here}:log-group:"
_GROUPS = (
    f"{_GROUP}/aws/eks/{{name}}/*",
    f"{_GROUP}/aws/vpc/{{name}}/*",
    f"{_GROUP}/aws/codebuild/{{name}}-*",
    f"{_GROUP}aws-waf-logs-{{name}}",
    f"{_GROUP}aws-waf-logs-{{name}}:*",
)
_BUCKETS = "arn:aws:s3:::alb-log-*"
_REPOSITORIES = "arn:aws:ecr:{here}:repository/{name}/*"
_FILE_SYSTEMS = "arn:aws:elasticfilesystem:{here}:file-system/*"
_ACCESS_POINTS = "arn:aws:elasticfilesystem:{here}:access-point/*"
_OF_STACK: Conditions = {"StringEquals": {"aws:ResourceTag/stack": "{stack}"}}
_NEW: Conditions = {"StringEquals": {"aws:RequestTag/stack": "{stack}"}}

STORAGE: Table = {
    "aws:kms/key:Key": (
        read("kms:DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags", _KEYS),
        # An administrator makes the keys, with the stack. KMS tells a key that is being made from one that is there by
        # nothing that a condition could ask for, so whoever may tag new keys may make any key without a tag his own.
        write("kms:DisableKey DisableKeyRotation EnableKey EnableKeyRotation PutKeyPolicy", _KEYS, when=_OF_STACK),
        write("kms:UpdateKeyDescription ScheduleKeyDeletion TagResource UntagResource", _KEYS, when=_OF_STACK),
    ),
    "aws:kms/alias:Alias": (
        # Takes no resource.
        read("kms:ListAliases"),
        # Both the alias and its key must allow it.
        write("kms:CreateAlias UpdateAlias DeleteAlias", "arn:aws:kms:{here}:alias/{name}-*"),
        write("kms:CreateAlias UpdateAlias DeleteAlias", _KEYS, when=_OF_STACK),
    ),
    # Actions and resources: Service Authorization Reference, Amazon Elastic File System.
    "aws:efs/fileSystem:FileSystem": (
        read("elasticfilesystem:DescribeFileSystems DescribeLifecycleConfiguration ListTagsForResource", _FILE_SYSTEMS),
        write("elasticfilesystem:CreateFileSystem", _FILE_SYSTEMS, when=_NEW),
        write(
            "elasticfilesystem:DeleteFileSystem PutLifecycleConfiguration TagResource UntagResource UpdateFileSystem",
            _FILE_SYSTEMS,
            when=_OF_STACK,
        ),
        # EFS takes the key in the caller's name, and makes a role for itself.
        write(
            "kms:CreateGrant Decrypt DescribeKey GenerateDataKeyWithoutPlaintext",
            _KEYS,
            when={"StringEquals": {"kms:ViaService": "elasticfilesystem.{region}.amazonaws.com"}},
        ),
        service_linked_role("elasticfilesystem.amazonaws.com"),
    ),
    "aws:efs/accessPoint:AccessPoint": (
        read("elasticfilesystem:DescribeAccessPoints ListTagsForResource", _FILE_SYSTEMS, _ACCESS_POINTS),
        write("elasticfilesystem:CreateAccessPoint", _FILE_SYSTEMS, when=_OF_STACK),
        write("elasticfilesystem:DeleteAccessPoint TagResource UntagResource", _ACCESS_POINTS, when=_OF_STACK),
    ),
    "aws:efs/mountTarget:MountTarget": (
        read("elasticfilesystem:DescribeMountTargetSecurityGroups DescribeMountTargets", _FILE_SYSTEMS),
        write(
            "elasticfilesystem:CreateMountTarget DeleteMountTarget ModifyMountTargetSecurityGroups",
            _FILE_SYSTEMS,
            when=_OF_STACK,
        ),
        # EFS looks at the network in the caller's name, and puts an interface into it.
        read("ec2:DescribeNetworkInterfaces DescribeSecurityGroups DescribeSubnets DescribeVpcs"),
        write(
            "ec2:CreateNetworkInterface DeleteNetworkInterface ModifyNetworkInterfaceAttribute",
            *(f"arn:aws:ec2:{{here}}:{kind}/*" for kind in ("network-interface", "security-group", "subnet")),
        ),
    ),
    "aws:efs/backupPolicy:BackupPolicy": (
        read("elasticfilesystem:DescribeBackupPolicy", _FILE_SYSTEMS),
        write("elasticfilesystem:PutBackupPolicy", _FILE_SYSTEMS, when=_OF_STACK),
    ),
    "aws:efs/fileSystemPolicy:FileSystemPolicy": (
        read("elasticfilesystem:DescribeFileSystemPolicy", _FILE_SYSTEMS),
        write("elasticfilesystem:DeleteFileSystemPolicy PutFileSystemPolicy", _FILE_SYSTEMS, when=_OF_STACK),
    ),
    "aws:cloudwatch/logGroup:LogGroup": (
        read("logs:ListTagsForResource", *_GROUPS),
        # The list of groups takes every group of the account.
        read("logs:DescribeLogGroups"),
        write("logs:CreateLogGroup DeleteLogGroup PutRetentionPolicy DeleteRetentionPolicy", *_GROUPS),
        write("logs:AssociateKmsKey DisassociateKmsKey TagResource UntagResource", *_GROUPS),
    ),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": (
        # Policies belong to the account: none of these takes a resource.
        read("logs:DescribeResourcePolicies"),
        write("logs:PutResourcePolicy DeleteResourcePolicy", when=IN_REGION),
    ),
    "aws:s3/bucket:Bucket": (
        # The provider reads every part of a bucket's configuration; no action here reads what is in it.
        read("s3:GetAccelerateConfiguration GetBucket* GetEncryptionConfiguration ListBucket", _BUCKETS),
        read("s3:GetLifecycleConfiguration GetReplicationConfiguration ListTagsForResource", _BUCKETS),
        # Not what is in it: a bucket with logs is taken away by an administrator.
        write("s3:CreateBucket DeleteBucket PutBucketTagging TagResource UntagResource", _BUCKETS),
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": look_and_change(
        "s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration", _BUCKETS
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": look_and_change(
        "s3:GetBucketOwnershipControls", "s3:PutBucketOwnershipControls", _BUCKETS
    ),
    "aws:s3/bucketPolicy:BucketPolicy": look_and_change(
        "s3:GetBucketPolicy", "s3:PutBucketPolicy DeleteBucketPolicy", _BUCKETS
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": look_and_change(
        "s3:GetBucketPublicAccessBlock", "s3:PutBucketPublicAccessBlock", _BUCKETS
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": look_and_change(
        "s3:GetEncryptionConfiguration", "s3:PutEncryptionConfiguration", _BUCKETS
    ),
    "aws:ecr/repository:Repository": (
        read("ecr:DescribeRepositories ListTagsForResource", _REPOSITORIES),
        write("ecr:CreateRepository DeleteRepository TagResource UntagResource", _REPOSITORIES),
        write("ecr:PutImageScanningConfiguration PutImageTagMutability", _REPOSITORIES),
        # ECR gives itself the key of the repository in the caller's name, also the account's own key for ECR (ECR user
        # guide, "Encryption at rest").
        write(
            "kms:CreateGrant DescribeKey RetireGrant",
            _KEYS,
            when={"StringEquals": {"kms:ViaService": "ecr.{region}.amazonaws.com"}},
        ),
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": look_and_change(
        "ecr:GetLifecyclePolicy", "ecr:PutLifecyclePolicy DeleteLifecyclePolicy", _REPOSITORIES
    ),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": look_and_change(
        "ecr:GetRepositoryPolicy", "ecr:SetRepositoryPolicy DeleteRepositoryPolicy", _REPOSITORIES
    ),
}
