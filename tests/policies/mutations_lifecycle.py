from __future__ import annotations

from policies.facts.aws import ACCESS_POLICY, ADDON, AWS_PROVIDER, CLUSTER, NODE_GROUP, VPC
from policies.facts.objects import RELEASE, SERVICE, TARGET_GROUP_BINDING
from policies.families.lifecycle import KARPENTER_POOL, KUBERNETES_PROVIDER
from tests.policies.changes import Change, drop, put, reordered
from tests.policies.harness import Draft, Mutation


def _unprotected(type_: str) -> Change:
    def change(draft: Draft) -> None:
        draft.get(type_).protect = False

    return change


def _before_all_nodes(draft: Draft) -> None:
    for group in draft.all(NODE_GROUP):
        draft.forget_order(draft.get(ADDON, "coredns"), group)


def _before_all_access(draft: Draft) -> None:
    for granted in draft.all(ACCESS_POLICY):
        draft.forget_order(draft.get(KUBERNETES_PROVIDER), granted)


def _karpenter_without_order(draft: Draft) -> None:
    draft.add(RELEASE, "karpenter", {"chart": "oci://public.ecr.aws/karpenter/karpenter", "version": "1.14.1"})
    draft.add(KARPENTER_POOL, "pool", {"metadata": {"name": "pool"}, "spec": {}})


LIFECYCLE = [
    Mutation(rule="what-cannot-be-remade-is-protected", change=_unprotected(VPC)),
    Mutation(rule="what-cannot-be-remade-is-protected", change=_unprotected(CLUSTER), id="cluster"),
    Mutation(rule="bucket-is-not-emptied", change=put("aws:s3/bucket:Bucket", True, "forceDestroy")),
    Mutation(rule="networking-comes-before-nodes", change=reordered((NODE_GROUP, "apps-a"), (ADDON, "vpc-cni"))),
    Mutation(rule="addon-deployments-come-after-nodes", change=_before_all_nodes),
    Mutation(rule="kubernetes-provider-waits-for-access", change=_before_all_access),
    Mutation(rule="kubernetes-provider-keeps-its-identity", change=drop(KUBERNETES_PROVIDER, "clusterIdentifier")),
    Mutation(
        rule="controller-outlives-its-objects",
        change=reordered((TARGET_GROUP_BINDING, "web.public-http"), (RELEASE, "load-balancer-controller")),
    ),
    Mutation(rule="service-makes-no-load-balancer", change=put(SERVICE, "LoadBalancer", "spec", "type")),
    Mutation(rule="karpenter-outlives-its-pools", change=_karpenter_without_order),
    Mutation(rule="node-group-can-be-replaced", change=put(NODE_GROUP, "apps", "nodeGroupName")),
    Mutation(rule="provider-is-for-one-account", change=drop(AWS_PROVIDER, "allowedAccountIds", name="aws")),
    Mutation(rule="release-is-pinned", change=drop(RELEASE, "version")),
    Mutation(rule="release-is-waited-for", change=put(RELEASE, True, "skipAwait")),
]
