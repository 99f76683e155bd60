"""What Kubernetes versions there are, what of each is known, and which versions of other things are pinned.

The one table: the settings, the components, the policies and `nightowl plan` all read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

WARNING_DAYS = 60
"""How long before the end of support the warnings begin: two upgrades with a week of waiting each fit in (own
figure)."""


@dataclass(frozen=True, kw_only=True)
class KubernetesVersion:
    """One minor version on Amazon EKS.

    `standard_support_ends` is its last day. `autoscaler_tag` is that of the image
    registry.k8s.io/autoscaling/cluster-autoscaler which fits it; without one the stack cannot run on the version, as
    the autoscaler simulates the scheduler of its own minor.
    """

    standard_support_ends: date
    autoscaler_tag: str | None = None


KUBERNETES_VERSIONS: Mapping[str, KubernetesVersion] = {
    "1.33": KubernetesVersion(standard_support_ends=date(2026, 7, 29)),
    "1.34": KubernetesVersion(standard_support_ends=date(2026, 12, 2)),
    "1.35": KubernetesVersion(standard_support_ends=date(2027, 3, 27), autoscaler_tag="v1.35.2"),
    "1.36": KubernetesVersion(standard_support_ends=date(2027, 8, 2), autoscaler_tag="v1.36.1"),
    "1.37": KubernetesVersion(standard_support_ends=date(2027, 12, 1)),
}
"""By minor version, oldest first. Support dates: Amazon EKS user guide, "Amazon EKS Kubernetes release calendar" (read
2026-11-25; 1.37 is offered since 2026-10-01). Tags: kubernetes/autoscaler (1.35.2 and 1.36.1 are of 2026-07-22); for
1.37 no tag, image or promotion in kubernetes/k8s.io was found on 2026-11-26. 1.34 has v1.34.5, and a week left."""

INSTALLABLE_VERSIONS = tuple(minor for minor, version in KUBERNETES_VERSIONS.items() if version.autoscaler_tag)
"""The versions that a stack may ask for: everything that it installs exists for them."""

KUBERNETES_MINOR = INSTALLABLE_VERSIONS[-1]
"""The default: the newest of them. The local cluster has it too."""

MOST_MINORS_BEHIND = 3
"""How many minors a kubelet may be older than the API server (Kubernetes version skew policy)."""

REMOVED_APIS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "1.16": {
        "apps/v1beta1": ("Deployment", "ReplicaSet", "StatefulSet"),
        "apps/v1beta2": ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"),
        "extensions/v1beta1": ("DaemonSet", "Deployment", "NetworkPolicy", "PodSecurityPolicy", "ReplicaSet"),
    },
    "1.22": {
        "admissionregistration.k8s.io/v1beta1": ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"),
        "apiextensions.k8s.io/v1beta1": ("CustomResourceDefinition",),
        "apiregistration.k8s.io/v1beta1": ("APIService",),
        "certificates.k8s.io/v1beta1": ("CertificateSigningRequest",),
        "coordination.k8s.io/v1beta1": ("Lease",),
        "extensions/v1beta1": ("Ingress",),
        "networking.k8s.io/v1beta1": ("Ingress", "IngressClass"),
        "rbac.authorization.k8s.io/v1beta1": ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"),
        "scheduling.k8s.io/v1beta1": ("PriorityClass",),
        "storage.k8s.io/v1beta1": ("CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"),
    },
    "1.25": {
        "autoscaling/v2beta1": ("HorizontalPodAutoscaler",),
        "batch/v1beta1": ("CronJob",),
        "discovery.k8s.io/v1beta1": ("EndpointSlice",),
        "events.k8s.io/v1beta1": ("Event",),
        "node.k8s.io/v1beta1": ("RuntimeClass",),
        "policy/v1beta1": ("PodDisruptionBudget", "PodSecurityPolicy"),
    },
    "1.26": {
        "autoscaling/v2beta2": ("HorizontalPodAutoscaler",),
        "flowcontrol.apiserver.k8s.io/v1beta1": ("FlowSchema", "PriorityLevelConfiguration"),
    },
    "1.27": {"storage.k8s.io/v1beta1": ("CSIStorageCapacity",)},
    "1.29": {"flowcontrol.apiserver.k8s.io/v1beta2": ("FlowSchema", "PriorityLevelConfiguration")},
    "1.32": {"flowcontrol.apiserver.k8s.io/v1beta3": ("FlowSchema", "PriorityLevelConfiguration")},
}
"""By the version that no longer serves them: API versions and their kinds (Kubernetes, "Deprecated API Migration
Guide"; read 2026-11-26). A kind can leave its API version later than others of the same."""


def minor_of(version: str) -> int:
    """Return the minor of a version such as `1.36`.

    Raises:
        ValueError: it is no such version.
    """
    major, _, minor = version.partition(".")
    if major != "1" or not minor.isdecimal():
        raise ValueError(f"{version!r} is not a minor version of Kubernetes, such as {KUBERNETES_MINOR}")
    return int(minor)


def support_notice(version: str, today: date) -> str:
    """Return what to know about the standard support of `version`, empty while more than `WARNING_DAYS` are left.

    With the support type that every stack has, STANDARD, EKS bills no extended support: it upgrades by itself.
    """
    known = KUBERNETES_VERSIONS.get(version)
    if known is None:
        return ""
    left = (known.standard_support_ends - today).days
    remedy = "raise nightowl:cluster.version, one version at a time"
    if left < 0:
        return (
            f"standard support of Kubernetes {version} ended on {known.standard_support_ends}: EKS upgrades the "
            f"cluster by itself, and then refuses updates that ask for {version}; {remedy}"
        )
    if left > WARNING_DAYS:
        return ""
    return (
        f"standard support of Kubernetes {version} ends on {known.standard_support_ends}, in {left} days; EKS then "
        f"upgrades the cluster by itself; {remedy}"
    )
