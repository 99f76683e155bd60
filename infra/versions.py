"""Pinned versions, with the dates on which their support ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

KUBERNETES_MINOR = "1.36"
"""The Kubernetes minor version that the project is written for and tested with."""

EKS_STANDARD_SUPPORT_ENDS = {"1.35": date(2027, 3, 27), "1.36": date(2027, 8, 2)}
"""Last day of Amazon EKS standard support by minor version (Amazon EKS release calendar, read 2026-11-23)."""


@dataclass(frozen=True, kw_only=True)
class ChartVersion:
    """A Helm chart, pinned."""

    repository: str
    chart: str
    version: str


LOAD_BALANCER_CONTROLLER = ChartVersion(
    repository="https://aws.github.io/eks-charts", chart="aws-load-balancer-controller", version="3.5.0"
)
"""AWS Load Balancer Controller v3.5.0 (aws/eks-charts, stable/aws-load-balancer-controller/Chart.yaml at commit 5239609
of 2026-08-03; read 2026-11-23)."""

CLUSTER_AUTOSCALER = ChartVersion(
    repository="https://kubernetes.github.io/autoscaler", chart="cluster-autoscaler", version="9.59.0"
)
"""Chart of 2026-07-21, the newest that was seen (kubernetes/autoscaler, charts/cluster-autoscaler/Chart.yaml; read
2026-11-23). Its own image tag is v1.35.0, so the tag is always given."""

CLUSTER_AUTOSCALER_IMAGE_TAGS = {"1.35": "v1.35.2", "1.36": "v1.36.1"}
"""Tag of registry.k8s.io/autoscaling/cluster-autoscaler by Kubernetes minor version (tags of
kubernetes/autoscaler; 1.36.1 and 1.35.2 are of 2026-07-22; read 2026-11-23)."""
