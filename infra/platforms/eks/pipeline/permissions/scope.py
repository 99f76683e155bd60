"""Whose rights are written: one stack in one account and region, and the names that belong to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infra.platforms.eks.names import (
    GUEST_ROLE,
    boundary_name,
    cluster_name,
    identity_provider_arn,
    pipeline_boundary_name,
    role_arn,
    role_path,
    runner_name,
    secrets_folder,
)
from infra.settings.eks.delivery import ROLE_KINDS


@dataclass(frozen=True, kw_only=True)
class Scope:
    """One stack, and what its documents name.

    `backend_bucket` holds the state, None where the backend is no bucket of this account. `domain` is the Route 53 zone
    of the load balancer, None without one. `promotes_from` is the stack whose images this one copies. `guests` tells
    whether stacks of pull requests live on this one, `runner` whether it is deployed from inside its VPC.
    `shared_secrets` are beginnings of names of secrets that the stack's roles may read beside its own.
    """

    account_id: str
    region: str
    partition: str
    project: str
    stack: str
    backend_bucket: str | None = None
    pulumi_key_alias: str = "alias/nightowl-pulumi"
    domain: str | None = None
    promotes_from: str | None = None
    guests: bool = False
    runner: bool = False
    shared_secrets: tuple[str, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """The beginnings of the names of the secrets that roles of this stack may read."""
        return (secrets_folder(self.stack), *self.shared_secrets)

    @property
    def name(self) -> str:
        """The cluster's name, and the stem of every fixed name: `nightowl-dev`."""
        return cluster_name(self.project, self.stack)

    @property
    def boundary_name(self) -> str:
        """The name of the permissions boundary of every role that the stack makes."""
        return boundary_name(self.name)

    @property
    def boundary_arn(self) -> str:
        """The ARN of the permissions boundary."""
        return f"arn:{self.partition}:iam::{self.account_id}:policy/{self.boundary_name}"

    @property
    def pipeline_boundary_name(self) -> str:
        """The name of the permissions boundary of the roles that GitHub takes."""
        return pipeline_boundary_name(self.name)

    @property
    def pipeline_roles(self) -> tuple[str, ...]:
        """The ARNs of the roles that GitHub takes."""
        return tuple(role_arn(self.account_id, self.name, kind) for kind in ROLE_KINDS)

    @property
    def guest_roles(self) -> str:
        """The ARNs of the roles for pods of pull requests, which this stack makes."""
        iam = f"arn:{self.partition}:iam::{self.account_id}"
        return f"{iam}:role{role_path(self.project, self.stack)}{GUEST_ROLE}*"

    @property
    def identity_provider_arn(self) -> str:
        """The ARN of the provider by which the account knows GitHub's tokens."""
        return identity_provider_arn(self.account_id)

    @property
    def words(self) -> Mapping[str, str]:
        """What stands for the words in braces of a pattern, such as `{roles}` (the ARNs of the stack's roles)."""
        iam = f"arn:{self.partition}:iam::{self.account_id}"
        return {
            "partition": self.partition,
            "here": f"{self.region}:{self.account_id}",
            "region": self.region,
            "account": self.account_id,
            "project": self.project,
            "stack": self.stack,
            "name": self.name,
            "domain": self.domain or "",
            "boundary": self.boundary_arn,
            "roles": f"{iam}:role{role_path(self.project, self.stack)}*",
            "pipeline": f"{iam}:role/{self.name}-*",
            "guest_roles": self.guest_roles,
            "deploy_role": role_arn(self.account_id, self.name, "deploy"),
            "runner": runner_name(self.name),
            "pulumi_key_alias": self.pulumi_key_alias,
        }
