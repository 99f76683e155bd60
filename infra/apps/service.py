"""The stable address of a web app inside the cluster: `<app>.<namespace>.svc`, on the app's own port.

Traffic is not kept in the caller's zone (`trafficDistribution`): the autoscaler averages over all zones, and would not
see one that is flooded.
"""

from __future__ import annotations

import pulumi_kubernetes as k8s

from infra.labels import NAME_LABEL

PORT_NAME = "app"

SERVICE_ANNOTATIONS = {
    # The provider would wait for endpoints, which come with the Deployment, which waits for the load balancer's binding
    # of this Service. The Deployment's own readiness is the check that counts.
    "pulumi.com/skipAwait": "true",
}


def service_spec(app: str, *, port: int) -> k8s.core.v1.ServiceSpecArgs:
    """Describe a cluster-internal Service in front of the pods of `app`."""
    return k8s.core.v1.ServiceSpecArgs(
        type="ClusterIP",
        selector={NAME_LABEL: app},
        ports=[k8s.core.v1.ServicePortArgs(name=PORT_NAME, port=port, target_port=port, protocol="TCP")],
    )
