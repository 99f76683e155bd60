"""Kubernetes permissions (RBAC) of groups, whose members are roles of AWS by their access entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s

from infra.labels import PART_OF, PART_OF_LABEL

PREVIEW_GROUP = "nightowl:preview"
"""The group of the role that previews."""
EPHEMERAL_GROUP = "nightowl:ephemeral"
"""The group of the role of labelled pull requests."""

RBAC = "rbac.authorization.k8s.io"
READ_VERBS = ("get", "list", "watch")
WRITE_VERBS = ("create", "delete", "patch", "update")
PREVIEW_NAME = "nightowl-preview"
"""Of the ClusterRole and its binding."""
SEEN_KINDS: Mapping[str, Sequence[str]] = {
    "apiextensions.k8s.io": ["customresourcedefinitions"],
    "admissionregistration.k8s.io": ["validatingadmissionpolicies", "validatingadmissionpolicybindings"],
    "elbv2.k8s.aws": ["targetgroupbindings"],
    RBAC: ["clusterrolebindings", "clusterroles", "rolebindings", "roles"],
    "scheduling.k8s.io": ["priorityclasses"],
    "secrets-store.csi.x-k8s.io": ["secretproviderclasses"],
    "storage.k8s.io": ["storageclasses"],
}
"""By API group, what a stack makes and `AmazonEKSViewPolicy` does not show (EKS user guide, "Review access policy
permissions"). Secrets are not among it, so Helm releases, which keep their records in Secrets, stay unseen."""


def metadata(name: str, namespace: pulumi.Input[str] | None = None) -> k8s.meta.v1.ObjectMetaArgs:
    """Return the metadata of an object with a fixed name."""
    return k8s.meta.v1.ObjectMetaArgs(name=name, namespace=namespace, labels={PART_OF_LABEL: PART_OF})


def rules(kinds: Mapping[str, Sequence[str]], verbs: Sequence[str]) -> list[k8s.rbac.v1.PolicyRuleArgs]:
    """Return a rule per API group, for the resources of `kinds`."""
    return [
        k8s.rbac.v1.PolicyRuleArgs(api_groups=[group], resources=list(resources), verbs=list(verbs))
        for group, resources in kinds.items()
    ]


def role_ref(name: pulumi.Input[str]) -> k8s.rbac.v1.RoleRefArgs:
    """Return the reference to a ClusterRole."""
    return k8s.rbac.v1.RoleRefArgs(api_group=RBAC, kind="ClusterRole", name=name)


def subject(group: str) -> k8s.rbac.v1.SubjectArgs:
    """Return a group as the subject of a binding."""
    return k8s.rbac.v1.SubjectArgs(api_group=RBAC, kind="Group", name=group)


def permit_group(
    name: str,
    group: str,
    rules: Sequence[k8s.rbac.v1.PolicyRuleArgs],
    *,
    parent: pulumi.Resource,
    wait_for: Sequence[pulumi.Resource] = (),
) -> None:
    """Create a ClusterRole with `rules`, and a binding of the same name that gives it to a group after `wait_for`."""
    role = k8s.rbac.v1.ClusterRole(
        name, metadata=metadata(name), rules=list(rules), opts=pulumi.ResourceOptions(parent=parent)
    )
    k8s.rbac.v1.ClusterRoleBinding(
        name,
        metadata=metadata(name),
        role_ref=role_ref(role.metadata.name),
        subjects=[subject(group)],
        opts=pulumi.ResourceOptions(parent=parent, depends_on=wait_for),
    )


class PreviewAccess(pulumi.ComponentResource):
    """Lets the group `nightowl:preview` look at those kinds, so that a drift check can read them again."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:PreviewAccess", name, None, opts)
        permit_group(PREVIEW_NAME, PREVIEW_GROUP, rules(SEEN_KINDS, READ_VERBS), parent=self)
        self.register_outputs({})
