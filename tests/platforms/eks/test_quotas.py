"""What an account takes only after its quotas were raised is told, and refused by nobody but AWS."""

from __future__ import annotations

from typing import Any

from infra.platforms.eks.limits.quotas import quota_notes
from infra.settings.stack import StackSettings
from tests.platforms.eks.stacks import APP, SECTIONS, run_stack, with_apps


def pools(**apps: Any) -> StackSettings:
    return with_apps({}, nodePools={**SECTIONS["nodePools"], "apps": {**SECTIONS["nodePools"]["apps"], **apps}})


def reached(count: int, *, ports: int) -> StackSettings:
    """Apps that are reached by HTTP, on so many different ports, with priorities that do not meet."""
    apps = {f"app{n}": {**APP, "port": 8000 + n % ports, "traffic": {"path": f"/{n}"}} for n in range(count)}
    return with_apps(apps, loadBalancer={"priorities": {app: 46001 + index for index, app in enumerate(apps)}})


def test_pools_beyond_the_first_quotas_are_told_of() -> None:
    many = {f"p{index}": {"instanceTypes": ["m7g.large"], "min": 1, "max": 3} for index in range(9)}
    settings = with_apps({}, nodePools={**SECTIONS["nodePools"], **many}, network={"zones": 3})
    assert run_stack(settings).warnings == (
        "nightowl:nodePools: 11 pools in 3 zones make 33 node groups, and a cluster has 30 by default; have the quota "
        "raised first (Service Quotas, Amazon EKS)",
    )
    assert run_stack(pools(max=1000), preview=True).warnings == ()
    (warning,) = run_stack(
        with_apps(
            {},
            nodePools={**SECTIONS["nodePools"], "apps": {"instanceTypes": ["m7g.large"], "max": 1000}},
            network={"zones": 2},
        )
    ).warnings
    assert warning.startswith("nightowl:nodePools.apps.max: 1000 nodes in 2 zones are 500 in one group, which has 450")


def test_more_http_apps_than_a_load_balancer_has_rules_are_told_of() -> None:
    assert list(quota_notes(reached(100, ports=1))) == []
    assert list(quota_notes(reached(101, ports=1))) == [
        "nightowl:apps: 101 addresses are reached by HTTP, by 101 listener rules, and a load balancer has 100 by "
        "default; have the quota raised first (Service Quotas, Elastic Load Balancing)"
    ]


def test_more_tcp_apps_than_a_load_balancer_has_listeners_are_told_of() -> None:
    def notes(count: int) -> list[str]:
        apps = {f"app{n}": {**APP, "port": 8000 + n, "traffic": {"protocol": "tcp"}} for n in range(count)}
        return list(quota_notes(with_apps(apps)))

    assert notes(50) == []
    (note,) = notes(51)
    assert note.startswith(
        "nightowl:apps: 51 addresses are reached by TCP or UDP, each by a listener, and a load balancer has 50"
    )


def test_more_shared_volumes_than_an_account_has_file_systems_are_told_of() -> None:
    def notes(count: int) -> list[str]:
        volume = {"size": "1Gi", "kind": "persistent", "shared": True}
        volumes = {f"v{n}": {**volume, "mount": f"/v{n}"} for n in range(count)}
        return list(quota_notes(with_apps({"web": {**APP, "volumes": volumes}})))

    assert notes(1000) == []
    (note,) = notes(1001)
    assert note.startswith("nightowl:apps: 1001 shared volumes are a file system each, and an account has 1000")


def test_more_ports_than_the_nodes_security_group_has_rules_are_told_of() -> None:
    assert list(quota_notes(reached(59, ports=59))) == []
    (note,) = quota_notes(reached(60, ports=60))
    assert note.startswith(
        "nightowl:apps: the ports that load balancers reach make 61 inbound rules of one security group, which has 60 "
        "by default; let apps listen on the same port, or have the quota raised first"
    )


def test_the_rules_that_are_counted_are_those_that_are_made() -> None:
    made = run_stack(reached(5, ports=5)).graph.all("SecurityGroupIngressRule")
    assert len([rule for rule in made if rule.name.startswith("pods-")]) == 5
