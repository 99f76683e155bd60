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
        "autoscaler-resizes-only-its-cluster",
        put_in_json(
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
        "autoscaler-resizes-only-its-cluster",
        drop_in_json(
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
        "autoscaler-sees-empty-groups",
        put_in_json(ROLE_POLICY, ["eks:ListNodegroups"], "policy", "Statement", 1, "Action", name=GROUPS),
    ),
    Mutation("autoscaler-fits-the-cluster", put(RELEASE, "v1.35.2", "values", "image", "tag", name=NAME)),
    Mutation("autoscaler-fits-the-cluster", drop(RELEASE, "values", "image", name=NAME), id="unset"),
    Mutation("autoscaler-lets-nodes-leave", put(RELEASE, True, *FLAGS, "skip-nodes-with-local-storage", name=NAME)),
    Mutation(
        "autoscaler-lets-nodes-leave", drop(RELEASE, *FLAGS, "skip-nodes-with-system-pods", name=NAME), id="system"
    ),
    Mutation("autoscaler-balances-zones", drop(RELEASE, *FLAGS, "balance-similar-node-groups", name=NAME)),
    Mutation("autoscaler-chooses-what-fits", put(RELEASE, "random", *FLAGS, "expander", name=NAME)),
    Mutation("autoscaler-waits-for-pods", put(RELEASE, 60, *FLAGS, "max-graceful-termination-sec", name=NAME)),
    Mutation("autoscaler-gives-up-on-a-zone", put(RELEASE, "15m", *FLAGS, "max-node-provision-time", name=NAME)),
    Mutation("autoscaler-survives-its-own-node", put(RELEASE, 1, "values", "replicaCount", name=NAME)),
    Mutation(
        "autoscaler-survives-its-own-node", drop(RELEASE, "values", "priorityClassName", name=NAME), id="priority"
    ),
    Mutation("autoscaler-knows-its-region", drop(RELEASE, "values", "awsRegion", name=NAME)),
    Mutation(
        "autoscaling-group-is-found", make(AUTO_SCALING_GROUP, {"tags": SPOT_TAGS, "vpcZoneIdentifiers": ["subnet-1"]})
    ),
    Mutation(
        "autoscaling-group-ends-no-node-by-itself",
        make(AUTO_SCALING_GROUP, {"vpcZoneIdentifiers": ["subnet-1", "subnet-2"]}),
    ),
]
