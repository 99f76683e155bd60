"""Launch templates and node groups."""

from __future__ import annotations

import base64
import binascii
import re

from infra.secret_texts.texts import in_text
from infra.values import is_true, mapping, mappings, number, sequence, text, texts
from infra.versions import MOST_MINORS_BEHIND
from policies.facts.aws import CLUSTER, LAUNCH_TEMPLATE, MACHINES, NODE_GROUP, SUBNET
from policies.facts.eks import addons, clusters_of, minor_of, of_cluster, zones
from policies.facts.stack import Resource, Stack
from policies.facts.unknown import is_set
from policies.rule import CRITICAL, HIGH, LOW, MEDIUM, Family, Messages, must_be_on

METADATA_DEFAULTS = "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults"

MOST_UNAVAILABLE_PERCENT = 33
"""terraform-aws-eks's own default for managed node groups."""
FEWEST_SPOT_TYPES = 3
"""EKS user guide, "Managed node group capacity types"."""
FEWEST_SYSTEM_NODES = 2
ZONES_THAT_SURVIVE_ONE = 3
"""With two zones the loss of one makes half of the nodes unready, and the Cluster Autoscaler stops above 45 %
(`max-total-unready-percentage`)."""

KUBELET_LOOSENED = re.compile(
    r"anonymous-auth[=\s]+true|anonymous:\s*\{?\s*enabled:\s*true|authorization-mode[=\s]+AlwaysAllow"
    r"|mode:\s*AlwaysAllow|read-?only-?port[=:\s\"]+[1-9]|streaming-?connection-?idle-?timeout[=:\s\"]+0\b"
    r"|protect-?kernel-?defaults[=:\s\"]+false|rotate-?certificates[=:\s\"]+false",
    re.IGNORECASE,
)
"""Flags and fields by which user data undoes what the image sets (CIS EKS 3.2.1 to 3.2.9)."""

family = Family("Nodes", __doc__)


def user_data(resource: Resource) -> str:
    """Return the user data in plain, however it is encoded."""
    raw = text(resource.props, "userData") or text(resource.props, "userDataBase64")
    try:
        return base64.b64decode(raw, validate=True).decode("utf-8", errors="replace")
    except (binascii.Error, ValueError):
        return raw


@family.rule(
    "node-metadata-needs-a-token",
    CRITICAL,
    (LAUNCH_TEMPLATE, *MACHINES, METADATA_DEFAULTS),
    "Security Hub EC2.8",
    "Security Hub AutoScaling.3",
    "CKV_AWS_79",
)
def _tokens_are_required(template: Resource) -> Messages:
    """A request that an app is tricked into gets the node's credentials from the metadata service.

    Set metadata_options.http_tokens to required.
    https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html
    """
    if template.type == METADATA_DEFAULTS:
        if text(template.props, "httpTokens") not in {"", "required", "no-preference"}:
            yield "httpTokens is not required for the machines of the whole region"
        return
    options = mapping(template.props.get("metadataOptions"))
    of_template = template.type != LAUNCH_TEMPLATE and not options and mapping(template.props.get("launchTemplate"))
    off = text(options, "httpEndpoint") == "disabled"
    if text(options, "httpTokens") != "required" and not of_template and not off:
        yield "metadataOptions.httpTokens is not required"


@family.rule("node-metadata-stays-on-the-node", HIGH, LAUNCH_TEMPLATE, "Security Hub AutoScaling.4", "CKV_AWS_341")
def _hop_limit_is_one(template: Resource) -> Messages:
    """Every pod can take the node's credentials.

    Set metadata_options.http_put_response_hop_limit to 1, and give controllers region and VPC id.
    https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html
    """
    limit = number(template.props, "metadataOptions", "httpPutResponseHopLimit")
    if limit != 1:
        yield f"metadataOptions.httpPutResponseHopLimit is {'not set' if limit is None else f'{limit:.0f}'}, not 1"


@family.rule("node-metadata-is-on", HIGH, LAUNCH_TEMPLATE, "EKS best practices: identity")
def _metadata_is_on(template: Resource) -> Messages:
    """A node without metadata service cannot find its region and never joins.

    Leave metadata_options.http_endpoint enabled.
    https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html
    """
    if text(template.props, "metadataOptions", "httpEndpoint") == "disabled":
        yield "metadataOptions.httpEndpoint is disabled, so the node cannot find its own region and never joins"


@family.rule(
    "node-volumes-are-encrypted",
    HIGH,
    LAUNCH_TEMPLATE,
    "Security Hub EC2.3",
    "Security Hub EC2.7",
    "AWSGuard encrypted-volumes",
)
def _volumes_are_encrypted(template: Resource) -> Messages:
    """Images, logs and emptyDir volumes lie unencrypted on the disks of nodes.

    Set block_device_mappings with ebs.encrypted true for each device.
    https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html
    """
    devices = mappings(template.props, "blockDeviceMappings")
    if not devices:
        yield "blockDeviceMappings is not set, so the account's default decides whether the root volume is encrypted"
    for device in devices:
        if mapping(device.get("ebs")) and not is_true(device, "ebs", "encrypted"):
            yield f"{text(device, 'deviceName')}: ebs.encrypted is not true"


@family.rule("node-volumes-have-own-key", LOW, LAUNCH_TEMPLATE, "Security Hub EC2.3")
def _volumes_have_own_key(template: Resource) -> Messages:
    """A snapshot shared by mistake can be read, as AWS's own key follows the account.

    Set ebs.kms_key_id to a key that lets the Auto Scaling service role use it.
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html
    """
    for device in mappings(template.props, "blockDeviceMappings"):
        if is_true(device, "ebs", "encrypted") and not is_set(device, "ebs", "kmsKeyId"):
            yield f"{text(device, 'deviceName')}: ebs.kmsKeyId is not set"


@family.rule(
    "node-has-no-public-address", HIGH, LAUNCH_TEMPLATE, "Security Hub EC2.9", "Security Hub EC2.25", "CKV_AWS_88"
)
def _interface_is_private(template: Resource) -> Messages:
    """The kubelet and every NodePort are on the internet.

    Leave associate_public_ip_address out, or set it to False.
    https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html
    """
    for interface in mappings(template.props, "networkInterfaces"):
        if is_true(interface, "associatePublicIpAddress"):
            yield "networkInterfaces gives nodes a public address"


@family.rule("node-template-has-no-ssh-key", MEDIUM, LAUNCH_TEMPLATE, "CKV_AWS_100")
def _template_has_no_ssh_key(template: Resource) -> Messages:
    """A private key that nobody rotates opens every node.

    Remove key_name; use Session Manager where a shell is needed.
    https://docs.aws.amazon.com/eks/latest/best-practices/protecting-the-infrastructure.html
    """
    if template.props.get("keyName"):
        yield "keyName is set"


@family.rule("node-group-has-no-ssh", HIGH, NODE_GROUP, "CKV_AWS_100")
def _group_has_no_ssh(group: Resource) -> Messages:
    """Remote access without a source group opens port 22 of every node to the whole internet.

    Remove remote_access; use Session Manager where a shell is needed.
    https://docs.aws.amazon.com/eks/latest/best-practices/protecting-the-infrastructure.html
    """
    if mapping(group.props.get("remoteAccess")):
        yield "remoteAccess is set"


@family.rule("node-user-data-holds-no-secret", CRITICAL, (LAUNCH_TEMPLATE, *MACHINES), "CKV_AWS_46")
def _user_data_holds_no_secret(template: Resource) -> Messages:
    """User data is readable for everybody who reaches the metadata service or may describe templates.

    Read the secret from Secrets Manager at start, and rotate the one that leaked.
    https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html
    """
    if in_text(user_data(template)):
        yield "user data holds what looks like a key or a password; every pod that reaches the metadata can read it"


@family.rule(
    "kubelet-is-not-loosened",
    CRITICAL,
    (LAUNCH_TEMPLATE, *MACHINES),
    "CIS EKS 3.2.1",
    "CIS EKS 3.2.2",
    "CIS EKS 3.2.4",
    "CIS EKS 3.2.5",
    "CIS EKS 3.2.6",
)
def _kubelet_is_not_loosened(template: Resource) -> Messages:
    """A kubelet that asks for no name and no permission runs anybody's commands in anybody's pods.

    Remove the kubelet setting from user data; the image's own is right.
    https://docs.aws.amazon.com/eks/latest/best-practices/protecting-the-infrastructure.html
    """
    found = KUBELET_LOOSENED.search(user_data(template))
    if found:
        yield f"user data sets {found.group(0).strip()!r}"


@family.rule("node-version-is-pinned", MEDIUM, NODE_GROUP, "EKS best practices: protecting the infrastructure")
def _release_is_pinned(group: Resource) -> Messages:
    """Node groups made on two days run different images, and a replacement changes what runs unasked.

    Set version, or release_version for one exact image.
    https://docs.aws.amazon.com/eks/latest/best-practices/protecting-the-infrastructure.html
    """
    if not is_set(group.props, "version") and not is_set(group.props, "releaseVersion"):
        yield "neither version nor releaseVersion is set"


@family.rule("node-group-has-alternatives", LOW, NODE_GROUP, "Security Hub AutoScaling.6")
def _has_alternatives(group: Resource) -> Messages:
    """When the zone is out of the one instance type, no node comes.

    Name a second instance type of the same size.
    https://docs.aws.amazon.com/securityhub/latest/userguide/autoscaling-controls.html
    """
    types = texts(group.props, "instanceTypes")
    if len(types) == 1 and text(group.props, "capacityType") != "SPOT":
        yield f"{types[0]} is its only instance type"


@family.rule("node-group-has-launch-template", HIGH, NODE_GROUP, "Security Hub AutoScaling.9")
def _has_launch_template(group: Resource) -> Messages:
    """Without a launch template EKS decides on disks, metadata and tags, with a hop limit of 2.

    Make an aws.ec2.LaunchTemplate and name its id and version.
    https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
    """
    if not mapping(group.props.get("launchTemplate")):
        yield "launchTemplate is not set"


@family.rule("node-is-monitored-in-detail", LOW, LAUNCH_TEMPLATE, "AWSGuard ec2-instance-detailed-monitoring")
def _is_monitored(template: Resource) -> Messages:
    """Figures every five minutes hide the peak that broke it.

    Set monitoring.enabled=True.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/manage-detailed-monitoring.html
    """
    return must_be_on(template, "monitoring", "enabled")


@family.stack_rule("nodes-span-three-zones", MEDIUM, CLUSTER, "Cluster Autoscaler flags")
def _nodes_span_zones(cluster: Resource, stack: Stack) -> Messages:
    """With nodes in two zones the loss of one is half of them, and the autoscaler stops at 45 %.

    Put node groups into three availability zones.
    https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md
    """
    groups = of_cluster(stack, cluster, NODE_GROUP)
    found = {zone for group in groups for zone in zones(stack, group, "subnetIds")}
    if any(stack.dependencies(group, "subnetIds", SUBNET) for group in groups) and len(found) < ZONES_THAT_SURVIVE_ONE:
        yield f"its nodes are in {len(found)} zones: the loss of one stops the autoscaler"


@family.stack_rule("node-group-is-in-one-zone", MEDIUM, NODE_GROUP, "EKS best practices: cluster autoscaler")
def _group_is_in_one_zone(group: Resource, stack: Stack) -> Messages:
    """A pod that must run in one zone stays Pending, and zone rebalancing ends nodes without a drain.

    Make one node group per zone, identical otherwise, and balance-similar-node-groups.
    https://docs.aws.amazon.com/eks/latest/best-practices/cas.html
    """
    found = zones(stack, group, "subnetIds")
    if len(found) > 1:
        yield f"spans {', '.join(sorted(found))}: the autoscaler cannot ask for a node in one of them"


@family.rule(
    "node-update-is-bounded",
    MEDIUM,
    NODE_GROUP,
    "EKS user guide: managed node update behavior",
    remediation=f"Set update_config.max_unavailable_percentage to {MOST_UNAVAILABLE_PERCENT} or less.",
)
def _update_is_bounded(group: Resource) -> Messages:
    """An update of the nodes takes more away at once than the rest can carry.

    https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
    """
    percentage = number(group.props, "updateConfig", "maxUnavailablePercentage")
    count = number(group.props, "updateConfig", "maxUnavailable")
    size = number(group.props, "scalingConfig", "maxSize") or 0
    if percentage is not None and percentage > MOST_UNAVAILABLE_PERCENT:
        yield f"updateConfig takes {percentage:.0f} % of the nodes away at once"
    if count is not None and count > 1 and count * 100 > size * MOST_UNAVAILABLE_PERCENT:
        yield f"updateConfig takes {count:.0f} of at most {size:.0f} nodes away at once"


@family.rule("node-update-respects-workloads", HIGH, NODE_GROUP, "EKS user guide: managed node update behavior")
def _update_adds_before_it_takes(group: Resource) -> Messages:
    """An update ends pods that have nowhere to go yet, over their disruption budgets.

    Set update_config.update_strategy to DEFAULT and leave force_update_version out.
    https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
    """
    if text(group.props, "updateConfig", "updateStrategy") == "MINIMAL":
        yield "updateConfig.updateStrategy is MINIMAL, which takes nodes away before new ones are there"
    if is_true(group.props, "forceUpdateVersion"):
        yield "forceUpdateVersion is on: an update goes over PodDisruptionBudgets"


@family.rule("node-repair-is-on", MEDIUM, NODE_GROUP, "EKS user guide: node health")
def _nodes_are_repaired(group: Resource) -> Messages:
    """A broken node stays until somebody notices, and its pods with it.

    Set node_repair_config.enabled=True.
    https://docs.aws.amazon.com/eks/latest/userguide/node-health.html
    """
    return must_be_on(group, "nodeRepairConfig", "enabled")


@family.stack_rule("node-repair-sees-more-than-the-kubelet", LOW, NODE_GROUP, "EKS user guide: node health")
def _repair_sees_nodes(group: Resource, stack: Stack) -> Messages:
    """A full disk or a broken network is not noticed, as only a dead kubelet is.

    Add the managed add-on eks-node-monitoring-agent.
    https://docs.aws.amazon.com/eks/latest/userguide/node-health.html
    """
    if is_true(group.props, "nodeRepairConfig", "enabled") and not addons(stack, "eks-node-monitoring-agent"):
        yield "is repaired, but without the add-on eks-node-monitoring-agent only a dead kubelet is noticed"


@family.rule(
    "spot-group-has-alternatives",
    MEDIUM,
    NODE_GROUP,
    "EKS user guide: managed node group capacity types",
    remediation=f"Name at least {FEWEST_SPOT_TYPES} instance types with the same CPU and memory.",
)
def _spot_has_alternatives(group: Resource) -> Messages:
    """Spot capacity of one type is taken back everywhere at once.

    https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html
    """
    types = texts(group.props, "instanceTypes")
    if text(group.props, "capacityType") == "SPOT" and len(types) < FEWEST_SPOT_TYPES:
        yield f"asks for spot capacity of {len(types)} instance types, fewer than {FEWEST_SPOT_TYPES}"


@family.stack_rule("cluster-keeps-on-demand-nodes", HIGH, CLUSTER, "EKS best practices: cluster autoscaler")
def _spot_is_not_alone(cluster: Resource, stack: Stack) -> Messages:
    """A cluster on spot alone can lose every node within two minutes, DNS and autoscaler with them.

    Add an on-demand node group for what must not go away.
    https://docs.aws.amazon.com/eks/latest/best-practices/cas.html
    """
    groups = of_cluster(stack, cluster, NODE_GROUP)
    if groups and all(text(group.props, "capacityType") == "SPOT" for group in groups):
        yield "all its node groups are spot: it can lose every node within two minutes"


@family.stack_rule("cluster-has-system-nodes", MEDIUM, CLUSTER, "EKS best practices: scalability")
def _has_system_nodes(cluster: Resource, stack: Stack) -> Messages:
    """An app that fills the nodes pushes out DNS and the autoscaler that would make new ones.

    Add a tainted on-demand node group of at least two nodes and let controllers tolerate the taint.
    https://docs.aws.amazon.com/eks/latest/best-practices/scale-data-plane.html
    """
    groups = of_cluster(stack, cluster, NODE_GROUP)
    tainted = [group for group in groups if sequence(group.props.get("taints"))]
    system = [group for group in tainted if text(group.props, "capacityType") != "SPOT"]
    nodes = sum(number(group.props, "scalingConfig", "minSize") or 0 for group in system)
    if groups and not system:
        yield "has no tainted on-demand node group for DNS, autoscaler and controllers"
    elif system and nodes < FEWEST_SYSTEM_NODES:
        yield f"its system node groups keep {nodes:.0f} nodes, fewer than {FEWEST_SYSTEM_NODES}"


@family.stack_rule("node-version-fits-the-control-plane", HIGH, NODE_GROUP, "Kubernetes version skew policy")
def _is_not_too_old(group: Resource, stack: Stack) -> Messages:
    """Kubelets newer than the API server, or too old for it, are refused.

    Upgrade the control plane first, one minor at a time, then the node groups.
    https://kubernetes.io/releases/version-skew-policy/
    """
    own = minor_of(text(group.props, "version"))
    for cluster in clusters_of(stack, group):
        theirs = minor_of(text(cluster.props, "version"))
        if own is None or theirs is None:
            continue
        if own > theirs:
            yield f"version 1.{own} is newer than the control plane's 1.{theirs}"
        elif theirs - own > MOST_MINORS_BEHIND:
            yield f"version 1.{own} is more than {MOST_MINORS_BEHIND} minors behind the control plane's 1.{theirs}"


@family.rule("node-group-size-is-the-autoscalers", HIGH, NODE_GROUP, "terraform-aws-eks FAQ")
def _desired_size_is_left_alone(group: Resource) -> Messages:
    """Each update sets the fleet back to the written size, in the middle of the load.

    Add ignore_changes=["scalingConfig.desiredSize"] and steer with min_size and max_size.
    https://github.com/terraform-aws-modules/terraform-aws-eks/blob/master/docs/faq.md
    """
    ignored = group.ignores_changes_of("scalingConfig.desiredSize")
    smallest = number(group.props, "scalingConfig", "minSize")
    largest = number(group.props, "scalingConfig", "maxSize")
    scales = smallest is not None and largest is not None and smallest != largest
    if scales and number(group.props, "scalingConfig", "desiredSize") is not None and not ignored:
        yield "scalingConfig.desiredSize is written and not ignored: each update undoes the autoscaler's work"


@family.rule("node-image-is-maintained", HIGH, NODE_GROUP, "CIS EKS 3.1.1")
def _image_is_current(group: Resource) -> Messages:
    """Amazon Linux 2 gets no EKS images since 1.33, so nodes stay unpatched.

    Set ami_type to an AL2023 or Bottlerocket one.
    https://docs.aws.amazon.com/eks/latest/userguide/eks-ami-deprecation-faqs.html
    """
    kind = text(group.props, "amiType")
    if kind.startswith("AL2_"):
        yield f"amiType {kind} is Amazon Linux 2, which gets no images for this version of Kubernetes"
