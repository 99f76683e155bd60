"""What the loader accepts, AWS accepts: every registered input against the models of the AWS SDK, up to the edges."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.platforms.eks.names import fixed_names
from infra.settings.build import build_settings
from infra.settings.eks.platform import OWN_TAGS, EksPlatformSettings
from infra.settings.problems import SettingsError
from tests.platforms.eks.answers import ACCOUNT, REGION
from tests.platforms.eks.harness_aws import Graph, Made
from tests.platforms.eks.service_models import refusals, tag_refusals, tagging_calls
from tests.platforms.eks.stacks import EKS_STACKS, run_shipped, run_stack, sections
from tests.platforms.eks.test_limits import BUILDS, DELIVERY, EVERYTHING

SUFFIX = "-0a1b2c3"
"""What the engine adds to the name of what the program gives none."""
NAMED_BY_ENGINE = {
    "aws:ec2/launchTemplate:LaunchTemplate": "launchTemplateName",
    "aws:eks/nodeGroup:NodeGroup": "nodeGroupName",
    "aws:iam/role:Role": "name",
    "aws:iam/rolePolicy:RolePolicy": "policyName",
    "aws:wafv2/webAcl:WebAcl": "name",
}
LONGEST_BY_ENGINE = {"aws:lb/targetGroup:TargetGroup": 32, "aws:lb/loadBalancer:LoadBalancer": 32, "NodeGroup": 63}
"""Characters of names that the models give no bound for (Elastic Load Balancing and Amazon EKS API references)."""

LONG_NAME = "a" * 39 + "z"
"""As long as a name of an app, a pool or a stack can be."""


def inputs(made: Made) -> dict[str, Any]:
    key = NAMED_BY_ENGINE.get(made.type)
    return {**({key: f"{made.name}{SUFFIX}"} if key else {}), **made.props}


def refused(graph: Graph) -> list[str]:
    found = [f"{made.name} {line}" for made in graph.resources for line in refusals(made.type, inputs(made))]
    for made in graph.resources:
        most = LONGEST_BY_ENGINE.get(made.type) or LONGEST_BY_ENGINE.get(made.kind)
        if most is not None and len(f"{made.name}{SUFFIX}") > most:
            found.append(f"{made.name}{SUFFIX} is longer than {most}")
    return found


@pytest.mark.parametrize("stack", EKS_STACKS)
def test_every_input_of_the_shipped_stacks_is_one_that_its_service_takes(stack: str) -> None:
    assert refused(run_shipped(stack).graph) == []


def extreme() -> dict[str, Any]:
    """A stack file at the edges of what the loader accepts."""
    other = LONG_NAME.replace("z", "y")
    domain = f"{'d' * 61}.io"
    app: dict[str, Any] = {
        "image": "ghcr.io/example/app:1.0.0",
        "port": 65535,
        "traffic": {"host": f"{'h' * 63}.{domain}", "path": "/" + "p" * 125},
        "health": {"readiness": "/" + "r" * 1023},
        "secrets": {LONG_NAME: f"{LONG_NAME}/".ljust(256, "s")},
    }
    return sections(
        platform={
            "kind": "eks",
            "region": REGION,
            "accountId": ACCOUNT,
            "tags": {**{f"t{index}": "" for index in range(39)}, "k" * 127: "v" * 255},
        },
        loadBalancer={
            "public": True,
            "domain": domain,
            "waf": True,
            "wafRateLimit": 2_000_000_000,
            "idleTimeoutSeconds": 4000,
            "priorities": {LONG_NAME: 50_000},
        },
        nodePools={
            "system": {"instanceTypes": ["m7g.large"], "min": 2, "max": 4, "system": True},
            LONG_NAME: {
                "instanceTypes": ["m7g.xlarge"],
                "min": 0,
                "max": 3,
                "labels": {f"example.com/{'l' * 51}": "v" * 63},
                "taints": [{"key": f"example.com/{'t' * 51}", "value": "v" * 63}],
            },
            "plain": {"instanceTypes": ["m7g.xlarge"], "min": 0, "max": 3},
        },
        delivery=EVERYTHING,
        apps={LONG_NAME: {**app, "build": "a"}, other: {**app, "traffic": {"protocol": "tcp"}}},
    )


def test_every_input_of_a_stack_file_at_the_edges_is_one_that_its_service_takes() -> None:
    assert refused(run_stack(build_settings(extreme()), stack=LONG_NAME).graph) == []


@pytest.mark.parametrize(
    ("change", "shape"),
    [
        ({"labels": {"workload": ""}}, "labels"),
        ({"labels": {f"example.com/{'l' * 52}": "v"}}, "labels"),
        ({"taints": [{"key": f"example.com/{'t' * 52}"}]}, "taints"),
    ],
)
def test_the_models_refuse_what_the_loader_refuses_of_a_pool(change: dict[str, Any], shape: str) -> None:
    pools = sections()["nodePools"]
    with pytest.raises(SettingsError):
        build_settings(sections(nodePools={**pools, "apps": {**pools["apps"], **change}}))
    assert refusals("aws:eks/nodeGroup:NodeGroup", change)


TEXT = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=130)
"""Anything that a stack file can hold on one line."""
EDGES = st.sampled_from(["k" * 127, "k" * 128, "Project", "NAME", "aws:x", "a b", "ä/é", "½", "Ⅻ", ""])


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(st.dictionaries(TEXT | EDGES, TEXT | st.sampled_from(["v" * 255, "v" * 256]), max_size=4))
def test_tags_that_the_loader_accepts_are_taken_by_every_service(tags: dict[str, str]) -> None:
    platform = {"kind": "eks", "region": REGION, "accountId": ACCOUNT, "tags": tags}
    try:
        accepted = EksPlatformSettings.model_validate(platform).tags
    except ValueError:
        return
    own = dict.fromkeys(OWN_TAGS, "x")
    for service, operation in sorted(tagging_calls()):
        assert tag_refusals(service, operation, {**accepted, **own}) == []


def test_all_tags_that_a_program_gives_itself_are_refused_in_a_stack_file() -> None:
    keys = {key for stack in EKS_STACKS for made in run_shipped(stack).graph.resources for key in _tags(made)}
    for key in sorted(keys):
        with pytest.raises(ValueError, match="tags"):
            EksPlatformSettings.model_validate(
                {"kind": "eks", "region": REGION, "accountId": ACCOUNT, "tags": {key.upper(): "x"}}
            )


def _tags(made: Made) -> list[str]:
    tags = made.props.get("tags")
    return list(tags) if isinstance(tags, dict) and made.type.startswith("aws:") else []


CALL_OF_NAME = {
    "an EKS cluster": ("aws:eks/addon:Addon", "clusterName"),
    "an alias of a KMS key": ("aws:kms/alias:Alias", "name"),
    "an IAM role": ("aws:iam/role:Role", "name"),
    "an IAM policy": ("aws:iam/policy:Policy", "name"),
    "the path of an IAM role": ("aws:iam/role:Role", "path"),
    "a log group": ("aws:cloudwatch/logGroup:LogGroup", "name"),
    "a CodeBuild project": ("aws:codebuild/project:Project", "name"),
    "an image repository": ("aws:ecr/repository:Repository", "name"),
}


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=100)
@given(st.from_regex(r"\A[a-zA-Z0-9._=+,@ -]{1,120}\Z"))
def test_a_name_that_our_limits_accept_is_one_that_the_models_accept(stack: str) -> None:
    for limit, name in fixed_names("nightowl", stack, DELIVERY, BUILDS):
        type_, key = CALL_OF_NAME[limit.of]
        if limit.error(name) is None:
            assert refusals(type_, {key: name}) == []
