"""No argument is left out to mean a default that AWS would not go back to.

What is Optional and Computed in the provider's schema stays as it is on a live resource when nothing is said. The SDK's
own types tell which those are: they can be left out of the arguments, and are always there in what was made.
"""

from __future__ import annotations

import functools
import inspect
import re
from typing import Any

import pulumi_aws as aws
import pytest

from infra.platforms.eks.cluster.cluster import control_plane_properties
from infra.settings.eks.cluster import ClusterSettings
from tests.platforms.eks.harness_aws import Graph
from tests.platforms.eks.stacks import SECTIONS, run_stack, with_apps

ROLE = "arn:aws:iam::123456789012:role"

MEANT_TO_STAY = {
    # Without a release of its own a group keeps the one that it has (docs/configuration.md, `imageRelease`).
    ("aws:eks/nodeGroup:NodeGroup", "releaseVersion"),
}

LITTLE: dict[str, Any] = {
    "platform": {**SECTIONS["platform"], "protect": False},
    "cluster": {"access": {"deployers": [f"{ROLE}/deployer"], "admins": [f"{ROLE}/on-call"]}},
    "loadBalancer": {"public": True, "domain": "example.com"},
}
MUCH: dict[str, Any] = {
    "platform": {**SECTIONS["platform"], "protect": True, "tags": {"team": "shop"}},
    "network": {"flowLogRetentionDays": 90, "interfaceEndpoints": ["sts"]},
    "cluster": {
        "tier": "tier-xl",
        "autoscalerSync": "10s",
        "publicAccess": ["198.51.100.0/24"],
        "deletionProtection": False,
        "zonalShift": False,
        "logRetentionDays": 90,
        "addons": {"coredns": "v1.12.4-eksbuild.1"},
        "access": {"deployers": [f"{ROLE}/deployer"], "breakGlass": f"{ROLE}/on-call"},
    },
    "nodePools": {
        **SECTIONS["nodePools"],
        "apps": {
            "instanceTypes": ["m7g.xlarge"],
            "min": 3,
            "max": 30,
            "disk": "80Gi",
            "capacity": "spot",
            "imageRelease": "1.36.2-20261110",
            "labels": {"team": "shop"},
        },
    },
    "loadBalancer": {
        "public": True,
        "domain": "example.com",
        "waf": True,
        "allowFrom": ["198.51.100.0/24"],
        "idleTimeoutSeconds": 90,
        "logRetentionDays": 365,
    },
}


@pytest.fixture(scope="module")
def little() -> Graph:
    return run_stack(with_apps({"web": {"traffic": {"host": "app.example.com"}}}, **LITTLE)).graph


@pytest.fixture(scope="module")
def much() -> Graph:
    web = {
        "traffic": {"host": "app.example.com"},
        "health": {"readiness": "/readyz"},
        "rollout": {"drain": "20s"},
        "secrets": {"key": "prod/key"},
    }
    return run_stack(with_apps({"web": web}, **MUCH)).graph


@functools.cache
def stays_when_left_out(type_: str) -> frozenset[str]:
    """The arguments of a type that are Optional and Computed, or have a default of the provider's, as written."""
    module, kind = type_.split(":")[1].partition("/")[0], type_.rpartition(":")[2]
    cls: Any = getattr(getattr(aws, module), kind)
    arguments = inspect.signature(cls._internal_init).parameters
    return frozenset(
        re.sub(r"_(\w)", lambda match: match[1].upper(), name)
        for name, value in inspect.getmembers(cls, lambda member: isinstance(member, property))
        if name in arguments and "Optional" not in str(inspect.signature(value.fget).return_annotation)
    )


def test_the_sdk_tells_what_stays() -> None:
    assert {"userName", "kubernetesGroups"} <= stays_when_left_out("aws:eks/accessEntry:AccessEntry")
    assert "labels" not in stays_when_left_out("aws:eks/nodeGroup:NodeGroup")


def test_what_aws_keeps_is_said_whatever_the_stack_file_says(little: Graph, much: Graph) -> None:
    before = {made.urn: made for made in much.resources}
    forgotten = [
        f"{made.type} {made.name}: {key}"
        for made in little.resources
        if made.type.startswith("aws:") and made.urn in before
        for key in stays_when_left_out(made.type) & (made.props.keys() ^ before[made.urn].props.keys())
        if (made.type, key) not in MEANT_TO_STAY
    ]
    assert forgotten == []


def test_so_is_what_is_set_behind_the_back_of_the_clusters_component() -> None:
    reserved = ClusterSettings.model_validate({"tier": "tier-xl", "autoscalerSync": "10s"})
    before, after = (
        control_plane_properties(settings)
        for settings in (reserved, ClusterSettings.model_validate({"tier": "tier-xl"}))
    )
    assert before.keys() == after.keys()
    # EKS takes no sync period with the standard tier; a preview refuses to leave the tier before it is the default.
    assert before.keys() - control_plane_properties(ClusterSettings()).keys() == {"kubeControllerManagerConfig"}
