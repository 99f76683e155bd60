"""The stable address of an app inside the cluster: `<app>.<namespace>`, on each of its ports.

Traffic is not kept in the caller's zone (`trafficDistribution`): the autoscaler averages over all zones, and would not
see one that is flooded.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi_kubernetes as k8s

from infra.labels import NAME_LABEL
from infra.settings.app.ports import ServedPort

SERVICE_ANNOTATIONS = {
    # The provider would wait for endpoints, which come with the Deployment, which waits for the load balancer's binding
    # of this Service. The Deployment's own readiness is the check that counts.
    "pulumi.com/skipAwait": "true",
}


def service_host(app: str, namespace: str) -> str:
    """Return the name under which pods of any namespace find the Service, whatever resolves names in their image.

    It has one dot, fewer than the `ndots` of a pod: so the search domains complete it, with musl too, which takes a
    name with more dots as it is and tries nothing else.
    """
    return f"{app}.{namespace}"


def service_spec(app: str, *, ports: Sequence[ServedPort]) -> k8s.core.v1.ServiceSpecArgs:
    """Describe a cluster-internal Service in front of the pods of `app`.

    Its ports lead to numbers, and not to names: by these the VPC CNI finds the Service's own address for the network
    policies that name the pods' ports.
    """
    return k8s.core.v1.ServiceSpecArgs(
        type="ClusterIP",
        selector={NAME_LABEL: app},
        ports=[
            k8s.core.v1.ServicePortArgs(
                name=port.name, port=port.service_port, target_port=port.number, protocol=port.protocol
            )
            for port in ports
        ],
    )
