"""The Ingress of an app: its hosts and paths, in the words of the cluster's ingress controller."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from infra.settings.app.addresses import PublicAddress
from infra.settings.ingress import IngressSettings, controller_annotations


def make_ingress(
    address: PublicAddress,
    ingress: IngressSettings,
    *,
    service: k8s.core.v1.Service,
    parent: pulumi.Resource,
) -> None:
    """Make the Ingress of a public address."""
    traffic, hosts = address.traffic, address.traffic.all_hosts
    # The provider would wait for the Service's endpoints, which come with the Deployment, and for an address, which
    # many controllers never write.
    annotations = {"pulumi.com/skipAwait": "true", **controller_annotations(traffic)}
    signed = ingress.cluster_issuer is not None and bool(hosts)
    if signed and ingress.cluster_issuer is not None:
        annotations["cert-manager.io/cluster-issuer"] = ingress.cluster_issuer
    backend = k8s.networking.v1.IngressBackendArgs(
        service=k8s.networking.v1.IngressServiceBackendArgs(
            name=service.metadata.name,
            port=k8s.networking.v1.ServiceBackendPortArgs(name=address.port.name),
        )
    )
    paths = [
        k8s.networking.v1.HTTPIngressPathArgs(
            path=path.path, path_type="Exact" if path.exact else "Prefix", backend=backend
        )
        for path in traffic.all_paths
    ]
    tls = [k8s.networking.v1.IngressTLSArgs(hosts=list(hosts), secret_name=f"{address.name}-tls")] if signed else None
    k8s.networking.v1.Ingress(
        address.name,
        metadata=k8s.meta.v1.ObjectMetaArgs(
            name=address.name,
            namespace=service.metadata.namespace,
            labels=service.metadata.labels,
            annotations=annotations,
        ),
        spec=k8s.networking.v1.IngressSpecArgs(
            ingress_class_name=ingress.class_name,
            rules=[
                k8s.networking.v1.IngressRuleArgs(
                    host=host, http=k8s.networking.v1.HTTPIngressRuleValueArgs(paths=paths)
                )
                for host in hosts or (None,)
            ],
            tls=tls,
        ),
        opts=pulumi.ResourceOptions(parent=parent),
    )
