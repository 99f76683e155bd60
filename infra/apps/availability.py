"""What the replicas of an app survive: the loss of a zone or a node, and a drain."""

from __future__ import annotations

import pulumi_kubernetes as k8s

from infra.apps.labels import match_app
from infra.labels import ZONE_LABEL
from infra.settings.app.availability import AvailabilitySettings

HOST_LABEL = "kubernetes.io/hostname"


def spread(
    app: str, settings: AvailabilitySettings, *, version_label: str, has_zones: bool
) -> list[k8s.core.v1.TopologySpreadConstraintArgs]:
    """Spread the replicas evenly over zones, and over nodes where that is possible.

    `require` leaves a pod pending rather than crowd a zone. Where the nodes are not known to carry the label of their
    zone it is a preference, as every pod would be pending. `version_label` tells the pods of two versions apart.
    """
    return [
        _evenly_over(app, ZONE_LABEL, version_label, required=has_zones and settings.zones == "require"),
        _evenly_over(app, HOST_LABEL, version_label, required=False),
    ]


def disruption_budget_spec(app: str, settings: AvailabilitySettings) -> k8s.policy.v1.PodDisruptionBudgetSpecArgs:
    """Limit the share of the replicas that a drain may take at once.

    Kubernetes rounds the share up, so it is never less than one pod, and a drain goes on even where one replica is all
    there is. Pods that are not ready may always be evicted: a crash loop must not block an upgrade of the nodes.
    """
    return k8s.policy.v1.PodDisruptionBudgetSpecArgs(
        max_unavailable=f"{settings.max_unavailable}%",
        unhealthy_pod_eviction_policy="AlwaysAllow",
        selector=match_app(app),
    )


def tolerations(evict_after_seconds: int) -> list[k8s.core.v1.TolerationArgs]:
    """Return how long a pod stays bound to a lost node. Kubernetes adds 300 s of its own where none is given."""
    return [
        k8s.core.v1.TolerationArgs(
            key=f"node.kubernetes.io/{condition}",
            operator="Exists",
            effect="NoExecute",
            toleration_seconds=evict_after_seconds,
        )
        for condition in ("not-ready", "unreachable")
    ]


def _evenly_over(
    app: str, topology_key: str, version_label: str, *, required: bool
) -> k8s.core.v1.TopologySpreadConstraintArgs:
    return k8s.core.v1.TopologySpreadConstraintArgs(
        topology_key=topology_key,
        max_skew=1,
        when_unsatisfiable="DoNotSchedule" if required else "ScheduleAnyway",
        label_selector=match_app(app),
        # The pods of the version that is going away must not distort the spread of the one that comes.
        match_label_keys=[version_label],
        # Nodes of a lost zone are tainted: were they counted, their empty zone would keep pods out of the others.
        node_taints_policy="Honor",
    )
