"""What a stack has made already, and which changes of it are refused before anything is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pulumi
from pulumi.runtime import rpc
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor

from infra.settings.eks.cluster import DEFAULT_AUTOSCALER_SYNC_SECONDS
from infra.settings.eks.platform import EksPlatformSettings
from infra.settings.stack import StackSettings

READ_RESOURCES = "pulumi:pulumi:readStackResourceOutputs"
"""The engine's own function: the state of a stack as it was before this run. It answers in previews too."""

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
CLUSTER = "aws:eks/cluster:Cluster"
LOAD_BALANCER = "aws:lb/loadBalancer:LoadBalancer"
WORKLOADS = frozenset({"kubernetes:apps/v1:Deployment", "kubernetes:batch/v1:CronJob"})
"""What the apps are made of, whose namespace is that of the stack."""

ANOTHER_STACK = "make another stack beside this one, move to it, and destroy this one"


@dataclass(frozen=True, kw_only=True)
class LiveStack:
    """The resources of the running stack by type, each as the properties that its provider last reported."""

    resources: Mapping[str, Sequence[Mapping[str, Any]]]

    @property
    def cidr(self) -> str | None:
        """The network of the VPC; None where there is none yet."""
        return next((str(vpc["cidrBlock"]) for vpc in self._all(VPC)), None)

    @property
    def region(self) -> str | None:
        """The region of the VPC."""
        return self._of_arn(3)

    @property
    def account_id(self) -> str | None:
        """The account of the VPC."""
        return self._of_arn(4)

    @property
    def zones(self) -> tuple[str, ...]:
        """The zones of the subnets, in alphabetical order."""
        return tuple(sorted({str(subnet["availabilityZone"]) for subnet in self._all(SUBNET)}))

    @property
    def has_cluster(self) -> bool:
        """Whether there is a cluster, which ties the network and its zones down."""
        return bool(self._all(CLUSTER))

    @property
    def autoscaler_sync(self) -> str | None:
        """How often the control plane lets the autoscalers decide, such as `10s`; None where it was never set."""
        path = ("kubeControllerManagerConfig", "horizontalPodAutoscalerControllerConfig")
        found = [_within(cluster, *path, "horizontalPodAutoscalerSyncPeriod") for cluster in self._all(CLUSTER)]
        return next((str(period) for period in found if period), None)

    @property
    def has_load_balancers(self) -> bool:
        """Whether there are load balancers, which names may point at."""
        return bool(self._all(LOAD_BALANCER))

    @property
    def load_balancers_are_public(self) -> bool | None:
        """Whether the load balancers face the internet; None where there are none."""
        return next((not balancer.get("internal") for balancer in self._all(LOAD_BALANCER)), None)

    @property
    def namespaces(self) -> frozenset[str]:
        """The namespaces in which apps run."""
        workloads = [workload for kind in WORKLOADS for workload in self._all(kind)]
        return frozenset(str(_within(workload, "metadata", "namespace")) for workload in workloads)

    def _of_arn(self, part: int) -> str | None:
        return next((str(vpc["arn"]).split(":")[part] for vpc in self._all(VPC) if vpc.get("arn")), None)

    def _all(self, kind: str) -> Sequence[Mapping[str, Any]]:
        return self.resources.get(kind, ())


def read_live_stack() -> LiveStack:
    """Read the state of the running stack as it was before this run; it is empty before the first."""
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = _read_resources(name)
    found: dict[str, list[Mapping[str, Any]]] = {}
    for resource in cast("Mapping[str, Mapping[str, Any]]", _within(answer, "outputs") or {}).values():
        found.setdefault(str(resource["type"]), []).append(resource.get("outputs") or {})
    return LiveStack(resources=found)


def check_changes(live: LiveStack, settings: StackSettings, platform: EksPlatformSettings) -> None:
    """Refuse what AWS or the engine would refuse halfway, and what would be an outage of everything.

    Raises:
        pulumi.RunError: with one line per key: what it is, what it was, and the way around.
    """
    problems = list(_problems(live, settings, platform))
    if problems:
        raise pulumi.RunError("\n".join(problems))


def _problems(live: LiveStack, settings: StackSettings, platform: EksPlatformSettings) -> Iterator[str]:
    yield from _place_problems(live, settings, platform)
    yield from _control_plane_problems(live, settings)
    yield from _load_balancer_problems(live, settings, platform)
    yield from _namespace_problems(live, settings)


def _place_problems(live: LiveStack, settings: StackSettings, platform: EksPlatformSettings) -> Iterator[str]:
    if live.region is not None and live.region != platform.region:
        yield (
            f"nightowl:platform.region: this stack lives in {live.region}, and nothing moves to {platform.region}; "
            f"write {live.region} again, or {ANOTHER_STACK}"
        )
    if live.account_id is not None and live.account_id != platform.account_id:
        yield (
            f"nightowl:platform.accountId: this stack lives in {live.account_id}, and nothing moves to "
            f"{platform.account_id}; write {live.account_id} again, or {ANOTHER_STACK}"
        )
    if live.has_cluster and live.cidr is not None and live.cidr != settings.network.cidr:
        yield (
            f"nightowl:network.cidr: the network of this stack is {live.cidr} for good, as its cluster cannot move to "
            f"another; write {live.cidr} again, or {ANOTHER_STACK}"
        )
    if live.has_cluster and live.zones and len(live.zones) != settings.network.zones:
        yield (
            f"nightowl:network.zones: this stack has {len(live.zones)} zones ({', '.join(live.zones)}) for good, as "
            f"EKS takes no others for its cluster; write {len(live.zones)} again, or {ANOTHER_STACK}"
        )


def _control_plane_problems(live: LiveStack, settings: StackSettings) -> Iterator[str]:
    default = f"{DEFAULT_AUTOSCALER_SYNC_SECONDS}s"
    if settings.cluster.tier == "standard" and live.autoscaler_sync not in {None, default}:
        yield (
            f"nightowl:cluster.tier: the control plane still decides every {live.autoscaler_sync}, which EKS cannot "
            "take back once its tier is standard; keep the tier, remove autoscalerSync, deploy, and lower it then"
        )


def _load_balancer_problems(live: LiveStack, settings: StackSettings, platform: EksPlatformSettings) -> Iterator[str]:
    was, now = live.load_balancers_are_public, settings.load_balancer.public
    if was is not None and was != now and platform.protect:
        yield (
            f"nightowl:loadBalancer.public: {str(now).lower()} makes another load balancer, and the one that there is "
            "is protected; set platform.protect: false and deploy, then change this and deploy, then protect it again"
        )


def _namespace_problems(live: LiveStack, settings: StackSettings) -> Iterator[str]:
    others = sorted(live.namespaces - {settings.namespace.name})
    if others:
        yield (
            f"nightowl:namespace.name: the apps run in {others[0]}, and would be deleted there with their volumes; "
            f"write {others[0]} again, or save what the volumes hold (they go with the apps), set platform.protect: "
            f"false and deploy, remove the apps and deploy, and add them in {settings.namespace.name}"
        )


def _read_resources(stack: str) -> Mapping[str, Any]:
    """Ask the engine for the outputs of all resources of `stack`, with ids in the place of references to resources.

    `pulumi.runtime.invoke` would have the resource behind each reference looked up among those of this run, where it
    is not yet: the control plane in the outputs of the cluster's component, for one.
    """
    request = resource_pb2.ResourceInvokeRequest(tok=READ_RESOURCES, acceptResources=False)
    request.args.update({"stackName": stack})
    response = cast(Any, get_monitor()).Invoke(request)
    return cast("Mapping[str, Any]", rpc.deserialize_properties(getattr(response, "return")))


def _within(properties: Mapping[str, Any], *path: str) -> Any:
    value: Any = properties
    for key in path:
        value = cast("Mapping[str, Any]", value).get(key) if value else None
    return value
