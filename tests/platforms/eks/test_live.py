"""Which changes of a live stack are refused before anything is done, whatever else the file changes."""

from __future__ import annotations

from typing import Any

import pytest

from infra.settings.build import build_settings
from infra.settings.problems import SettingsError
from tests.platforms.eks.stacks import APP, SECTIONS, run_stack, sections

REGION = "eu-central-1"
ZONES = ("eu-central-1a", "eu-central-1b", "eu-central-1c")


def live(
    *,
    cidr: str = "10.20.0.0/16",
    zones: tuple[str, ...] = ZONES,
    internal: bool | None = None,
    sync: str | None = None,
    namespace: str = "apps",
    has_cluster: bool = True,
    subnets_by_zone: int = 3,
) -> dict[str, dict[str, Any]]:
    """The state of a stack that stands, as the engine tells it: by URN, type and outputs."""
    vpc = {"cidrBlock": cidr, "arn": f"arn:aws:ec2:{REGION}:123456789012:vpc/vpc-1"}
    manager = {"horizontalPodAutoscalerControllerConfig": {"horizontalPodAutoscalerSyncPeriod": sync}}
    states: list[tuple[str, dict[str, Any]]] = [
        ("aws:ec2/vpc:Vpc", vpc),
        *(("aws:ec2/subnet:Subnet", {"availabilityZone": zone}) for zone in zones for _ in range(subnets_by_zone)),
    ]
    if has_cluster:
        states.append(("aws:eks/cluster:Cluster", {"kubeControllerManagerConfig": manager if sync else None}))
        states.append(("kubernetes:apps/v1:Deployment", {"metadata": {"name": "web", "namespace": namespace}}))
    if internal is not None:
        states.append(("aws:lb/loadBalancer:LoadBalancer", {"internal": internal}))
    return {f"urn:{index}": {"type": kind, "outputs": outputs} for index, (kind, outputs) in enumerate(states)}


def refusal(of: dict[str, dict[str, Any]], **changes: Any) -> str:
    with pytest.raises(SettingsError) as refused:
        run_stack(build_settings(sections(**changes)), live=of, preview=True)
    return str(refused.value)


def platform(**changes: Any) -> dict[str, Any]:
    return {**SECTIONS["platform"], **changes}


PUBLIC_WEB = {
    "loadBalancer": {"public": True, "domain": "example.com"},
    "apps": {"web": {**APP, "traffic": {"host": "app.example.com"}}},
}


@pytest.mark.parametrize(
    ("of", "changes", "line"),
    [
        (
            live(cidr="10.30.0.0/16"),
            {},
            "nightowl:network.cidr: the network of this stack is 10.30.0.0/16 for good, as its cluster cannot move to "
            "another; write 10.30.0.0/16 again, or make another stack beside this one, move to it, and destroy this "
            "one",
        ),
        (
            live(zones=ZONES[:2]),
            {},
            "nightowl:network.zones: this stack has 2 zones (eu-central-1a, eu-central-1b) for good, as EKS takes no "
            "others for its cluster; write 2 again, or make another stack beside this one, move to it, and destroy "
            "this one",
        ),
        (
            live(),
            {"platform": platform(region="eu-west-1")},
            "nightowl:platform.region: this stack lives in eu-central-1, and nothing moves to eu-west-1; write "
            "eu-central-1 again, or make another stack beside this one, move to it, and destroy this one",
        ),
        (
            live(),
            {"platform": platform(accountId="999988887777")},
            "nightowl:platform.accountId: this stack lives in 123456789012, and nothing moves to 999988887777; write "
            "123456789012 again, or make another stack beside this one, move to it, and destroy this one",
        ),
        (
            live(sync="10s"),
            {},
            "nightowl:cluster.tier: the control plane still decides every 10s, which EKS cannot take back once its "
            "tier is standard; keep the tier, remove autoscalerSync, deploy, and lower it then",
        ),
        (
            live(internal=True),
            PUBLIC_WEB,
            "nightowl:loadBalancer.public: true makes another load balancer, and the one that there is is protected; "
            "set platform.protect: false and deploy, then change this and deploy, then protect it again",
        ),
        (
            live(),
            {"namespace": {"name": "shop"}},
            "nightowl:namespace.name: the apps run in apps, and no volume moves to another namespace; write apps "
            "again, or save what the volumes hold, set platform.protect: false and deploy, remove the apps and deploy, "
            "and add them in shop",
        ),
    ],
    ids=["cidr", "zones", "region", "account", "tier", "public", "namespace"],
)
def test_a_preview_refuses_what_cannot_change_and_tells_the_way_around(
    of: dict[str, dict[str, Any]], changes: dict[str, Any], line: str
) -> None:
    assert refusal(of, **changes) == line


def test_every_refusal_is_told_at_once() -> None:
    lines = refusal(live(cidr="10.30.0.0/16", zones=ZONES[:2])).splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["nightowl:network.cidr", "nightowl:network.zones"]


@pytest.mark.parametrize(
    ("of", "changes"),
    [
        ({}, {"network": {"cidr": "10.99.0.0/16", "zones": 2}}),
        (live(), {}),
        (live(sync="15s"), {}),
        (live(sync="10s"), {"cluster": {**SECTIONS["cluster"], "tier": "tier-xl"}}),
        (live(internal=False), PUBLIC_WEB),
        (live(internal=True), {**PUBLIC_WEB, "platform": platform(protect=False)}),
    ],
    ids=["nothing-there", "nothing-changed", "own-pace", "tier-kept", "public-already", "unprotected"],
)
def test_what_can_change_is_not_refused(of: dict[str, dict[str, Any]], changes: dict[str, Any]) -> None:
    assert run_stack(build_settings(sections(**changes)), live=of, preview=True).graph.resources


@pytest.mark.parametrize(
    ("of", "network", "zones"),
    [
        (live(zones=ZONES[:1], has_cluster=False, subnets_by_zone=1), {}, ZONES),
        (live(has_cluster=False, subnets_by_zone=2), {"zones": 2}, ZONES[:2]),
        (live(cidr="10.30.0.0/16", zones=(), has_cluster=False), {}, ZONES),
    ],
    ids=["first-update-failed", "fewer-zones", "another-network"],
)
def test_before_there_is_a_cluster_neither_network_nor_zones_are_for_good(
    of: dict[str, dict[str, Any]], network: dict[str, Any], zones: tuple[str, ...]
) -> None:
    settings = build_settings(sections(**({"network": network} if network else {})))
    subnets = run_stack(settings, live=of, preview=True).graph.all("Subnet")
    assert {made.props["availabilityZone"] for made in subnets} == set(zones)


def test_a_region_that_gets_another_zone_moves_no_subnet() -> None:
    stood = live(zones=("eu-central-1b", "eu-central-1c", "eu-central-1d"))
    subnets = run_stack(build_settings(sections()), live=stood).graph.all("Subnet")
    assert {made.props["availabilityZone"] for made in subnets} == {"eu-central-1b", "eu-central-1c", "eu-central-1d"}


@pytest.mark.parametrize("protect", [True, False])
def test_all_that_a_stack_makes_is_deleted_after_its_protection(protect: bool) -> None:
    settings = build_settings(sections(platform=platform(protect=protect), **PUBLIC_WEB))
    graph = run_stack(settings).graph
    protection = graph.one("Protection")
    assert protection.protect is protect
    # A component that a plug-in makes stands for what is in it.
    component = graph.one("eks:index:Cluster").urn
    own = {made.urn for made in graph.resources if (made.custom or made.remote) and made.parent != component}
    assert own - protection.depends_on == set()
