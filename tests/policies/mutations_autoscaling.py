from __future__ import annotations

from policies.facts.iam import ROLE_POLICY
from policies.facts.objects import RELEASE
from policies.families.autoscaling import AUTO_SCALING_GROUP
from tests.policies.changes import drop, drop_in_json, make, put, put_in_json
from tests.policies.harness import Mutation

NAME = "cluster-autoscaler"
GROUPS = "cluster-autoscaler-groups"
FLAGS = ("values", "extraArgs")
SPOT_TAGS = [{"key": "kubernetes.io/cluster/nightowl-prod", "value": "owned", "propagateAtLaunch": True}]

AUTOSCALING = [
    Mutation(
        rule="autoscaler-resizes-only-its-cluster",
        change=put_in_json(
            ROLE_POLICY,
            {"Null": {"aws:ResourceTag/k8s.io/cluster-autoscaler/enabled": "false"}},
            "policy",
            "Statement",
            2,
            "Condition",
            name=GROUPS,
        ),
    ),
    Mutation(
        rule="autoscaler-resizes-only-its-cluster",
        change=drop_in_json(
            ROLE_POLICY,
            "policy",
            "Statement",
            2,
            "Condition",
            "StringEquals",
            "aws:ResourceTag/k8s.io/cluster-autoscaler/nightowl-prod",
            name=GROUPS,
        ),
        id="any-cluster",
    ),
    Mutation(
        rule="autoscaler-sees-empty-groups",
        change=put_in_json(ROLE_POLICY, ["eks:ListNodegroups"], "policy", "Statement", 1, "Action", name=GROUPS),
    ),
    Mutation(rule="autoscaler-fits-the-cluster", change=put(RELEASE, "v1.35.2", "values", "image", "tag", name=NAME)),
    Mutation(rule="autoscaler-fits-the-cluster", change=drop(RELEASE, "values", "image", name=NAME), id="unset"),
    Mutation(
        rule="autoscaler-lets-nodes-leave",
        change=put(RELEASE, True, *FLAGS, "skip-nodes-with-local-storage", name=NAME),
    ),
    Mutation(
        rule="autoscaler-lets-nodes-leave",
        change=drop(RELEASE, *FLAGS, "skip-nodes-with-system-pods", name=NAME),
        id="system",
    ),
    Mutation(rule="autoscaler-balances-zones", change=drop(RELEASE, *FLAGS, "balance-similar-node-groups", name=NAME)),
    Mutation(rule="autoscaler-chooses-what-fits", change=put(RELEASE, "random", *FLAGS, "expander", name=NAME)),
    Mutation(
        rule="autoscaler-waits-for-pods",
        change=put(RELEASE, 60, *FLAGS, "max-graceful-termination-sec", name=NAME),
    ),
    Mutation(
        rule="autoscaler-gives-up-on-a-zone", change=put(RELEASE, "15m", *FLAGS, "max-node-provision-time", name=NAME)
    ),
    Mutation(rule="autoscaler-survives-its-own-node", change=put(RELEASE, 1, "values", "replicaCount", name=NAME)),
    Mutation(
        rule="autoscaler-survives-its-own-node",
        change=drop(RELEASE, "values", "priorityClassName", name=NAME),
        id="priority",
    ),
    Mutation(rule="autoscaler-knows-its-region", change=drop(RELEASE, "values", "awsRegion", name=NAME)),
    Mutation(
        rule="autoscaling-group-is-found",
        change=make(AUTO_SCALING_GROUP, {"tags": SPOT_TAGS, "vpcZoneIdentifiers": ["subnet-1"]}),
    ),
    Mutation(
        rule="autoscaling-group-ends-no-node-by-itself",
        change=make(AUTO_SCALING_GROUP, {"vpcZoneIdentifiers": ["subnet-1", "subnet-2"]}),
    ),
]
