"""Roles of pods with `permissions`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pulumi

from infra.iam import Document, policy_document
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.identity.pod_identity import PodIdentity, PodIdentityArgs
from infra.platforms.eks.identity.pod_permissions import PermissionFacts, managed_policies, permission_statements
from infra.platforms.eks.pipeline.boundary import app_boundary_document
from infra.platforms.eks.pipeline.permissions.scope import Scope
from infra.platforms.eks.pipeline.pipeline import Delivery
from infra.settings.app.permissions import PermissionSettings


@dataclass(frozen=True, kw_only=True)
class PermittedPods:
    """What the role of some pods gets; `context` has its boundary."""

    context: AwsContext
    policies: Mapping[str, Document] = field(default_factory=dict[str, Document])
    managed_policy_arns: Mapping[str, str] = field(default_factory=dict[str, str])


class PodRoles:
    """Roles of pods, bounded by all that the pods of a stack may do together.

    Where no pipeline deploys, there is no boundary. It is made with the first role that needs it.
    """

    def __init__(
        self,
        facts: PermissionFacts,
        *,
        of_stack: Sequence[PermissionSettings],
        cluster_name: pulumi.Input[str],
        delivery: tuple[Delivery, Scope] | None,
    ) -> None:
        self._facts, self._of_stack = facts, of_stack
        self._cluster_name, self._delivery = cluster_name, delivery
        self._bounded: AwsContext | None = None

    def permitted(self, permissions: Sequence[PermissionSettings]) -> PermittedPods | None:
        """Return what a role gets for `permissions`; None where there are none."""
        if not permissions:
            return None
        statements = permission_statements(permissions, self._facts)
        return PermittedPods(
            context=self._context(),
            policies={"permissions": policy_document(*statements)} if statements else {},
            managed_policy_arns=managed_policies(permissions),
        )

    def make(
        self,
        name: str,
        permissions: Sequence[PermissionSettings],
        *,
        namespace: str,
        service_account: str,
        parent: pulumi.Resource,
    ) -> Sequence[pulumi.Resource]:
        """Make the role and the association of a service account; its pods come after what is returned."""
        permitted = self.permitted(permissions)
        if permitted is None:
            return ()
        identity = PodIdentity(
            name,
            PodIdentityArgs(
                context=permitted.context,
                cluster_name=self._cluster_name,
                namespace=namespace,
                service_account=service_account,
                policies=permitted.policies,
                managed_policy_arns=permitted.managed_policy_arns,
            ),
            opts=pulumi.ResourceOptions(parent=parent, providers=[permitted.context.provider]),
        )
        return [identity.association]

    def _context(self) -> AwsContext:
        if self._delivery is None:
            return self._facts.context
        if self._bounded is None:
            delivery, scope = self._delivery
            document = app_boundary_document(scope, permission_statements(self._of_stack, self._facts))
            self._bounded = replace(self._facts.context, boundary_arn=delivery.bound_apps(document))
        return self._bounded
