"""The Cluster Autoscaler, its permissions, and the groups that it scales."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from infra.values import is_false, is_true, mapping, mappings, number, sequence, text, within
from policies.document_rule import document_rule
from policies.facts.aws import CLUSTER
from policies.facts.eks import metadata_is_closed, minor_of
from policies.facts.helm import is_chart
from policies.facts.iam import PolicyStatement, permissions
from policies.facts.objects import RELEASE, REPLICATED
from policies.facts.stack import Resource, Stack
from policies.rule import HIGH, LOW, MEDIUM, Family, Messages

AUTO_SCALING_GROUP = "aws:autoscaling/group:Group"

RESIZING = ("autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup")
ENABLED_TAG = "aws:resourcetag/k8s.io/cluster-autoscaler/enabled"
CLUSTER_TAG_PREFIX = "aws:resourcetag/k8s.io/cluster-autoscaler/"
GROUP_TAG = "k8s.io/cluster-autoscaler/enabled"
DEFAULT_TERMINATION_SECONDS = 600
"""The autoscaler's own default of `max-graceful-termination-sec`; it ends pods after it, whatever they ask for."""
MOST_PROVISION_SECONDS = 7 * 60
"""How long to wait for a node in a zone that gives none before trying another (EKS best practices; own figure)."""
UNIT_SECONDS = {"h": 3600, "m": 60, "s": 1}

family = Family(
    "Autoscaling", __doc__, url="https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md"
)


def duration_seconds(value: str) -> float | None:
    """Read a duration as Go writes it, such as `7m0s`."""
    parts = re.findall(r"(\d+(?:\.\d+)?)([hms])", value)
    if not parts or "".join(f"{amount}{unit}" for amount, unit in parts) != value:
        return None
    return sum(float(amount) * UNIT_SECONDS[unit] for amount, unit in parts)


def _flags(release: Resource) -> Mapping[str, Any]:
    return mapping(within(release.props, "values", "extraArgs"))


def _is_autoscaler(release: Resource) -> bool:
    return is_chart(release, "cluster-autoscaler")


@document_rule(family, "autoscaler-resizes-only-its-cluster", HIGH, "EKS best practices: cluster autoscaler")
def _resizes_own_groups(resource: Resource) -> Messages:
    """The autoscaler of one cluster ends nodes of another.

    Ask StringEquals on the tags k8s.io/cluster-autoscaler/enabled=true and .../<cluster>=owned.
    https://docs.aws.amazon.com/eks/latest/best-practices/cas.html
    """
    for statement in permissions(resource):
        if statement.is_total or not any(statement.may(action) for action in RESIZING):
            continue
        if not _is_pinned_to_cluster(statement):
            yield "may resize groups without asking for the tags of one cluster"


def _is_pinned_to_cluster(statement: PolicyStatement) -> bool:
    asked = statement.conditions.get("StringEquals", {})
    owned = [key for key in asked if key.startswith(CLUSTER_TAG_PREFIX) and key != ENABLED_TAG]
    return asked.get(ENABLED_TAG) == ("true",) and any(asked[key] == ("owned",) for key in owned)


@document_rule(family, "autoscaler-sees-empty-groups", MEDIUM, "Cluster Autoscaler on AWS")
def _sees_empty_groups(resource: Resource) -> Messages:
    """A group at 0 nodes is never scaled up, as nobody tells which labels and taints it would have.

    Allow eks:DescribeNodegroup on the cluster's node groups.
    https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md
    """
    found = list(permissions(resource))
    resizes = any(statement.may(RESIZING[0]) for statement in found)
    if resizes and not any(statement.may("eks:DescribeNodegroup") for statement in found):
        yield "may resize groups but not call eks:DescribeNodegroup, so a group at 0 nodes has no labels or taints"


@family.stack_rule("autoscaler-fits-the-cluster", HIGH, RELEASE, "EKS best practices: cluster autoscaler")
def _fits_the_cluster(release: Resource, stack: Stack) -> Messages:
    """An autoscaler of another minor simulates another scheduler, and makes nodes that help nobody.

    Set values.image.tag to a release of the cluster's minor.
    https://docs.aws.amazon.com/eks/latest/best-practices/cas.html
    """
    if not _is_autoscaler(release):
        return
    tag = text(release.props, "values", "image", "tag")
    own = minor_of(tag)
    for cluster in stack.of_type(CLUSTER):
        theirs = minor_of(text(cluster.props, "version"))
        if own is None:
            yield "values.image.tag is not set; the chart's own may be of another minor than the cluster"
        elif theirs is not None and own != theirs:
            yield f"runs {tag} on version 1.{theirs}"


@family.rule("autoscaler-lets-nodes-leave", MEDIUM, RELEASE, "Cluster Autoscaler FAQ")
def _nodes_can_leave(release: Resource) -> Messages:
    """Nodes that are nearly empty stay for ever and are paid for.

    Set skip-nodes-with-local-storage and skip-nodes-with-system-pods to false in values.extraArgs.
    """
    if not _is_autoscaler(release):
        return
    for flag, what in {
        "skip-nodes-with-local-storage": "an emptyDir",
        "skip-nodes-with-system-pods": "a pod of kube-system",
    }.items():
        if not is_false(_flags(release), flag):
            yield f"values.extraArgs.{flag} is not off: a node with {what} never leaves"


@family.rule("autoscaler-balances-zones", MEDIUM, RELEASE, "EKS best practices: cluster autoscaler")
def _zones_are_balanced(release: Resource) -> Messages:
    """New nodes all come up in one zone, and go with it.

    Set balance-similar-node-groups to true in values.extraArgs.
    """
    if _is_autoscaler(release) and not is_true(_flags(release), "balance-similar-node-groups"):
        yield "values.extraArgs.balance-similar-node-groups is not on: one zone gets all the new nodes"


@family.rule("autoscaler-chooses-what-fits", LOW, RELEASE, "EKS best practices: cluster autoscaler")
def _expander_is_chosen(release: Resource) -> Messages:
    """A big node is made for a small pod, at random.

    Set expander to least-waste, or to priority,least-waste, in values.extraArgs.
    """
    if not _is_autoscaler(release):
        return
    chosen = text(_flags(release), "expander")
    if not {"least-waste", "priority"} & {part.strip() for part in chosen.split(",")}:
        yield f"values.extraArgs.expander is {chosen or 'not set'}, so the group that grows is not the one that fits"


@family.stack_rule("autoscaler-waits-for-pods", HIGH, RELEASE, "Cluster Autoscaler FAQ")
def _waits_for_pods(release: Resource, stack: Stack) -> Messages:
    """Pods that still answer are killed when their node is taken away.

    Set max-graceful-termination-sec to the longest terminationGracePeriodSeconds or more.
    """
    if not _is_autoscaler(release):
        return
    waits = number(_flags(release), "max-graceful-termination-sec")
    waits = DEFAULT_TERMINATION_SECONDS if waits is None else waits
    for workload in stack.of_type(*REPLICATED):
        grace = number(workload.props, "spec", "template", "spec", "terminationGracePeriodSeconds")
        if grace is not None and grace > waits:
            yield f"ends pods after {waits:.0f} s, but those of {workload.label} ask for {grace:.0f} s"


@family.rule("autoscaler-gives-up-on-a-zone", MEDIUM, RELEASE, "EKS best practices: cluster autoscaler")
def _gives_up_on_a_zone(release: Resource) -> Messages:
    """A quarter of an hour passes before another zone is asked for the node that one cannot give.

    Set max-node-provision-time to 7m or less in values.extraArgs.
    """
    if not _is_autoscaler(release):
        return
    waits = duration_seconds(text(_flags(release), "max-node-provision-time"))
    if waits is None or waits > MOST_PROVISION_SECONDS:
        yield "values.extraArgs.max-node-provision-time is longer than 7m: a zone without capacity holds everything up"


@family.rule("autoscaler-survives-its-own-node", MEDIUM, RELEASE, "Cluster Autoscaler FAQ")
def _survives_its_own_node(release: Resource) -> Messages:
    """The node with the autoscaler goes, and with it what would make a new one.

    Set replicaCount 2, podDisruptionBudget, requests and priorityClassName system-cluster-critical.
    """
    if not _is_autoscaler(release):
        return
    values = within(release.props, "values")
    if (number(values, "replicaCount") or 1) < 2:
        yield "values.replicaCount is below 2"
    if not mapping(within(values, "podDisruptionBudget")):
        yield "values.podDisruptionBudget is not set"
    if text(values, "priorityClassName") not in {"system-cluster-critical", "system-node-critical"}:
        yield "values.priorityClassName is not system-cluster-critical: under load it is the one that must go"
    if not mapping(within(values, "resources", "requests")):
        yield "values.resources.requests is not set"


@family.stack_rule("autoscaler-knows-its-region", HIGH, RELEASE, "AWS Load Balancer Controller issue 2231")
def _knows_its_region(release: Resource, stack: Stack) -> Messages:
    """With a hop limit of 1 pods cannot ask where they are, and the autoscaler never starts.

    Set values.awsRegion.
    https://docs.aws.amazon.com/eks/latest/best-practices/cas.html
    """
    if not _is_autoscaler(release) or not metadata_is_closed(stack):
        return
    environment = mapping(within(release.props, "values", "extraEnv"))
    if not text(release.props, "values", "awsRegion") and not environment.get("AWS_REGION"):
        yield "values.awsRegion is not set, and pods cannot ask the node's metadata for it"


@family.rule("autoscaling-group-is-found", MEDIUM, AUTO_SCALING_GROUP, "Cluster Autoscaler on AWS")
def _group_is_found(group: Resource) -> Messages:
    """The autoscaler does not see the group, and pods stay Pending beside it.

    Tag the group k8s.io/cluster-autoscaler/enabled=true and .../<cluster>=owned.
    https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md
    """
    tags = {text(tag, "key") for tag in mappings(group.props, "tags")}
    is_of_cluster = any(tag.startswith("kubernetes.io/cluster/") for tag in tags)
    if is_of_cluster and GROUP_TAG not in tags:
        yield f"holds nodes of a cluster but lacks the tag {GROUP_TAG}, so the autoscaler does not see it"


@family.rule("autoscaling-group-ends-no-node-by-itself", MEDIUM, AUTO_SCALING_GROUP, "Cluster Autoscaler on AWS")
def _group_ends_no_node_by_itself(group: Resource) -> Messages:
    """Auto Scaling evens out zones by ending nodes, without a drain and over disruption budgets.

    Make one group per zone, or put AZRebalance into suspended_processes.
    https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md
    """
    zones = sequence(group.props.get("vpcZoneIdentifiers")) or sequence(group.props.get("availabilityZones"))
    suspended = sequence(group.props.get("suspendedProcesses"))
    if len(zones) > 1 and "AZRebalance" not in suspended:
        yield "spans zones and does not suspend AZRebalance, which ends nodes without a drain"
