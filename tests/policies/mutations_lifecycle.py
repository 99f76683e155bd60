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
    Mutation("what-cannot-be-remade-is-protected", _unprotected(VPC)),
    Mutation("what-cannot-be-remade-is-protected", _unprotected(CLUSTER), id="cluster"),
    Mutation("bucket-is-not-emptied", put("aws:s3/bucket:Bucket", True, "forceDestroy")),
    Mutation("networking-comes-before-nodes", reordered((NODE_GROUP, "apps-a"), (ADDON, "vpc-cni"))),
    Mutation("addon-deployments-come-after-nodes", _before_all_nodes),
    Mutation("kubernetes-provider-waits-for-access", _before_all_access),
    Mutation("kubernetes-provider-keeps-its-identity", drop(KUBERNETES_PROVIDER, "clusterIdentifier")),
    Mutation(
        "controller-outlives-its-objects",
        reordered((TARGET_GROUP_BINDING, "web.public-http"), (RELEASE, "load-balancer-controller")),
    ),
    Mutation("service-makes-no-load-balancer", put(SERVICE, "LoadBalancer", "spec", "type")),
    Mutation("karpenter-outlives-its-pools", _karpenter_without_order),
    Mutation("node-group-can-be-replaced", put(NODE_GROUP, "apps", "nodeGroupName")),
    Mutation("provider-is-for-one-account", drop(AWS_PROVIDER, "allowedAccountIds", name="aws")),
    Mutation("release-is-pinned", drop(RELEASE, "version")),
    Mutation("release-is-waited-for", put(RELEASE, True, "skipAwait")),
]
