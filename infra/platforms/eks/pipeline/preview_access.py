"""What the role that previews may see in the cluster, besides what EKS's policy for viewers shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from infra.platforms.eks.pipeline.group_roles import PREVIEW_GROUP, READ_VERBS, permit_group, rules

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
        permit_group(NAME, PREVIEW_GROUP, rules(SEEN_KINDS, READ_VERBS), parent=self)
        self.register_outputs({})
