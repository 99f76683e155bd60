from __future__ import annotations

from typing import Any

import pytest

from infra.settings.problems import SettingsError
from infra.settings.stack import StackSettings
from tests.platforms.eks.stacks import SECTIONS, run_stack, with_apps

SYSTEM = SECTIONS["nodePools"]["system"]
ARM = {"instanceTypes": ["m7g.xlarge"]}
GPU = {"instanceTypes": ["g4ad.xlarge"], "labels": {"accelerator": "a10g"}, "taints": [{"key": "gpu"}]}


def stack(pools: dict[str, Any], placement: dict[str, Any]) -> StackSettings:
    return with_apps({"web": {"placement": placement}}, nodePools={"system": SYSTEM, **pools})


@pytest.mark.parametrize(
    ("pools", "placement"),
    [
        ({"apps": ARM}, {}),
        ({"gpu": GPU}, {"tolerate": ["gpu"]}),
        ({"apps": ARM, "gpu": GPU}, {"tolerate": ["gpu"], "labels": {"accelerator": "a10g"}}),
        ({"apps": ARM, "gpu": GPU}, {"labels": {"nightowl/pool": "apps", "kubernetes.io/arch": "arm64"}}),
        ({"apps": {**ARM, "taints": [{"key": "old", "effect": "PreferNoSchedule"}]}}, {}),
        ({"apps": ARM}, {"labels": {"topology.kubernetes.io/zone": "eu-central-1a"}}),
    ],
    ids=["plain", "tolerated", "labelled", "labels of every node", "only preferred", "known to EKS alone"],
)
def test_an_app_that_a_pool_takes_is_accepted(pools: dict[str, Any], placement: dict[str, Any]) -> None:
    assert stack(pools, placement).apps


@pytest.mark.parametrize(
    ("pools", "placement", "reason"),
    [
        ({"gpu": GPU}, {}, "gpu has the taint gpu"),
        ({"apps": {**ARM, "taints": [{"key": "old", "effect": "NoExecute"}]}}, {}, "apps has the taint old"),
        (
            {"apps": ARM, "gpu": GPU},
            {"labels": {"accelerator": "a10g"}},
            "apps is not labelled accelerator=a10g, gpu has the taint gpu",
        ),
        ({"apps": ARM}, {"labels": {"kubernetes.io/arch": "amd64"}}, "apps is not labelled kubernetes.io/arch=amd64"),
        ({"apps": ARM}, {"labels": {"nightowl/pool": "system"}}, "apps is not labelled nightowl/pool=system"),
        ({"apps": ARM}, {"labels": {"nightowl/system": "true"}}, "apps is not labelled nightowl/system=true"),
    ],
    ids=["taint", "taint that evicts", "label and taint apart", "other processor", "system pool", "system label"],
)
def test_an_app_that_no_pool_takes_is_refused_in_one_line(
    pools: dict[str, Any], placement: dict[str, Any], reason: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        stack(pools, placement)
    assert str(refused.value) == (
        f"nightowl:apps.web.placement: no pool takes web: {reason}; "
        "tolerate the taints, or ask for labels that a pool has"
    )


def test_apps_stay_off_the_pool_of_the_clusters_own_controllers() -> None:
    with pytest.raises(SettingsError) as refused:
        stack({"apps": ARM}, {"tolerate": ["CriticalAddonsOnly"]})
    assert str(refused.value) == (
        "nightowl:apps.web.placement.tolerate: CriticalAddonsOnly keeps apps off the cluster's own controllers; "
        "remove it"
    )


def test_labels_of_a_pool_are_those_that_an_app_is_judged_by() -> None:
    """The settings foresee what the machines are labelled with."""
    graph = run_stack(stack({"gpu": GPU}, {"tolerate": ["gpu"], "labels": {"nightowl/pool": "gpu"}})).graph
    [group, *_] = [made for made in graph.all("NodeGroup") if made.name.startswith("gpu-")]
    assert group.props["labels"] == {"accelerator": "a10g", "nightowl/pool": "gpu"}
