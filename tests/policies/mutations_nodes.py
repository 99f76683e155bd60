from __future__ import annotations

import base64

from policies.facts.aws import ADDON, LAUNCH_TEMPLATE, NODE_GROUP, SUBNET
from tests.policies.changes import drop, put, remove
from tests.policies.harness import Draft, Mutation
from tests.settings.secret_samples import TOKENS

DISK = ("blockDeviceMappings", 0, "ebs")
LEAKED = base64.b64encode(b"#!/bin/sh\nexport DB_PASSWORD=correct-horse\n").decode()
LOOSE_KUBELET = "kubelet:\n  config:\n    authentication:\n      anonymous: { enabled: true }\n"


def _in_two_zones(draft: Draft) -> None:
    for subnet in draft.all(SUBNET):
        if subnet.name == "private-eu-central-1c":
            subnet.inputs["availabilityZone"] = "eu-central-1b"


def _over_two_zones(draft: Draft) -> None:
    other = draft.get(SUBNET, "private-eu-central-1b")
    draft.get(NODE_GROUP, "apps-a").property_dependencies["subnetIds"].add(other.urn)


def _all_spot(draft: Draft) -> None:
    for group in draft.all(NODE_GROUP):
        group.inputs["capacityType"] = "SPOT"
        group.inputs["instanceTypes"] = ["m7g.large", "m6g.large", "m8g.large"]


def _without_taints(draft: Draft) -> None:
    for group in draft.all(NODE_GROUP):
        group.inputs["taints"] = []


def _few_system_nodes(draft: Draft) -> None:
    for group in draft.all(NODE_GROUP):
        if group.name in {"system-b", "system-c"}:
            group.inputs["scalingConfig"]["minSize"] = 0


def _written_size(draft: Draft) -> None:
    draft.get(NODE_GROUP, "apps-a").ignore_changes.clear()


NODES = [
    Mutation(
        rule="node-metadata-needs-a-token", change=put(LAUNCH_TEMPLATE, "optional", "metadataOptions", "httpTokens")
    ),
    Mutation(
        rule="node-metadata-stays-on-the-node",
        change=put(LAUNCH_TEMPLATE, 2, "metadataOptions", "httpPutResponseHopLimit"),
    ),
    Mutation(rule="node-metadata-is-on", change=put(LAUNCH_TEMPLATE, "disabled", "metadataOptions", "httpEndpoint")),
    Mutation(rule="node-volumes-are-encrypted", change=put(LAUNCH_TEMPLATE, "false", *DISK, "encrypted")),
    Mutation(rule="node-volumes-are-encrypted", change=drop(LAUNCH_TEMPLATE, "blockDeviceMappings"), id="unset"),
    Mutation(rule="node-volumes-have-own-key", change=drop(LAUNCH_TEMPLATE, *DISK, "kmsKeyId")),
    Mutation(
        rule="node-has-no-public-address",
        change=put(LAUNCH_TEMPLATE, [{"associatePublicIpAddress": "true"}], "networkInterfaces"),
    ),
    Mutation(rule="node-template-has-no-ssh-key", change=put(LAUNCH_TEMPLATE, "laptop", "keyName")),
    Mutation(rule="node-group-has-no-ssh", change=put(NODE_GROUP, {"ec2SshKey": "laptop"}, "remoteAccess")),
    Mutation(rule="node-user-data-holds-no-secret", change=put(LAUNCH_TEMPLATE, LEAKED, "userData")),
    Mutation(
        rule="node-user-data-holds-no-secret",
        id="token",
        change=put(LAUNCH_TEMPLATE, f"#!/bin/sh\necho {TOKENS['GitLab']}\n", "userData"),
    ),
    Mutation(rule="kubelet-is-not-loosened", change=put(LAUNCH_TEMPLATE, LOOSE_KUBELET, "userData")),
    Mutation(rule="node-image-is-maintained", change=put(NODE_GROUP, "AL2_ARM_64", "amiType")),
    Mutation(rule="node-version-is-pinned", change=drop(NODE_GROUP, "version")),
    Mutation(
        rule="node-group-has-alternatives", change=put(NODE_GROUP, ["m7g.xlarge"], "instanceTypes", name="apps-a")
    ),
    Mutation(rule="node-group-has-launch-template", change=drop(NODE_GROUP, "launchTemplate")),
    Mutation(rule="node-is-monitored-in-detail", change=drop(LAUNCH_TEMPLATE, "monitoring")),
    Mutation(rule="nodes-span-three-zones", change=_in_two_zones, also=("nat-gateway-is-in-the-same-zone",)),
    Mutation(rule="node-group-is-in-one-zone", change=_over_two_zones),
    Mutation(rule="node-update-is-bounded", change=put(NODE_GROUP, 100, "updateConfig", "maxUnavailablePercentage")),
    Mutation(rule="node-update-is-bounded", change=put(NODE_GROUP, {"maxUnavailable": 19}, "updateConfig"), id="count"),
    Mutation(
        rule="node-update-respects-workloads", change=put(NODE_GROUP, "MINIMAL", "updateConfig", "updateStrategy")
    ),
    Mutation(rule="node-update-respects-workloads", change=put(NODE_GROUP, True, "forceUpdateVersion"), id="force"),
    Mutation(rule="node-repair-is-on", change=drop(NODE_GROUP, "nodeRepairConfig")),
    Mutation(rule="node-repair-sees-more-than-the-kubelet", change=remove(ADDON, "eks-node-monitoring-agent")),
    Mutation(rule="spot-group-has-alternatives", change=put(NODE_GROUP, "SPOT", "capacityType", name="system-a")),
    Mutation(rule="cluster-keeps-on-demand-nodes", change=_all_spot, also=("cluster-has-system-nodes",)),
    Mutation(rule="cluster-has-system-nodes", change=_without_taints),
    Mutation(rule="cluster-has-system-nodes", change=_few_system_nodes, id="few"),
    Mutation(rule="node-version-fits-the-control-plane", change=put(NODE_GROUP, "1.37", "version")),
    Mutation(rule="node-version-fits-the-control-plane", change=put(NODE_GROUP, "1.32", "version"), id="old"),
    Mutation(rule="node-group-size-is-the-autoscalers", change=_written_size),
]
