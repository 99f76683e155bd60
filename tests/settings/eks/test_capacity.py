"""A pod must fit on a node, and all of them on the pools."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import Any

import pytest

from infra.settings.eks.machines import room
from infra.settings.problems import SettingsError
from infra.settings.scalars import MEBIBYTE
from tests.platforms.eks.stacks import SECTIONS, run_stack, with_apps

SYSTEM = SECTIONS["nodePools"]["system"]
POOL = {"instanceTypes": ["m7g.xlarge"], "min": 3, "max": 10}
LARGE = {"instanceTypes": ["c7g.4xlarge"], "min": 0, "max": 2, "taints": [{"key": "batch"}]}
UNKNOWN = {"instanceTypes": ["i4i.xlarge"], "min": 0, "max": 2}


@pytest.mark.parametrize(
    ("instance_type", "vcpus", "gibibytes", "gpus"),
    [
        ("m7g.medium", 1, 4, 0),
        ("t3.small", 2, 2, 0),
        ("t4g.medium", 2, 4, 0),
        ("c7gn.large", 2, 4, 0),
        ("m7i-flex.xlarge", 4, 16, 0),
        ("r8g.48xlarge", 192, 1536, 0),
        ("g4dn.xlarge", 4, 16, 1),
        ("g5.12xlarge", 48, 192, 4),
        ("g6e.16xlarge", 64, 512, 1),
        ("p5.48xlarge", 192, 2048, 8),
    ],
)
def test_pods_have_what_a_machine_has_less_what_the_node_needs_itself(
    instance_type: str, vcpus: int, gibibytes: int, gpus: int
) -> None:
    found = room(instance_type)
    assert found is not None
    assert 0 < vcpus * 1000 - found.cpu <= 600
    assert 450 <= gibibytes * 1024 - found.memory // MEBIBYTE <= 800
    assert found.gpus == gpus


@pytest.mark.parametrize("instance_type", ["c5n.large", "i4i.xlarge", "m7g.metal", "x2gd.xlarge", "g4ad.xlarge"])
def test_nothing_is_said_of_a_machine_whose_name_does_not_say_what_it_has(instance_type: str) -> None:
    assert room(instance_type) is None


NODE = "a pod{} requests {}, and the largest node that may take it, of pool apps, has {} for pods at most"
REMEDY = "lower it, or give the pool larger instanceTypes"


@pytest.mark.parametrize(
    ("app", "message"),
    [
        ({"resources": {"cpu": 4}}, f"resources.cpu: {NODE.format('', '4 CPU', '3.885 CPU')}; {REMEDY}"),
        ({"resources": {"memory": "16Gi"}}, f"resources.memory: {NODE.format('', '16Gi', '15670Mi')}; {REMEDY}"),
        (
            {"resources": {"cpu": 2}, "sidecars": {"proxy": {"image": "a:1", "resources": {"cpu": 2}}}},
            f"resources.cpu: {NODE.format(', with the containers beside it,', '4 CPU', '3.885 CPU')}; {REMEDY}",
        ),
        (
            {"release": {"command": ["migrate"], "resources": {"cpu": 8}}},
            f"release.resources.cpu: {NODE.format('', '8 CPU', '3.885 CPU')}; {REMEDY}",
        ),
    ],
    ids=["CPU", "memory", "sidecar", "release"],
)
def test_a_pod_that_is_larger_than_every_node_is_refused_with_both_figures(app: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        with_apps({"web": app}, nodePools={"system": SYSTEM, "apps": POOL})
    assert str(refused.value) == f"nightowl:apps.web.{message}"


def test_a_pod_that_needs_the_processors_of_one_pool_and_the_memory_of_another_is_refused() -> None:
    app = {"resources": {"cpu": 8, "memory": "40Gi"}, "placement": {"tolerate": ["batch"]}}
    apps = {**POOL, "instanceTypes": ["r7g.2xlarge"]}
    with pytest.raises(SettingsError) as refused:
        with_apps({"web": app}, nodePools={"system": SYSTEM, "apps": apps, "batch": LARGE})
    assert str(refused.value) == (
        "nightowl:apps.web.resources: a pod requests 8 CPU and 40Gi, and no node has both for pods (apps 7.875 CPU and "
        f"64822Mi, batch 15.855 CPU and 32054Mi at most); {REMEDY}"
    )


@pytest.mark.parametrize(
    ("app", "pools"),
    [
        ({"resources": {"cpu": "3885m", "memory": "15670Mi"}}, {"apps": POOL}),
        ({"resources": {"cpu": 8}, "placement": {"tolerate": ["batch"]}}, {"apps": POOL, "batch": LARGE}),
        ({"resources": {"cpu": 100}}, {"apps": POOL, "local": UNKNOWN}),
    ],
    ids=["exactly", "on another pool", "on machines of an unknown size"],
)
def test_a_pod_that_fits_somewhere_is_accepted(app: dict[str, Any], pools: dict[str, Any]) -> None:
    assert with_apps({"web": app}, nodePools={"system": SYSTEM, **pools}).apps


def shortages(apps: dict[str, Any], /, **pools: Any) -> list[str]:
    settings = with_apps(apps, nodePools={"system": SYSTEM, **pools})
    return [line for line in run_stack(settings).warnings if "have room for" in line]


def test_maxima_beyond_the_pools_are_told_with_both_figures() -> None:
    web = {"resources": {"cpu": 1}, "scaling": {"max": 40}}
    assert shortages({"web": web, "api": {"replicas": 1}}, apps=POOL) == [
        "nightowl:nodePools.apps.max: 10 nodes of apps have room for 38.85 CPU at most, and web and api at their "
        "maxima, surge included, request 50.2 CPU; the rest would stay pending: raise max, or lower "
        "scaling.max or resources"
    ]


def test_a_pool_of_its_own_is_short_though_all_pools_together_are_not() -> None:
    placement = {"tolerate": ["batch"], "labels": {"nightowl/pool": "batch"}}
    job = {"resources": {"cpu": 4}, "replicas": 7, "placement": placement}
    [line] = shortages({"web": {"replicas": 1}, "job": job}, apps={**POOL, "max": 100}, batch=LARGE)
    assert line.startswith("nightowl:nodePools.batch.max: 2 nodes of batch have room for 31.71 CPU at most, and job at")


@pytest.mark.parametrize("pools", [{"apps": {**POOL, "max": 13}}, {"apps": UNKNOWN}], ids=["room", "unknown machines"])
def test_nothing_is_told_where_there_is_room_or_nobody_knows(pools: dict[str, Any]) -> None:
    assert shortages({"web": {"resources": {"cpu": 1}, "scaling": {"max": 40}}}, **pools) == []


@pytest.mark.parametrize(
    ("app", "remedy"),
    [
        (
            {"scaling": {"max": 40}, "rollout": {"surge": "0%"}},
            "at their maxima request 40 CPU;*lower scaling.max or resources",
        ),
        ({"replicas": 40}, "at their maxima, surge included, request 50 CPU;*lower replicas or resources"),
        ({"kind": "stateful", "replicas": 40}, "at their maxima request 40 CPU;*lower replicas or resources"),
    ],
)
def test_a_shortage_names_keys_that_its_apps_have(app: dict[str, Any], remedy: str) -> None:
    [line] = shortages({"web": {"resources": {"cpu": 1}, **app}}, apps=POOL)
    assert fnmatch(line, f"*{remedy}")
