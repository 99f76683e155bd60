"""What no pod of the namespace may do, unless its app's own network policy allows it; and where all ask for names.

The dot in the policies' names keeps them apart from those of the apps.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi_kubernetes as k8s

from infra.labels import NETWORK_POLICIES_ANNOTATION
from infra.settings.app.peers import METADATA_NETWORKS
from infra.settings.namespace import NamespaceSettings

DNS_PORT = 53
DNS_PODS = ("kube-dns", "node-local-dns")
"""Labels `k8s-app` of the pods that answer: the cluster's DNS, CoreDNS too, and its caches where they are pods of a
network (GKE Dataplane V2)."""


def namespace_policies(
    settings: NamespaceSettings, *, dns: Sequence[str], closed: bool
) -> dict[str, k8s.networking.v1.NetworkPolicySpecArgs]:
    """Return the policies of the namespace by name.

    `dns` are networks in which the cluster's DNS may answer. `closed` is whether a pod without a policy talks to
    nobody: then the switch `networkPolicies: false` needs one that allows everything.
    """
    if settings.network_policies:
        return {"namespace.default-deny": default_deny_spec(), "namespace.allow-dns": allow_dns_spec(dns)}
    return {"namespace.allow-all": allow_all_spec()} if closed else {}


def policy_annotations(settings: NamespaceSettings) -> dict[str, str] | None:
    """Name which key leaves network policies out: the policy pack takes it for a decision, and advises against it."""
    return None if settings.network_policies else {NETWORK_POLICIES_ANNOTATION: "nightowl:namespace.networkPolicies"}


def default_deny_spec() -> k8s.networking.v1.NetworkPolicySpecArgs:
    """Let nothing in and nothing out, for every pod of the namespace."""
    return k8s.networking.v1.NetworkPolicySpecArgs(
        pod_selector=k8s.meta.v1.LabelSelectorArgs(), policy_types=["Ingress", "Egress"]
    )


def allow_dns_spec(networks: Sequence[str]) -> k8s.networking.v1.NetworkPolicySpecArgs:
    """Let every pod ask the cluster's DNS, by UDP and, for long answers, by TCP.

    A cache on the node (NodeLocal DNSCache) answers in the node's own network, under an address of its own or that of
    the DNS Service: no selector of pods finds it, so `networks` name where it can be.
    """
    pods = [
        k8s.networking.v1.NetworkPolicyPeerArgs(
            namespace_selector=k8s.meta.v1.LabelSelectorArgs(
                match_labels={"kubernetes.io/metadata.name": "kube-system"}
            ),
            pod_selector=k8s.meta.v1.LabelSelectorArgs(match_labels={"k8s-app": app}),
        )
        for app in DNS_PODS
    ]
    addresses = [
        k8s.networking.v1.NetworkPolicyPeerArgs(ip_block=k8s.networking.v1.IPBlockArgs(cidr=cidr)) for cidr in networks
    ]
    return k8s.networking.v1.NetworkPolicySpecArgs(
        pod_selector=k8s.meta.v1.LabelSelectorArgs(),
        policy_types=["Egress"],
        egress=[
            k8s.networking.v1.NetworkPolicyEgressRuleArgs(
                to=[*pods, *addresses],
                ports=[
                    k8s.networking.v1.NetworkPolicyPortArgs(protocol=protocol, port=DNS_PORT)
                    for protocol in ("UDP", "TCP")
                ],
            )
        ],
    )


def allow_all_spec() -> k8s.networking.v1.NetworkPolicySpecArgs:
    """Let everything in, and everything out but to the metadata service, which gives out the node's credentials."""
    everywhere = [
        k8s.networking.v1.NetworkPolicyPeerArgs(ip_block=k8s.networking.v1.IPBlockArgs(cidr=cidr, except_=[metadata]))
        for cidr, metadata in zip(("0.0.0.0/0", "::/0"), METADATA_NETWORKS, strict=True)
    ]
    every_pod = k8s.networking.v1.NetworkPolicyPeerArgs(namespace_selector=k8s.meta.v1.LabelSelectorArgs())
    return k8s.networking.v1.NetworkPolicySpecArgs(
        pod_selector=k8s.meta.v1.LabelSelectorArgs(),
        policy_types=["Ingress", "Egress"],
        ingress=[k8s.networking.v1.NetworkPolicyIngressRuleArgs()],
        egress=[k8s.networking.v1.NetworkPolicyEgressRuleArgs(to=[*everywhere, every_pod])],
    )
