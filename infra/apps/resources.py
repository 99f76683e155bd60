"""What a container requests, and may use."""

from __future__ import annotations

import pulumi_kubernetes as k8s

from infra.labels import GPU
from infra.settings.app.resources import ResourceSettings
from infra.settings.scalars import bytes_text, millicores_text


def container_resources(settings: ResourceSettings) -> k8s.core.v1.ResourceRequirementsArgs:
    """Describe one container. Memory is always limited, CPU only where `cpuLimit` is given."""
    requests = {"cpu": millicores_text(settings.cpu), "memory": bytes_text(settings.memory)}
    limits = {"memory": bytes_text(settings.most_memory)}
    if settings.cpu_limit is not None:
        limits["cpu"] = millicores_text(settings.cpu_limit)
    if settings.gpu is not None:
        # Kubernetes takes the limit of a device for its request too.
        limits[GPU] = str(settings.gpu)
    return k8s.core.v1.ResourceRequirementsArgs(requests=requests, limits=limits)
