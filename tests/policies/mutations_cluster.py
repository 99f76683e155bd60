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
    Mutation(rule="cluster-logs-everything", change=put(CLUSTER, ["api", "audit"], "enabledClusterLogTypes")),
    Mutation(rule="cluster-owns-its-log-group", change=remove(LOG_GROUP, LOG)),
    Mutation(
        rule="cluster-owns-its-log-group",
        change=reordered((CLUSTER, CONTROL_PLANE), (LOG_GROUP, LOG)),
        id="order",
    ),
    Mutation(rule="cluster-log-is-kept-a-year", change=put(LOG_GROUP, 30, "retentionInDays", name=LOG)),
    Mutation(rule="log-group-has-own-key", change=drop(LOG_GROUP, "kmsKeyId", name=LOG)),
    Mutation(rule="cluster-encrypts-secrets", change=drop(CLUSTER, "encryptionConfig")),
    Mutation(rule="cluster-endpoint-is-private", change=put(CLUSTER, False, "vpcConfig", "endpointPrivateAccess")),
    Mutation(
        rule="cluster-endpoint-is-private-only",
        change=all_of(
            put(CLUSTER, True, "vpcConfig", "endpointPublicAccess"),
            put(CLUSTER, ["203.0.113.0/24"], "vpcConfig", "publicAccessCidrs"),
        ),
    ),
    Mutation(
        rule="cluster-endpoint-is-not-open-to-the-world",
        stack="dev",  # its endpoint is public for one network
        change=put(CLUSTER, ["203.0.113.0/24", "0.0.0.0/0"], "vpcConfig", "publicAccessCidrs"),
    ),
    Mutation(
        rule="cluster-endpoint-is-not-open-to-the-world",
        stack="dev",
        change=put(CLUSTER, [], "vpcConfig", "publicAccessCidrs"),
        id="empty",
    ),
    Mutation(
        rule="cluster-endpoint-is-not-open-to-the-world",
        stack="dev",
        change=put(CLUSTER, ["0.0.0.0/1", "128.0.0.0/1"], "vpcConfig", "publicAccessCidrs"),
        id="halves",
    ),
    Mutation(
        rule="cluster-version-is-in-standard-support",
        change=put(CLUSTER, "1.33", "version"),
        also=("node-version-fits-the-control-plane", "autoscaler-fits-the-cluster"),
    ),
    Mutation(rule="cluster-version-is-in-standard-support", change=drop(CLUSTER, "version"), id="unset"),
    Mutation(
        rule="cluster-version-has-time-left",
        # The day of the tests is six days before the end.
        change=put(CLUSTER, "1.34", "version"),
        also=("autoscaler-fits-the-cluster", "node-version-fits-the-control-plane"),
    ),
    Mutation(rule="cluster-stays-in-standard-support", change=drop(CLUSTER, "upgradePolicy")),
    Mutation(
        rule="cluster-authenticates-by-access-entries",
        change=put(CLUSTER, "API_AND_CONFIG_MAP", "accessConfig", "authenticationMode"),
    ),
    Mutation(
        rule="aws-auth-is-not-written",
        change=make(CONFIG_MAP, {"metadata": {"name": "aws-auth", "namespace": "kube-system"}, "data": {}}),
    ),
    Mutation(
        rule="cluster-creator-is-no-administrator",
        change=drop(CLUSTER, "accessConfig", "bootstrapClusterCreatorAdminPermissions"),
    ),
    Mutation(rule="access-entry-is-no-master", change=put(ACCESS_ENTRY, ["system:masters"], "kubernetesGroups")),
    Mutation(
        rule="access-policy-is-namespaced",
        change=make(ACCESS_POLICY, {"policyArn": EDITOR, "principalArn": "a", "accessScope": {"type": "cluster"}}),
    ),
    Mutation(rule="cluster-administrators-are-few", change=_many_administrators),
    Mutation(rule="cluster-refuses-deletion", change=drop(CLUSTER, "deletionProtection")),
    Mutation(rule="cluster-shifts-away-from-a-zone", change=drop(CLUSTER, "zonalShiftConfig")),
    Mutation(rule="cluster-brings-no-self-managed-addons", change=drop(CLUSTER, "bootstrapSelfManagedAddons")),
    Mutation(rule="addon-is-pinned", change=drop(ADDON, "addonVersion")),
    Mutation(rule="addon-resolves-conflicts", change=drop(ADDON, "resolveConflictsOnUpdate")),
    Mutation(
        rule="vpc-cni-enforces-network-policy",
        change=drop_in_json(ADDON, "configurationValues", "enableNetworkPolicy", name="vpc-cni"),
    ),
    Mutation(
        rule="vpc-cni-denies-from-the-start",
        change=drop_in_json(ADDON, "configurationValues", "env", "NETWORK_POLICY_ENFORCING_MODE", name="vpc-cni"),
    ),
    Mutation(
        rule="prefix-delegation-has-room",
        change=put(SUBNET, "10.20.0.0/26", "cidrBlock", name="private-eu-central-1a"),
    ),
    Mutation(rule="cluster-spans-zones", change=_in_one_zone),
    Mutation(rule="node-security-group-admits-control-plane", change=_own_group([443, 10250])),
    Mutation(rule="one-security-group-has-the-cluster-tag", change=_two_tagged_groups),
    Mutation(rule="guardduty-watches-eks", change=_half_watched),
    Mutation(rule="autoscaled-cluster-has-metrics", change=remove(ADDON, "metrics-server")),
    Mutation(
        rule="metrics-server-survives-a-node",
        change=put_in_json(ADDON, 1, "configurationValues", "replicas", name="metrics-server"),
    ),
    Mutation(rule="coredns-scales-with-the-cluster", change=_without_values),
    Mutation(rule="cluster-has-a-default-storage-class", change=drop(STORAGE_CLASS, "metadata", "annotations")),
]
