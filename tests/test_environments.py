"""How the environments as shipped relate: prod is never looser than staging, and the differences are written down."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.apps.rollout import timing
from infra.settings.app.application import WebSettings
from infra.settings.build import build_settings
from infra.settings.eks.drain import drain_seconds
from infra.settings.stack import StackSettings
from infra.settings.stack_file import stack_config

REPOSITORY = Path(__file__).parent.parent
STACKS = REPOSITORY / "stacks"
PRICED_REGION = "eu-central-1"
HOURS = 730
"""A month, as AWS counts it in its price lists."""
HOUR_DOLLARS = {
    "control plane": 0.10,
    "NAT gateway": 0.052,
    "load balancer": 0.027,
    "public address": 0.005,
    "interface endpoint in a zone": 0.012,
    "t4g.medium": 0.0384,
    "m7g.large": 0.0978,
    "m7g.xlarge": 0.1956,
}
"""List prices of `PRICED_REGION` on 2026-11-26 (AWS price lists; docs/eks.md carries them too)."""
DISK_DOLLARS = 0.0952 * 50
"""A month of 50 GiB gp3."""
METRICS_DOLLARS = 7 * 0.30
"""A month of a node's detailed monitoring: seven metrics."""
SPOT_SHARE = 0.42
"""What a spot machine costs of the price on demand; own figure, as it changes by the hour."""
SPOT_NOTICE_SECONDS = 110
"""Two minutes, less what the notice takes to arrive (reliability figure R11)."""
EKS_STACKS = ("dev", "staging", "prod")


def sections(stack: str) -> dict[str, Any]:
    config = stack_config(STACKS / f"Pulumi.{stack}.yaml")
    return {key.removeprefix("nightowl:"): value for key, value in config.items()}


def plain(settings: StackSettings) -> dict[str, Any]:
    return settings.model_dump(by_alias=True)


def at_least(strict: Any, loose: Any) -> bool:
    return strict >= loose


def at_most(strict: Any, loose: Any) -> bool:
    return strict <= loose


def within(strict: Collection[str], loose: Collection[str]) -> bool:
    """Whether every network of `strict` lies in one of `loose`."""
    return all(
        any(ipaddress.IPv4Network(inner).subnet_of(ipaddress.IPv4Network(outer)) for outer in loose) for inner in strict
    )


def one_of(*loosest_first: str) -> Callable[[Any, Any], bool]:
    return lambda strict, loose: loosest_first.index(strict) >= loosest_first.index(loose)


def given(strict: Any, loose: Any) -> bool:
    return strict is not None or loose is None


@dataclass(frozen=True)
class Rule:
    """A key of the settings, and how prod's value must stand to staging's. `*` is each key of staging."""

    key: str
    holds: Callable[[Any, Any], bool]


RULES = (
    Rule("platform.protect", at_least),
    Rule("network.zones", at_least),
    Rule("network.nat", one_of("single", "perZone")),
    Rule("network.flowLogRetentionDays", at_least),
    # Staging gets a new Kubernetes first.
    Rule("cluster.version", at_most),
    Rule("cluster.publicAccess", within),
    Rule("cluster.deletionProtection", at_least),
    Rule("cluster.zonalShift", at_least),
    Rule("cluster.logRetentionDays", at_least),
    Rule("nodePools.*.min", at_least),
    Rule("nodePools.*.max", at_least),
    Rule("nodePools.*.capacity", one_of("spot", "onDemand")),
    Rule("nodePools.*.system", at_least),
    Rule("loadBalancer.allowFrom", within),
    Rule("loadBalancer.domain", given),
    Rule("loadBalancer.waf", at_least),
    Rule("loadBalancer.wafRateLimit", at_most),
    Rule("loadBalancer.logRetentionDays", at_least),
    Rule("apps.*.scaling.min", at_least),
    Rule("apps.*.scaling.max", at_least),
    Rule("apps.*.availability.zones", one_of("prefer", "require")),
    Rule("apps.*.availability.maxUnavailable", at_most),
    Rule("apps.*.availability.evictAfter", at_most),
    Rule("apps.*.availability.priority", one_of("low", "normal", "high")),
    Rule("apps.*.resources.cpu", at_least),
    Rule("apps.*.resources.memory", at_least),
    Rule("apps.*.security.readOnlyRoot", at_least),
    Rule("apps.*.health.readiness.http", given),
    Rule("apps.*.health.liveness.http", given),
)


def loosened(prod: Mapping[str, Any], staging: Mapping[str, Any]) -> list[str]:
    """List the keys in which prod is looser than staging."""
    return [
        f"{key}: prod has {look_up(prod, key)!r}, staging has {value!r}"
        for rule in RULES
        for key, value in places(staging, rule.key.split("."))
        if (look_up(prod, key) is None and value is not None) or not rule.holds(look_up(prod, key), value)
    ]


def places(value: Any, parts: list[str], place: str = "") -> Iterator[tuple[str, Any]]:
    if not parts:
        yield place.removeprefix("."), value
    elif parts[0] == "*":
        for key, item in value.items():
            yield from places(item, parts[1:], f"{place}.{key}")
    elif isinstance(value, Mapping) and parts[0] in value:
        yield from places(value[parts[0]], parts[1:], f"{place}.{parts[0]}")


def look_up(value: Any, key: str) -> Any:
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def differences(one: Any, other: Any, place: str = "") -> set[str]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return {
            item
            for key in one.keys() | other.keys()
            for item in differences(one.get(key), other.get(key), f"{place}.{key}".removeprefix("."))
        }
    return set() if one == other else {place}


@pytest.fixture(scope="module")
def staging() -> dict[str, Any]:
    return plain(build_settings(sections("staging")))


@pytest.fixture(scope="module")
def prod() -> dict[str, Any]:
    return plain(build_settings(sections("prod")))


def test_prod_never_loosens_staging(prod: dict[str, Any], staging: dict[str, Any]) -> None:
    assert loosened(prod, staging) == []


def test_every_rule_looks_at_a_key_that_exists(staging: dict[str, Any]) -> None:
    assert [rule.key for rule in RULES if not list(places(staging, rule.key.split(".")))] == []


def test_staging_and_prod_differ_in_this_and_in_nothing_else(prod: dict[str, Any], staging: dict[str, Any]) -> None:
    assert differences(staging, prod) == {
        # whose they are
        "platform.accountId",
        "loadBalancer.domain",
        "delivery.github.deploy",
        "apps.web.traffic.host",
        "apps.web.secrets.session-key.ref",
        # size
        "network.cidr",
        "network.interfaceEndpoints",
        "nodePools.apps.instanceTypes",
        "nodePools.apps.max",
        "apps.web.scaling.max",
        "apps.web.availability.priority",
        "apps.worker.scaling.max",
        # who gets in
        "cluster.publicAccess",
        "cluster.access.breakGlass",
        "cluster.access.deployers",
        "cluster.access.viewers",
        # how long it is remembered
        "cluster.logRetentionDays",
        "loadBalancer.logRetentionDays",
    }


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("platform", "protect", False),
        ("network", "zones", 2),
        ("network", "nat", "single"),
        ("cluster", "publicAccess", ["198.51.100.0/24"]),
        ("cluster", "deletionProtection", False),
        ("cluster", "logRetentionDays", 30),
        ("loadBalancer", "waf", False),
        ("loadBalancer", "wafRateLimit", 100_000),
        ("loadBalancer", "logRetentionDays", 30),
    ],
)
def test_a_looser_prod_is_noticed(staging: dict[str, Any], section: str, key: str, value: Any) -> None:
    changed = sections("prod")
    changed[section] = {**changed[section], key: value}
    [found] = loosened(plain(build_settings(changed)), staging)
    assert found.startswith(f"{section}.{key}: ")


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        (("nodePools", "apps", "capacity"), "spot", "nodePools.apps.capacity"),
        (("nodePools", "apps", "min"), 2, "nodePools.apps.min"),
        (("apps", "web", "scaling", "min"), 2, "apps.web.scaling.min"),
        (("apps", "web", "availability"), {"zones": "prefer"}, "apps.web.availability.zones"),
        (("apps", "web", "security"), {"readOnlyRoot": False}, "apps.web.security.readOnlyRoot"),
    ],
)
def test_a_looser_pool_or_app_of_prod_is_noticed(
    staging: dict[str, Any], path: tuple[str, ...], value: Any, key: str
) -> None:
    changed = sections("prod")
    section = changed
    for part in path[:-1]:
        section = section[part]
    section[path[-1]] = value
    [found] = loosened(plain(build_settings(changed)), staging)
    assert found.startswith(f"{key}: ")


def test_a_pool_or_app_that_prod_lacks_is_noticed(staging: dict[str, Any]) -> None:
    changed = sections("prod")
    del changed["apps"]["worker"]
    assert any(found.startswith("apps.worker.") for found in loosened(plain(build_settings(changed)), staging))


def test_environments_live_in_accounts_and_networks_of_their_own() -> None:
    all_settings = [plain(build_settings(sections(stack))) for stack in EKS_STACKS]
    assert len({item["platform"]["accountId"] for item in all_settings}) == len(EKS_STACKS)
    networks = [ipaddress.ip_network(item["network"]["cidr"]) for item in all_settings]
    assert not any(one.overlaps(other) for one in networks for other in networks if one is not other)


@pytest.mark.parametrize("stack", EKS_STACKS)
def test_the_readme_adds_up_what_the_stack_file_costs(stack: str) -> None:
    text = (STACKS / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    parts = [int(dollars) for dollars in re.findall(r"(\d+) \$", text.partition("config:")[0])]
    row = re.search(rf"^\| `{stack}` .*\| (\d+) \$", (REPOSITORY / "README.md").read_text(encoding="utf-8"), re.M)
    assert row
    assert abs(sum(parts) - int(row[1])) <= 3


@pytest.mark.parametrize("stack", EKS_STACKS)
def test_a_stack_file_tells_what_it_costs_in_its_own_region_and_what_is_left_out(stack: str) -> None:
    settings = build_settings(sections(stack))
    told = " ".join((STACKS / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8").partition("config:")[0].split())
    assert sections(stack)["platform"]["region"] == PRICED_REGION
    assert f"at list prices of {PRICED_REGION}" in told
    assert "Left out: traffic" in told
    assert [part for part in month(settings) if part not in told] == []


def month(settings: StackSettings) -> Iterator[str]:
    """Add up what the header of a stack file says of each part, before the firewall and the keys."""
    zones, pools = settings.network.zones, settings.node_pools
    gateways = zones if settings.network.nat == "perZone" else 1
    addresses = gateways + (zones if settings.load_balancer.public else 0)
    endpoints = zones * len(settings.network.interface_endpoints)
    nodes = sum(pool.min for pool in pools.values())
    yield f"control plane {hourly('control plane', 1)} $"
    yield f"{f'{gateways} NAT gateways' if gateways > 1 else 'NAT gateway'} {hourly('NAT gateway', gateways)} $"
    yield f"load balancer {hourly('load balancer', 1)} $"
    for pool in pools.values():
        share, kind = (SPOT_SHARE, "spot nodes about") if pool.capacity == "spot" else (1, "nodes")
        dollars = hourly(pool.instance_types[0], pool.min * share)
        yield f"{pool.min} {'system ' if pool.system else ''}{kind} {dollars} $"
    yield f"{addresses} public addresses {hourly('public address', addresses)} $"
    yield f"{nodes} disks {nodes * DISK_DOLLARS:.0f} $"
    yield f"detailed metrics of {nodes} nodes {nodes * METRICS_DOLLARS:.0f} $"
    if endpoints:
        yield f"interface endpoints {hourly('interface endpoint in a zone', endpoints)} $"


def hourly(what: str, count: float) -> str:
    return f"{HOUR_DOLLARS[what] * HOURS * count:.0f}"


def test_the_guide_carries_the_prices_that_the_stack_files_are_added_up_from() -> None:
    guide = (REPOSITORY / "docs" / "eks.md").read_text(encoding="utf-8")
    assert [f"{dollars:g} $" for dollars in HOUR_DOLLARS.values() if f" {dollars:g} $" not in guide] == []


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_a_stack_file_tells_how_the_first_update_reaches_a_private_api_server(stack: str) -> None:
    told = " ".join((STACKS / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8").replace("#", "").split())
    assert "first `up`" in told
    assert "once a runner or VPN stands in the VPC" in told


def test_every_update_knows_the_size_that_the_autoscaler_gave_the_node_groups() -> None:
    """`ignoreChanges` hides a difference, but the size of the state is sent along with a new `min` or `max`."""
    project = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text(encoding="utf-8"))
    assert project["options"] == {"refresh": "always"}


@pytest.mark.parametrize(
    "told",
    [
        "aws secretsmanager create-secret --name prod/web/session-key",
        "aws logs delete-log-group --log-group-name /aws/eks/nightowl-dev/cluster",
        "service-linked role of EC2 Auto Scaling",
        "30 days later",
        "only in the zones that the cluster was created with",
        "`refresh: always`",
    ],
)
def test_the_guide_tells_what_no_plan_shows(told: str) -> None:
    assert told in (REPOSITORY / "docs" / "eks.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("stack", EKS_STACKS)
def test_images_are_pinned_by_digest(stack: str) -> None:
    assert [name for name, app in sections(stack)["apps"].items() if "@sha256:" not in app["image"]] == []


@pytest.mark.parametrize("stack", EKS_STACKS)
def test_the_load_balancer_forgets_a_connection_before_the_app_does(stack: str) -> None:
    """podinfo keeps idle connections for twice its server timeout (controls R12)."""
    settings = build_settings(sections(stack))
    timeout = str(settings.apps["web"].env["PODINFO_HTTP_SERVER_TIMEOUT"])
    assert 2 * int(timeout.removesuffix("s")) > settings.load_balancer.idle_timeout_seconds


@pytest.mark.parametrize("stack", EKS_STACKS)
def test_pods_on_spot_machines_stop_within_the_two_minutes_notice(stack: str) -> None:
    settings = build_settings(sections(stack))
    if all(pool.capacity == "onDemand" for pool in settings.node_pools.values()):
        return
    for app in settings.apps.values():
        if isinstance(app, WebSettings):
            assert timing(app, platform_drain_seconds=drain_seconds(app)).grace_seconds <= SPOT_NOTICE_SECONDS


@pytest.mark.parametrize("stack", EKS_STACKS)
def test_what_must_be_replaced_says_so(stack: str) -> None:
    for line in (STACKS / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8").splitlines():
        if any(word in line for word in ("accountId:", "203.0.113.", "arn:aws:iam", " domain:")):
            assert "# replace" in line, line


def example_of_the_guide(title: str) -> str:
    page = (REPOSITORY / "docs" / "environments.md").read_text(encoding="utf-8")
    return re.findall(rf"<!-- {title} -->\n```yaml\n(.*?)```", page, re.S)[0]
