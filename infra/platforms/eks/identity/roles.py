"""An IAM role with its policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.iam import Document
from infra.platforms.eks.context import AwsContext


@dataclass(frozen=True, kw_only=True)
class PermittedRole:
    """A role, and what makes it useful: whatever acts as it depends on `policies` too, or it is refused."""

    role: aws.iam.Role
    policies: Sequence[pulumi.Resource]

    @property
    def arn(self) -> pulumi.Output[str]:
        """The role's ARN."""
        return self.role.arn


def make_role(
    name: str,
    *,
    context: AwsContext,
    trust: Document,
    parent: pulumi.Resource,
    policies: Mapping[str, Document] | None = None,
    managed_policy_arns: Mapping[str, str] | None = None,
    description: str,
) -> PermittedRole:
    """Make a role called `name` (at most 56 characters: the engine adds 8, and IAM takes 64).

    `policies` become inline policies, `managed_policy_arns` attachments; their keys name the resources
    (`<name>-<key>`).
    """
    options = pulumi.ResourceOptions(parent=parent)
    role = aws.iam.Role(
        name,
        path=context.role_path,
        assume_role_policy=pulumi.Output.json_dumps(trust),
        permissions_boundary=context.boundary_arn,
        description=description,
        opts=options,
    )
    made: list[pulumi.Resource] = [
        aws.iam.RolePolicy(f"{name}-{key}", role=role.id, policy=pulumi.Output.json_dumps(document), opts=options)
        for key, document in (policies or {}).items()
    ]
    made += [
        aws.iam.RolePolicyAttachment(f"{name}-{key}", role=role.name, policy_arn=arn, opts=options)
        for key, arn in (managed_policy_arns or {}).items()
    ]
    return PermittedRole(role=role, policies=tuple(made))
