"""What AWS services take as names, and how long their documents may be: figures with their source.

Where the documentation of a service and that of its provider differ, the narrower one stands here. The tests hold
them against the models of the AWS SDK.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class NameLimit:
    """What a service takes as a name: `pattern` is of the whole text, `most` counts characters."""

    of: str
    """Whose name, with its article."""
    most: int
    pattern: str
    rule: str
    """The pattern in words."""

    def error(self, name: str) -> str | None:
        """Return why the service would refuse a name, or None."""
        if len(name) > self.most:
            return f"has {len(name)} characters, but the name of {self.of} has at most {self.most}"
        if not re.fullmatch(self.pattern, name, re.ASCII):
            return f"is no name of {self.of}, which {self.rule}"
        return None


EKS_CLUSTER = NameLimit(
    "an EKS cluster", 100, r"[0-9A-Za-z][0-9A-Za-z_-]*", "has letters, digits, dashes and underscores"
)
"""Amazon EKS API, CreateCluster, `name`."""
KMS_ALIAS = NameLimit(
    "an alias of a KMS key", 256, r"alias/[a-zA-Z0-9/_-]+", "has letters, digits, slashes, dashes and underscores"
)
"""AWS KMS API, CreateAlias, `AliasName`."""
IAM_ROLE = NameLimit("an IAM role", 64, r"[\w+=,.@-]+", "has letters, digits and _ + = , . @ -")
"""IAM API, CreateRole, `RoleName`."""
IAM_POLICY = NameLimit("an IAM policy", 128, IAM_ROLE.pattern, IAM_ROLE.rule)
"""IAM API, CreatePolicy, `PolicyName`."""
IAM_PATH = NameLimit("the path of an IAM role", 512, r"/([!-.0-~]+/)+", "has printable characters between slashes")
"""IAM API, CreateRole, `Path`."""
LOG_GROUP = NameLimit("a log group", 512, r"[.\-_/#A-Za-z0-9]+", "has letters, digits and . - _ / #")
"""Amazon CloudWatch Logs API, CreateLogGroup, `logGroupName`."""
CODEBUILD_PROJECT = NameLimit(
    "a CodeBuild project", 150, r"[A-Za-z0-9][A-Za-z0-9_-]+", "has letters, digits, dashes and underscores"
)
"""AWS CodeBuild API, CreateProject, `name`."""
ECR_REPOSITORY = NameLimit(
    "an image repository",
    256,
    r"[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*",
    "has small letters and digits with single dashes, dots or underscores between them",
)
"""Amazon ECR API, CreateRepository, `repositoryName`."""

MANAGED_POLICY_CHARACTERS = 6144
"""Of a managed policy, white space not counted (IAM user guide, "IAM and AWS STS quotas"), as the two that follow."""
INLINE_POLICIES_CHARACTERS = 10_240
"""Of all inline policies of a role together."""
TRUST_POLICY_CHARACTERS = 2048
"""Of the policy that says who may take a role, where nobody has asked for more."""
REPOSITORY_POLICY_CHARACTERS = 10_240
"""Amazon ECR API, SetRepositoryPolicy, `policyText`."""
KEY_POLICY_CHARACTERS = 32_768
"""AWS KMS developer guide, "Resource quotas": key policy document size, in bytes."""
BUCKET_POLICY_CHARACTERS = 20_480
"""Amazon S3 user guide, "Bucket policies": 20 KB."""
LOG_POLICY_CHARACTERS = 5120
"""Amazon CloudWatch Logs API, PutResourcePolicy, `policyDocument`, of a policy for the whole account."""

NODE_GROUPS_OF_A_CLUSTER = 30
NODES_OF_A_GROUP = 450
"""Of an account that has not asked for more (EKS user guide, "Amazon EKS service quotas")."""
RULES_OF_A_LOAD_BALANCER = 100
"""Of an Application Load Balancer, default rules not counted, where nobody has asked for more (Elastic Load Balancing,
"Quotas for your Application Load Balancers")."""
LISTENERS_OF_A_LOAD_BALANCER = 50
"""Of a Network Load Balancer, likewise ("Quotas for your Network Load Balancers")."""
RULES_OF_A_SECURITY_GROUP = 60
"""Inbound, and as many outbound, likewise (VPC user guide, "Amazon VPC quotas")."""
FILE_SYSTEMS_OF_AN_ACCOUNT = 1000
"""In a region, likewise (Amazon EFS user guide, "Amazon EFS quotas")."""
