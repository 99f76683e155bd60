"""Whose rights are written: one stack in one account and region, and the names that belong to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from infra.iam import Statement
from infra.platforms.eks.names import (
    GUEST_ROLE,
    app_boundary_name,
    boundary_name,
    cluster_name,
    identity_provider_arn,
    role_arn,
    role_path,
    runner_folder,
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
    `file_systems` tells whether apps share volumes, `permissions` whether any of them has `permissions`.
    `own_code` is what the roles for GitHub may do besides, for what the stack's own code makes.
    `shared_secrets` are beginnings of names of secrets that the stack's roles may read beside its own.
    """

    account_id: str
    region: str
    project: str
    stack: str
    backend_bucket: str | None = None
    pulumi_key_alias: str = "alias/nightowl-pulumi"
    domain: str | None = None
    promotes_from: str | None = None
    guests: bool = False
    runner: bool = False
    shared_secrets: tuple[str, ...] = ()
    file_systems: bool = False
    own_code: tuple[Statement, ...] = ()
    permissions: bool = False

    @property
    def secrets(self) -> tuple[str, ...]:
        """The beginnings of the names of the secrets that roles of this stack may read."""
        return (secrets_folder(self.stack), *self.shared_secrets)

    @property
    def name(self) -> str:
        """The cluster's name, and the stem of every fixed name: `nightowl-dev`."""
        return cluster_name(self.project, self.stack)

    @property
    def boundary_arn(self) -> str:
        """The ARN of the permissions boundary of every role that the stack makes."""
        return f"{self._iam}:policy/{boundary_name(self.name)}"

    @property
    def app_boundary_arn(self) -> str:
        """The ARN of the permissions boundary of the roles of pods with `permissions`."""
        return f"{self._iam}:policy/{app_boundary_name(self.name)}"

    @property
    def boundaries(self) -> str | list[str]:
        """The boundaries of which each role that the stack makes has one."""
        return [self.boundary_arn, self.app_boundary_arn] if self.permissions else self.boundary_arn

    @property
    def pipeline_roles(self) -> tuple[str, ...]:
        """The ARNs of the roles that GitHub takes."""
        return tuple(role_arn(self.account_id, self.name, kind) for kind in ROLE_KINDS)

    @cached_property
    def words(self) -> Mapping[str, str]:
        """What stands for the words in braces of a pattern, such as `{roles}` (the ARNs of the stack's roles)."""
        roles = f"{self._iam}:role{role_path(self.project, self.stack)}"
        return {
            "here": f"{self.region}:{self.account_id}",
            "region": self.region,
            "account": self.account_id,
            "iam": self._iam,
            "project": self.project,
            "stack": self.stack,
            "name": self.name,
            "domain": self.domain or "",
            "boundary": self.boundary_arn,
            "roles": f"{roles}*",
            "guest_roles": f"{roles}{GUEST_ROLE}*",
            "control_plane_roles": f"{roles}control-plane-*",
            "pipeline": f"{self._iam}:role/{self.name}-*",
            "deploy_role": role_arn(self.account_id, self.name, "deploy"),
            "identity_provider": identity_provider_arn(self.account_id),
            "bucket": f"arn:aws:s3:::{self.backend_bucket}",
            "runner": runner_name(self.name),
            "runner_folder": runner_folder(self.name),
            "pulumi_key_alias": self.pulumi_key_alias,
        }

    @property
    def _iam(self) -> str:
        return f"arn:aws:iam::{self.account_id}"
