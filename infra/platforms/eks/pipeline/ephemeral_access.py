"""What the role of labelled pull requests may do in the cluster: everything that a guest is made of, in `pr-*` only.

Kubernetes' own permissions (RBAC) cannot tell namespaces by the beginning of their name. So the group may make
namespaces, and in each a binding that gives it what a guest is made of; an admission policy says in which, and that the
binding is this one (`ephemeral_admission.py`). So it reads nothing of a namespace that is no pull request's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s

from infra.platforms.eks.pipeline.ephemeral_admission import GUEST_NAME, NAME, ask_for_quota, confine
from infra.platforms.eks.pipeline.group_roles import (
    EPHEMERAL_GROUP,
    RBAC,
    READ_VERBS,
    WRITE_VERBS,
    metadata,
    permit_group,
    role_ref,
    rules,
    subject,
)

MADE_KINDS: Mapping[str, Sequence[str]] = {
    "": ["configmaps", "limitranges", "persistentvolumeclaims", "resourcequotas", "serviceaccounts", "services"],
    "apps": ["deployments"],
    "autoscaling": ["horizontalpodautoscalers"],
    "batch": ["cronjobs", "jobs"],
    "elbv2.k8s.aws": ["targetgroupbindings"],
    "networking.k8s.io": ["networkpolicies"],
    "policy": ["poddisruptionbudgets"],
    "secrets-store.csi.x-k8s.io": ["secretproviderclasses"],
}
"""By API group, what `infra.apps` and `infra.platforms.guest.platform` make."""
WATCHED_KINDS: Mapping[str, Sequence[str]] = {
    "": ["endpoints", "events", "pods", "replicationcontrollers"],
    "apps": ["replicasets"],
    "discovery.k8s.io": ["endpointslices"],
}
"""What the Kubernetes provider looks at while it waits for Deployments and Services (pulumi-kubernetes,
provider/pkg/await)."""


class EphemeralAccess(pulumi.ComponentResource):
    """The permissions of the group `nightowl:ephemeral`, and the admission policies that confine it.

    It is the same in every cluster; the group gets its member by the access entry of the role.
    The permissions wait for the policies: they are never without them, when made and when unmade.
    """

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:EphemeralAccess", name, None, opts)
        guest = k8s.rbac.v1.ClusterRole(
            GUEST_NAME,
            metadata=metadata(GUEST_NAME),
            rules=[*rules(MADE_KINDS, [*READ_VERBS, *WRITE_VERBS]), *rules(WATCHED_KINDS, READ_VERBS)],
            opts=pulumi.ResourceOptions(parent=self),
        )
        permit_group(
            NAME,
            EPHEMERAL_GROUP,
            _rules_in_the_cluster(),
            parent=self,
            wait_for=[confine(self), ask_for_quota(self), guest],
        )
        self.register_outputs({})


def guest_binding(namespace: pulumi.Input[str], *, parent: pulumi.Resource) -> k8s.rbac.v1.RoleBinding:
    """Create what gives the group its rights in a namespace that it has made: the first object in there."""
    return k8s.rbac.v1.RoleBinding(
        GUEST_NAME,
        metadata=metadata(GUEST_NAME, namespace),
        role_ref=role_ref(GUEST_NAME),
        subjects=[subject(EPHEMERAL_GROUP)],
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _rules_in_the_cluster() -> list[k8s.rbac.v1.PolicyRuleArgs]:
    """Return the rules that hold in every namespace: namespaces, and in each the binding of a guest's rights."""
    return [
        *rules({"": ["namespaces"]}, [*READ_VERBS, *WRITE_VERBS]),
        *rules({RBAC: ["rolebindings"]}, ["create"]),
        k8s.rbac.v1.PolicyRuleArgs(
            api_groups=[RBAC],
            resources=["rolebindings"],
            resource_names=[GUEST_NAME],
            verbs=["delete", "get", "patch", "update"],
        ),
        # Else it could bind only what it has itself, in the whole cluster.
        k8s.rbac.v1.PolicyRuleArgs(
            api_groups=[RBAC], resources=["clusterroles"], resource_names=[GUEST_NAME], verbs=["bind"]
        ),
    ]
