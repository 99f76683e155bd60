"""The customer keys of a stack."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.iam import Document
from infra.platforms.eks.cluster.key_policies import (
    files_key_policy,
    logs_key_policy,
    secrets_key_policy,
    volumes_key_policy,
)
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.identity.service_linked_role import ensure_auto_scaling_role
from infra.platforms.eks.names import key_alias

DELETION_WINDOW_DAYS = 30
"""The longest that KMS offers. A deleted key takes all that it encrypted with it; until then it can be brought back."""


class Encryption(pulumi.ComponentResource):
    """Keys that rotate every year: for Kubernetes Secrets, log groups, disks and volumes, and file systems if needed.

    One per use, so that each key's policy names only who needs that one. All are protected with the stack. Where data
    outlives the stack, so does its key.
    """

    secrets_key_arn: pulumi.Output[str]
    logs_key_arn: pulumi.Output[str]
    volumes_key_arn: pulumi.Output[str]
    files_key_arn: pulumi.Output[str] | None = None

    def __init__(
        self,
        name: str,
        *,
        context: AwsContext,
        keeps_data: bool = False,
        has_file_systems: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("nightowl:eks:Encryption", name, None, opts)
        self._context = context
        self.secrets_key_arn = self._make_key("secrets", "Kubernetes Secrets", secrets_key_policy(context))
        self.logs_key_arn = self._make_key("logs", "Log groups", logs_key_policy(context, log_groups(context.name)))
        role = ensure_auto_scaling_role(context, parent=self)
        self.volumes_key_arn = self._make_key(
            "volumes",
            "Disks of nodes and volumes of apps",
            volumes_key_policy(context),
            # KMS refuses a policy that names a role which does not exist yet.
            depends_on=[role] if role else (),
            retain=keeps_data,
        )
        if has_file_systems:
            self.files_key_arn = self._make_key(
                "files", "File systems of apps", files_key_policy(context), retain=keeps_data
            )
        self.register_outputs(
            {
                "secrets_key_arn": self.secrets_key_arn,
                "logs_key_arn": self.logs_key_arn,
                "volumes_key_arn": self.volumes_key_arn,
            }
        )

    def _make_key(
        self,
        use: str,
        description: str,
        policy: Document,
        depends_on: Sequence[pulumi.Resource] = (),
        *,
        retain: bool = False,
    ) -> pulumi.Output[str]:
        key = aws.kms.Key(
            use,
            description=f"{description} of {self._context.name}",
            policy=pulumi.Output.json_dumps(policy),
            enable_key_rotation=True,
            deletion_window_in_days=DELETION_WINDOW_DAYS,
            opts=pulumi.ResourceOptions(
                parent=self, protect=self._context.protect, depends_on=depends_on, retain_on_delete=retain
            ),
        )
        aws.kms.Alias(
            use,
            name=key_alias(self._context.name, use),
            target_key_id=key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return key.arn


def log_groups(name: str) -> tuple[str, ...]:
    """Return the log groups that a stack encrypts: control plane, VPC, runner, web application firewall."""
    return (f"/aws/eks/{name}/*", f"/aws/vpc/{name}/*", f"/aws/codebuild/{name}-runner", f"aws-waf-logs-{name}")
