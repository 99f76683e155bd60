"""What a stack has made already, and which changes of it are refused before anything is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.platforms.state import MadeResource
from infra.settings.eks.cluster import DEFAULT_AUTOSCALER_SYNC_SECONDS
from infra.settings.eks.platform import EksPlatformSettings
from infra.settings.problems import Problem, SettingsError
from infra.settings.stack import StackSettings
from infra.values import within

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
CLUSTER = "aws:eks/cluster:Cluster"
LOAD_BALANCER = "aws:lb/loadBalancer:LoadBalancer"
WORKLOADS = frozenset(
    {
        "kubernetes:apps/v1:Deployment",
        "kubernetes:apps/v1:StatefulSet",
        "kubernetes:batch/v1:CronJob",
        "kubernetes:batch/v1:Job",
    }
)
"""What the apps are made of, whose namespace is that of the stack."""

ANOTHER_STACK = "make another stack beside this one, move to it, and destroy this one"


@dataclass(frozen=True, kw_only=True)
class LiveStack:
    """What the running stack has made before this run. None and empty stand for what is not there yet."""

    region: str | None
    account_id: str | None
    cidr: str | None
    """The network of the VPC."""
    zones: tuple[str, ...]
    """The zones of the subnets, in alphabetical order."""
    has_cluster: bool
    """Whether there is a cluster, which ties the network and its zones down."""
    autoscaler_sync: str | None
    """How often the control plane lets the autoscalers decide, such as `10s`."""
    load_balancers_are_public: bool | None
    """Whether the load balancers face the internet; None where there are none."""
    namespaces: frozenset[str]
    """The namespaces in which apps run."""


def live_stack(state: Iterable[MadeResource]) -> LiveStack:
    """Return what `state`, that of the running stack before this run, says; it is empty before the first."""
    by_type: dict[str, list[Mapping[str, Any]]] = {}
    for resource in state:
        by_type.setdefault(resource.type, []).append(resource.outputs)
    nothing: Mapping[str, Any] = {}
    vpc = next(iter(by_type.get(VPC, ())), nothing)
    cluster = next(iter(by_type.get(CLUSTER, ())), nothing)
    arn = str(vpc["arn"]).split(":") if vpc.get("arn") else None
    sync = ("kubeControllerManagerConfig", "horizontalPodAutoscalerControllerConfig")
    return LiveStack(
        region=arn[3] if arn else None,
        account_id=arn[4] if arn else None,
        cidr=vpc.get("cidrBlock"),
        zones=tuple(sorted({str(subnet["availabilityZone"]) for subnet in by_type.get(SUBNET, ())})),
        has_cluster=CLUSTER in by_type,
        autoscaler_sync=within(cluster, *sync, "horizontalPodAutoscalerSyncPeriod") or None,
        load_balancers_are_public=next((not one.get("internal") for one in by_type.get(LOAD_BALANCER, ())), None),
        namespaces=frozenset(
            str(within(workload, "metadata", "namespace")) for kind in WORKLOADS for workload in by_type.get(kind, ())
        ),
    )


def check_changes(live: LiveStack, settings: StackSettings, platform: EksPlatformSettings) -> None:
    """Refuse what AWS or the engine would refuse halfway, and what would be an outage of everything.

    Raises:
        SettingsError: with one line per key: what it is, what it was, and the way around.
    """
    problems = list(_problems(live, settings, platform))
    if problems:
        raise SettingsError(problems)


def _problems(live: LiveStack, settings: StackSettings, platform: EksPlatformSettings) -> Iterator[Problem]:
    yield from _place_problems(live, settings, platform)
    yield from _control_plane_problems(live, settings)
    yield from _load_balancer_problems(live, settings, platform)
    yield from _namespace_problems(live, settings)


def _place_problems(live: LiveStack, settings: StackSettings, platform: EksPlatformSettings) -> Iterator[Problem]:
    for key, was, now in (
        ("region", live.region, platform.region),
        ("accountId", live.account_id, platform.account_id),
    ):
        if was is not None and was != now:
            yield Problem(
                f"nightowl:platform.{key}",
                f"this stack lives in {was}, and nothing moves to {now}; write {was} again, or {ANOTHER_STACK}",
            )
    if live.has_cluster and live.cidr is not None and live.cidr != settings.network.cidr:
        yield Problem(
            "nightowl:network.cidr",
            f"the network of this stack is {live.cidr} for good, as its cluster cannot move to "
            f"another; write {live.cidr} again, or {ANOTHER_STACK}",
        )
    if live.has_cluster and live.zones and len(live.zones) != settings.network.zones:
        yield Problem(
            "nightowl:network.zones",
            f"this stack has {len(live.zones)} zones ({', '.join(live.zones)}) for good, as "
            f"EKS takes no others for its cluster; write {len(live.zones)} again, or {ANOTHER_STACK}",
        )


def _control_plane_problems(live: LiveStack, settings: StackSettings) -> Iterator[Problem]:
    default = f"{DEFAULT_AUTOSCALER_SYNC_SECONDS}s"
    if settings.cluster.tier == "standard" and live.autoscaler_sync not in {None, default}:
        yield Problem(
            "nightowl:cluster.tier",
            f"the control plane still decides every {live.autoscaler_sync}, which EKS cannot "
            "take back once its tier is standard; keep the tier, remove autoscalerSync, deploy, and lower it then",
        )


def _load_balancer_problems(
    live: LiveStack, settings: StackSettings, platform: EksPlatformSettings
) -> Iterator[Problem]:
    was, now = live.load_balancers_are_public, settings.load_balancer.public
    if was is not None and was != now and platform.protect:
        yield Problem(
            "nightowl:loadBalancer.public",
            f"{str(now).lower()} makes another load balancer, and the one that there is "
            "is protected; set platform.protect: false and deploy, then change this and deploy, then protect it again",
        )


def _namespace_problems(live: LiveStack, settings: StackSettings) -> Iterator[Problem]:
    others = sorted(live.namespaces - {settings.namespace.name})
    if others:
        yield Problem(
            "nightowl:namespace.name",
            f"the apps run in {others[0]}, and no volume moves to another namespace; write "
            f"{others[0]} again, or save what the volumes hold, set platform.protect: false and deploy, remove the "
            f"apps and deploy, and add them in {settings.namespace.name}",
        )
