"""What the cluster's own pods may receive and send.

The VPC CNI enforces network policies in strict mode: a pod that no policy selects is cut off, both ways, from its first
packet on. So each namespace with pods of add-ons needs one before these start. Pods in the network of their node (the
VPC CNI, kube-proxy, the Pod Identity agent, the node monitor) are beyond all policies, which is why none of this can
lock itself out: policies need the API server only, and nodes join without them.

The VPC CNI waits for the policy of `kube-system`, so that no cluster becomes strict whose names would stop; every node
waits for that, so nothing else is in this way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s

from infra.addons import ADDONS
from infra.labels import PART_OF, PART_OF_LABEL
from infra.settings.app.peers import METADATA_NETWORKS

CLUSTER_NAMESPACE = "kube-system"
POLICY = "nightowl-system"
EVERYWHERE = "0.0.0.0/0"


class SystemTraffic(pulumi.ComponentResource):
    """A policy for each namespace of add-ons: in from the VPC, out to all but the metadata service.

    From the VPC (`vpc_cidr`) come names to look up, probes, and the API server's calls of webhooks and metrics.
    `policies` are by namespace. Namespaces that the cluster does not begin with are made here.
    """

    policies: Mapping[str, k8s.networking.v1.NetworkPolicy]

    def __init__(
        self, name: str, *, vpc_cidr: str, kubernetes: k8s.Provider, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("nightowl:eks:SystemTraffic", name, None, opts)
        options = pulumi.ResourceOptions(parent=self, provider=kubernetes)
        self.policies = {
            namespace: k8s.networking.v1.NetworkPolicy(
                f"system-traffic.{namespace}",
                metadata=k8s.meta.v1.ObjectMetaArgs(
                    name=POLICY, namespace=_namespace_name(namespace, options), labels={PART_OF_LABEL: PART_OF}
                ),
                spec=system_policy_spec(vpc_cidr),
                opts=options,
            )
            for namespace in sorted({addon.namespace for addon in ADDONS})
        }
        self.register_outputs({})


def system_policy_spec(vpc_cidr: str) -> k8s.networking.v1.NetworkPolicySpecArgs:
    """Let every pod of a namespace be reached from the VPC, and reach everything but the credentials of its node."""
    metadata = [network for network in METADATA_NETWORKS if "." in network]
    return k8s.networking.v1.NetworkPolicySpecArgs(
        pod_selector=k8s.meta.v1.LabelSelectorArgs(),
        policy_types=["Ingress", "Egress"],
        ingress=[k8s.networking.v1.NetworkPolicyIngressRuleArgs(from_=[_network(vpc_cidr)])],
        egress=[k8s.networking.v1.NetworkPolicyEgressRuleArgs(to=[_network(EVERYWHERE, without=metadata)])],
    )


def _namespace_name(namespace: str, options: pulumi.ResourceOptions) -> pulumi.Input[str]:
    if namespace == CLUSTER_NAMESPACE:
        return namespace
    made = k8s.core.v1.Namespace(
        namespace,
        metadata=k8s.meta.v1.ObjectMetaArgs(name=namespace, labels={PART_OF_LABEL: PART_OF}),
        opts=options,
    )
    return made.metadata.name


def _network(cidr: str, *, without: Sequence[str] = ()) -> k8s.networking.v1.NetworkPolicyPeerArgs:
    return k8s.networking.v1.NetworkPolicyPeerArgs(
        ip_block=k8s.networking.v1.IPBlockArgs(cidr=cidr, except_=list(without) or None)
    )
