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
    Mutation("node-metadata-needs-a-token", put(LAUNCH_TEMPLATE, "optional", "metadataOptions", "httpTokens")),
    Mutation("node-metadata-stays-on-the-node", put(LAUNCH_TEMPLATE, 2, "metadataOptions", "httpPutResponseHopLimit")),
    Mutation("node-metadata-is-on", put(LAUNCH_TEMPLATE, "disabled", "metadataOptions", "httpEndpoint")),
    Mutation("node-volumes-are-encrypted", put(LAUNCH_TEMPLATE, "false", *DISK, "encrypted")),
    Mutation("node-volumes-are-encrypted", drop(LAUNCH_TEMPLATE, "blockDeviceMappings"), id="unset"),
    Mutation("node-volumes-have-own-key", drop(LAUNCH_TEMPLATE, *DISK, "kmsKeyId")),
    Mutation(
        "node-has-no-public-address", put(LAUNCH_TEMPLATE, [{"associatePublicIpAddress": "true"}], "networkInterfaces")
    ),
    Mutation("node-template-has-no-ssh-key", put(LAUNCH_TEMPLATE, "laptop", "keyName")),
    Mutation("node-group-has-no-ssh", put(NODE_GROUP, {"ec2SshKey": "laptop"}, "remoteAccess")),
    Mutation("node-user-data-holds-no-secret", put(LAUNCH_TEMPLATE, LEAKED, "userData")),
    Mutation(
        "node-user-data-holds-no-secret",
        put(LAUNCH_TEMPLATE, f"#!/bin/sh\necho {TOKENS['GitLab']}\n", "userData"),
        id="token",
    ),
    Mutation("kubelet-is-not-loosened", put(LAUNCH_TEMPLATE, LOOSE_KUBELET, "userData")),
    Mutation("node-image-is-maintained", put(NODE_GROUP, "AL2_ARM_64", "amiType")),
    Mutation("node-version-is-pinned", drop(NODE_GROUP, "version")),
    Mutation("node-group-has-alternatives", put(NODE_GROUP, ["m7g.xlarge"], "instanceTypes", name="apps-a")),
    Mutation("node-group-has-launch-template", drop(NODE_GROUP, "launchTemplate")),
    Mutation("node-is-monitored-in-detail", drop(LAUNCH_TEMPLATE, "monitoring")),
    Mutation("nodes-span-three-zones", _in_two_zones, also=("nat-gateway-is-in-the-same-zone",)),
    Mutation("node-group-is-in-one-zone", _over_two_zones),
    Mutation("node-update-is-bounded", put(NODE_GROUP, 100, "updateConfig", "maxUnavailablePercentage")),
    Mutation("node-update-is-bounded", put(NODE_GROUP, {"maxUnavailable": 19}, "updateConfig"), id="count"),
    Mutation("node-update-respects-workloads", put(NODE_GROUP, "MINIMAL", "updateConfig", "updateStrategy")),
    Mutation("node-update-respects-workloads", put(NODE_GROUP, True, "forceUpdateVersion"), id="force"),
    Mutation("node-repair-is-on", drop(NODE_GROUP, "nodeRepairConfig")),
    Mutation("node-repair-sees-more-than-the-kubelet", remove(ADDON, "eks-node-monitoring-agent")),
    Mutation("spot-group-has-alternatives", put(NODE_GROUP, "SPOT", "capacityType", name="system-a")),
    Mutation("cluster-keeps-on-demand-nodes", _all_spot, also=("cluster-has-system-nodes",)),
    Mutation("cluster-has-system-nodes", _without_taints),
    Mutation("cluster-has-system-nodes", _few_system_nodes, id="few"),
    Mutation("node-version-fits-the-control-plane", put(NODE_GROUP, "1.37", "version")),
    Mutation("node-version-fits-the-control-plane", put(NODE_GROUP, "1.32", "version"), id="old"),
    Mutation("node-group-size-is-the-autoscalers", _written_size),
]
