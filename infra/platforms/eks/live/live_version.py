"""What the cluster runs today against what the stack file asks for: EKS takes one step at a time, up or back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pulumi
import pulumi_aws as aws

from infra.platforms.eks.context import AwsContext
from infra.settings.eks.cluster import ClusterSettings
from infra.settings.problems import refusal
from infra.system import clock
from infra.versions import INSTALLABLE_VERSIONS, KUBERNETES_VERSIONS, minor_of, support_notice

KEY = "nightowl:cluster.version"
DAYS_TO_GO_BACK = 7
"""How long after an upgrade EKS takes it back, by one minor version (EKS user guide, "Roll back a cluster to a previous
Kubernetes version"; read 2026-11-26)."""


@dataclass(frozen=True, kw_only=True)
class Live:
    """The versions that run: of the control plane, and of each node group by name."""

    control_plane: str
    node_groups: Mapping[str, str]


def check_versions(context: AwsContext, settings: ClusterSettings) -> None:
    """Refuse a step between versions that EKS would refuse half-way, and warn of the end of support.

    Raises:
        SettingsError: what the cluster runs is more than one step away, or the nodes are in the way.
    """
    notice = support_notice(settings.version, clock.today())
    if notice:
        pulumi.log.warn(f"{KEY}: {notice}")
    live = look_up(context)
    if live is None:
        return
    wrong = step_refusal(live, settings.version, clock.today())
    if wrong:
        raise refusal(KEY, wrong)


def look_up(context: AwsContext) -> Live | None:
    """Return what the stack's cluster runs, or None where there is no cluster yet."""
    options = pulumi.InvokeOptions(provider=context.provider)
    if context.name not in aws.eks.get_clusters(opts=options).names:
        return None
    groups = aws.eks.get_node_groups(cluster_name=context.name, opts=options).names
    return Live(
        control_plane=aws.eks.get_cluster(name=context.name, opts=options).version,
        node_groups={
            group: aws.eks.get_node_group(cluster_name=context.name, node_group_name=group, opts=options).version
            for group in sorted(groups)
        },
    )


def step_refusal(live: Live, wanted: str, today: date) -> str:
    """Return why the control plane cannot go from what runs to `wanted`, with the remedy; empty where it can."""
    steps = minor_of(wanted) - minor_of(live.control_plane)
    runs = f"the cluster runs Kubernetes {live.control_plane}"
    if steps > 1:
        return f"{runs}, and EKS upgrades one version at a time; write 1.{minor_of(live.control_plane) + 1} first"
    if steps >= 0:
        return ""
    if steps < -1:
        return f"{runs}, and EKS goes back one version only; {_stay_at(live.control_plane)}"
    known = KUBERNETES_VERSIONS.get(wanted)
    if known is not None and known.standard_support_ends < today:
        return (
            f"{runs}, and standard support of {wanted} ended on {known.standard_support_ends}: EKS does not go "
            f"back; {_stay_at(live.control_plane)}"
        )
    newer = [group for group, version in live.node_groups.items() if minor_of(version) > minor_of(wanted)]
    if newer:
        return (
            f"{runs}, and to go back to {wanted} its nodes must go first ({', '.join(newer)}); "
            f"{_nodes_back(live.control_plane, wanted)}"
        )
    return ""


def _stay_at(version: str) -> str:
    """Return how to keep what runs: a stack file may not name a version that this release does not install on."""
    if version in INSTALLABLE_VERSIONS:
        return f"write {version}"
    return f"update Nightowl to a release that takes {version}, and write it"


def _nodes_back(version: str, wanted: str) -> str:
    """Return how the nodes go back alone: add-ons follow the nodes unless they have a version of their own."""
    if version not in INSTALLABLE_VERSIONS:
        return _stay_at(version)
    return (
        f'write version: "{version}" and addonsVersion: "{version}" with nodesVersion: "{wanted}", then remove '
        f"addonsVersion, and lower version last, within {DAYS_TO_GO_BACK} days of the upgrade"
    )
