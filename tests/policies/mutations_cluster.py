from __future__ import annotations

from policies.facts.aws import (
    ACCESS_POLICY,
    ADDON,
    CLUSTER,
    INGRESS_RULE,
    LAUNCH_TEMPLATE,
    LOG_GROUP,
    SECURITY_GROUP,
    SUBNET,
)
from policies.facts.objects import CONFIG_MAP, STORAGE_CLASS
from policies.families.cluster import ACCESS_ENTRY, DETECTOR, DETECTOR_FEATURE
from tests.policies.changes import Change, all_of, drop, drop_in_json, make, put, put_in_json, remove, reordered
from tests.policies.harness import Draft, Mutation

CONTROL_PLANE = "cluster-eksCluster"
LOG = "control-plane-log"
ADMINISTRATOR = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
EDITOR = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy"


def _in_one_zone(draft: Draft) -> None:
    for subnet in draft.all(SUBNET):
        if subnet.name.startswith("control-plane-"):
            subnet.inputs["availabilityZone"] = "eu-central-1a"


def _many_administrators(draft: Draft) -> None:
    cluster = draft.get(CLUSTER)
    for index in range(3):
        principal = f"arn:aws:iam::777788889999:role/person-{index}"
        inputs = {"policyArn": ADMINISTRATOR, "principalArn": principal, "accessScope": {"type": "cluster"}}
        draft.add(ACCESS_POLICY, f"person-{index}", inputs, takes={"clusterName": cluster})


def _own_group(ports: list[int]) -> Change:
    def change(draft: Draft) -> None:
        template = draft.get(LAUNCH_TEMPLATE, "apps")
        group = draft.add(SECURITY_GROUP, "nodes", {"description": "Nodes"})
        template.inputs["vpcSecurityGroupIds"] = ["sg-1"]
        template.property_dependencies["vpcSecurityGroupIds"] = {group.urn}
        for port in ports:
            rule = {"ipProtocol": "tcp", "fromPort": port, "toPort": port, "description": "From the control plane"}
            draft.add(INGRESS_RULE, f"nodes-{port}", rule, takes={"securityGroupId": group})

    return change


def _two_tagged_groups(draft: Draft) -> None:
    template = draft.get(LAUNCH_TEMPLATE, "apps")
    groups = [
        draft.add(
            SECURITY_GROUP,
            name,
            {
                "description": "Nodes",
                "tags": {"kubernetes.io/cluster/nightowl-prod": "owned"},
                "ingress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "self": True, "description": "Each other"}],
            },
        )
        for name in ("one", "two")
    ]
    template.inputs["vpcSecurityGroupIds"] = ["sg-1", "sg-2"]
    template.property_dependencies["vpcSecurityGroupIds"] = {group.urn for group in groups}


def _half_watched(draft: Draft) -> None:
    detector = draft.add(DETECTOR, "detector", {"enable": True})
    feature = {"name": "EKS_AUDIT_LOGS", "status": "ENABLED"}
    draft.add(DETECTOR_FEATURE, "audit", feature, takes={"detectorId": detector})


def _without_values(draft: Draft) -> None:
    del draft.of(ADDON, "coredns")["configurationValues"]


CLUSTER_MUTATIONS = [
    Mutation("cluster-logs-everything", put(CLUSTER, ["api", "audit"], "enabledClusterLogTypes")),
    Mutation("cluster-owns-its-log-group", remove(LOG_GROUP, LOG)),
    Mutation("cluster-owns-its-log-group", reordered((CLUSTER, CONTROL_PLANE), (LOG_GROUP, LOG)), id="order"),
    Mutation("cluster-log-is-kept-a-year", put(LOG_GROUP, 30, "retentionInDays", name=LOG)),
    Mutation("log-group-has-own-key", drop(LOG_GROUP, "kmsKeyId", name=LOG)),
    Mutation("cluster-encrypts-secrets", drop(CLUSTER, "encryptionConfig")),
    Mutation("cluster-endpoint-is-private", put(CLUSTER, False, "vpcConfig", "endpointPrivateAccess")),
    Mutation(
        "cluster-endpoint-is-private-only",
        all_of(
            put(CLUSTER, True, "vpcConfig", "endpointPublicAccess"),
            put(CLUSTER, ["203.0.113.0/24"], "vpcConfig", "publicAccessCidrs"),
        ),
    ),
    Mutation(
        "cluster-endpoint-is-not-open-to-the-world",
        put(CLUSTER, ["203.0.113.0/24", "0.0.0.0/0"], "vpcConfig", "publicAccessCidrs"),
        stack="dev",  # its endpoint is public for one network
    ),
    Mutation(
        "cluster-endpoint-is-not-open-to-the-world",
        put(CLUSTER, [], "vpcConfig", "publicAccessCidrs"),
        stack="dev",
        id="empty",
    ),
    Mutation(
        "cluster-endpoint-is-not-open-to-the-world",
        put(CLUSTER, ["0.0.0.0/1", "128.0.0.0/1"], "vpcConfig", "publicAccessCidrs"),
        stack="dev",
        id="halves",
    ),
    Mutation(
        "cluster-version-is-in-standard-support",
        put(CLUSTER, "1.33", "version"),
        also=("node-version-fits-the-control-plane", "autoscaler-fits-the-cluster"),
    ),
    Mutation("cluster-version-is-in-standard-support", drop(CLUSTER, "version"), id="unset"),
    Mutation(
        "cluster-version-has-time-left",
        put(CLUSTER, "1.34", "version"),  # the day of the tests is six days before the end of its support
        also=("autoscaler-fits-the-cluster", "node-version-fits-the-control-plane"),
    ),
    Mutation("cluster-stays-in-standard-support", drop(CLUSTER, "upgradePolicy")),
    Mutation(
        "cluster-authenticates-by-access-entries",
        put(CLUSTER, "API_AND_CONFIG_MAP", "accessConfig", "authenticationMode"),
    ),
    Mutation(
        "aws-auth-is-not-written",
        make(CONFIG_MAP, {"metadata": {"name": "aws-auth", "namespace": "kube-system"}, "data": {}}),
    ),
    Mutation(
        "cluster-creator-is-no-administrator", drop(CLUSTER, "accessConfig", "bootstrapClusterCreatorAdminPermissions")
    ),
    Mutation("access-entry-is-no-master", put(ACCESS_ENTRY, ["system:masters"], "kubernetesGroups")),
    Mutation(
        "access-policy-is-namespaced",
        make(ACCESS_POLICY, {"policyArn": EDITOR, "principalArn": "a", "accessScope": {"type": "cluster"}}),
    ),
    Mutation("cluster-administrators-are-few", _many_administrators),
    Mutation("cluster-refuses-deletion", drop(CLUSTER, "deletionProtection")),
    Mutation("cluster-shifts-away-from-a-zone", drop(CLUSTER, "zonalShiftConfig")),
    Mutation("cluster-brings-no-self-managed-addons", drop(CLUSTER, "bootstrapSelfManagedAddons")),
    Mutation("addon-is-pinned", drop(ADDON, "addonVersion")),
    Mutation("addon-resolves-conflicts", drop(ADDON, "resolveConflictsOnUpdate")),
    Mutation(
        "vpc-cni-enforces-network-policy",
        drop_in_json(ADDON, "configurationValues", "enableNetworkPolicy", name="vpc-cni"),
    ),
    Mutation(
        "vpc-cni-denies-from-the-start",
        drop_in_json(ADDON, "configurationValues", "env", "NETWORK_POLICY_ENFORCING_MODE", name="vpc-cni"),
    ),
    Mutation("prefix-delegation-has-room", put(SUBNET, "10.20.0.0/26", "cidrBlock", name="private-eu-central-1a")),
    Mutation("cluster-spans-zones", _in_one_zone),
    Mutation("node-security-group-admits-control-plane", _own_group([443, 10250])),
    Mutation("one-security-group-has-the-cluster-tag", _two_tagged_groups),
    Mutation("guardduty-watches-eks", _half_watched),
    Mutation("autoscaled-cluster-has-metrics", remove(ADDON, "metrics-server")),
    Mutation(
        "metrics-server-survives-a-node",
        put_in_json(ADDON, 1, "configurationValues", "replicas", name="metrics-server"),
    ),
    Mutation("coredns-scales-with-the-cluster", _without_values),
    Mutation("cluster-has-a-default-storage-class", drop(STORAGE_CLASS, "metadata", "annotations")),
]
