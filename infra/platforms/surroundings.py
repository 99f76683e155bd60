"""What the stack's own Pulumi code gets: where the stack is, and what its code can build on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as k8s

from infra.settings.stack import StackSettings

if TYPE_CHECKING:
    # It takes a second to import, and only a stack on EKS needs it.
    import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class Aws:
    """What a stack on EKS has in its account."""

    account_id: str
    region: str
    name: str
    """The cluster's name, the stem of every fixed name: `nightowl-prod`."""
    provider: aws.Provider
    """Refuses another account, and tags all that is made through it as this stack's."""
    vpc_id: pulumi.Output[str]
    vpc_cidr: str
    private_subnet_ids: Sequence[pulumi.Output[str]]
    """One in each zone; nodes and pods are in them."""
    pods_security_group_id: pulumi.Output[str]
    """The security group of the cluster, which nodes and pods have."""
    secrets_key_arn: pulumi.Output[str]
    """The KMS key under which secrets lie that pods of the stack read."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """One stack, whose platform and namespace are there, and whose apps are about to be made."""

    stack: str
    """Its name, such as `prod`."""
    settings: StackSettings
    """The whole stack file, read and checked."""
    namespace: pulumi.Input[str]
    """The namespace of the apps, known once it is made."""
    kubernetes: k8s.Provider
    """The provider of the cluster."""
    aws: Aws | None = None
    """On EKS what the account has; None on any other cluster."""

    @property
    def kind(self) -> str:
        """The kind of the platform: `eks` or `existing`."""
        return self.settings.platform.kind

    @property
    def options(self) -> pulumi.ResourceOptions:
        """What each resource is given, so that it is made in this account and on this cluster."""
        providers: list[pulumi.ProviderResource] = [self.kubernetes]
        if self.aws is not None:
            providers.append(self.aws.provider)
        return pulumi.ResourceOptions(providers=providers)


@dataclass(frozen=True, kw_only=True)
class RunningApp:
    """An app that has been made."""

    service: str | None
    """Its address inside the cluster, `web.apps:80`; None without a port."""
    url: pulumi.Output[str] | None
    """Its address outside, None where nothing outside reaches it."""
    up: Sequence[pulumi.Resource]
    """What stands when the app is up: what must come after it depends on these."""
