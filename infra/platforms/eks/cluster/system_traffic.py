"""What the cluster's own pods may receive and send.

The VPC CNI enforces network policies in strict mode: a pod that no policy selects is cut off, both ways, from its first
packet on. So each namespace with pods of add-ons and controllers needs one before these start. Pods in the network of
their node (the VPC CNI, kube-proxy, the Pod Identity agent, the node monitor) are beyond all policies, which is why
none of this can lock itself out: policies need the API server only, and nodes join without them.

The VPC CNI waits for the policy of `kube-system`, so that no cluster becomes strict whose names would stop; every node
waits for that, so nothing else is in this way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from infra.labels import PART_OF, PART_OF_LABEL
from infra.settings.app.traffic import METADATA_NETWORKS

CLUSTER_NAMESPACE = "kube-system"
SECRETS_NAMESPACE = "aws-secrets-manager"
"""Where the add-on aws-secrets-store-csi-driver-provider puts its driver and its provider, which have the network of
pods (its chart, `hostNetwork: false`). EKS would make the namespace together with them, too late for a policy."""
POLICY = "nightowl-system"
EVERYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class SystemTrafficArgs:
    """`vpc_cidr` holds the nodes, the pods and the network interfaces of the control plane."""

    vpc_cidr: str
    kubernetes: k8s.Provider


class SystemTraffic(pulumi.ComponentResource):
    """A policy for each namespace of the cluster's own pods: in from the VPC, out to all but the metadata service.

    From the VPC come names to look up, probes, and the API server's calls of webhooks and metrics. The VPC CNI waits
    for the policy `of_cluster`, and with it every node; the secrets add-on waits for that `of_secrets`.
    """

    of_cluster: k8s.networking.v1.NetworkPolicy
    of_secrets: k8s.networking.v1.NetworkPolicy

    def __init__(self, name: str, args: SystemTrafficArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:SystemTraffic", name, None, opts)
        options = pulumi.ResourceOptions(parent=self, provider=args.kubernetes)
        secrets = k8s.core.v1.Namespace(
            SECRETS_NAMESPACE,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=SECRETS_NAMESPACE, labels={PART_OF_LABEL: PART_OF}),
            opts=options,
        )
        self.of_cluster = _policy(CLUSTER_NAMESPACE, CLUSTER_NAMESPACE, args.vpc_cidr, options)
        self.of_secrets = _policy(SECRETS_NAMESPACE, secrets.metadata.name, args.vpc_cidr, options)
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


def _policy(
    namespace: str, made: pulumi.Input[str], vpc_cidr: str, options: pulumi.ResourceOptions
) -> k8s.networking.v1.NetworkPolicy:
    return k8s.networking.v1.NetworkPolicy(
        f"system-traffic.{namespace}",
        metadata=k8s.meta.v1.ObjectMetaArgs(name=POLICY, namespace=made, labels={PART_OF_LABEL: PART_OF}),
        spec=system_policy_spec(vpc_cidr),
        opts=options,
    )


def _network(cidr: str, *, without: Sequence[str] = ()) -> k8s.networking.v1.NetworkPolicyPeerArgs:
    return k8s.networking.v1.NetworkPolicyPeerArgs(
        ip_block=k8s.networking.v1.IPBlockArgs(cidr=cidr, except_=list(without) or None)
    )
