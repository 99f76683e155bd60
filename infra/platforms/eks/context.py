"""Where a stack is: what every AWS component needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.platforms.eks.names import role_path


@dataclass(frozen=True, kw_only=True)
class AwsContext:
    """One stack in one account and region.

    `name` is the cluster's name and the stem of every fixed name (`nightowl-prod`); `protect` is whether what
    cannot be made again is protected from deletion. `tags` are those of every resource: the provider sets them, but not
    on the machines of node groups. `boundary_arn` is the permissions boundary of every role, where a pipeline deploys
    the stack.
    """

    name: str
    project: str
    stack: str
    account_id: str
    region: str
    provider: aws.Provider
    tags: Mapping[str, str]
    protect: bool
    boundary_arn: pulumi.Input[str] | None = None

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of the stack's account and region: `arn("eks", "cluster/nightowl-prod")`."""
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"

    @property
    def role_path(self) -> str:
        """The path of every role of the stack: by it a policy distinguishes them from all others of the account."""
        return role_path(self.project, self.stack)
