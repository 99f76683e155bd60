"""What the role that previews may see in the cluster, beside what EKS's policy for viewers shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s

from infra.labels import PART_OF, PART_OF_LABEL

GROUP = "nightowl:preview"
"""The Kubernetes group of the role's access entry."""

NAME = "nightowl-preview"
"""Of the ClusterRole and its binding."""

SEEN_KINDS: Mapping[str, Sequence[str]] = {
    "apiextensions.k8s.io": ["customresourcedefinitions"],
    "admissionregistration.k8s.io": ["validatingadmissionpolicies", "validatingadmissionpolicybindings"],
    "elbv2.k8s.aws": ["targetgroupbindings"],
    "rbac.authorization.k8s.io": ["clusterrolebindings", "clusterroles", "rolebindings", "roles"],
    "scheduling.k8s.io": ["priorityclasses"],
    "secrets-store.csi.x-k8s.io": ["secretproviderclasses"],
    "storage.k8s.io": ["storageclasses"],
}
"""By API group, what a stack makes and `AmazonEKSViewPolicy` does not show (EKS user guide, "Review access policy
permissions"). Secrets are not among it, so Helm releases, which keep their records in Secrets, stay unseen."""


class PreviewAccess(pulumi.ComponentResource):
    """Lets the group `nightowl:preview` look at those kinds, so that a drift check can read them again."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:PreviewAccess", name, None, opts)
        metadata = k8s.meta.v1.ObjectMetaArgs(name=NAME, labels={PART_OF_LABEL: PART_OF})
        role = k8s.rbac.v1.ClusterRole(
            NAME,
            metadata=metadata,
            rules=[
                k8s.rbac.v1.PolicyRuleArgs(api_groups=[group], resources=list(kinds), verbs=["get", "list", "watch"])
                for group, kinds in SEEN_KINDS.items()
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        k8s.rbac.v1.ClusterRoleBinding(
            NAME,
            metadata=metadata,
            role_ref=k8s.rbac.v1.RoleRefArgs(
                api_group="rbac.authorization.k8s.io", kind="ClusterRole", name=role.metadata.name
            ),
            subjects=[k8s.rbac.v1.SubjectArgs(api_group="rbac.authorization.k8s.io", kind="Group", name=GROUP)],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
