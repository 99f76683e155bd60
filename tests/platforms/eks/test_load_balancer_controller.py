from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from infra.addons.addon import ClusterFacts
from infra.addons.aws_load_balancer_controller import ADDON, CHART, REPLICAS
from infra.iam import policy_document
from tests.platforms.eks.answers import ACCOUNT, REGION
from tests.platforms.eks.iam_evaluator import Call, allows
from tests.platforms.eks.stacks import run_stack, with_apps

GROUP = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/web-1a2b3c4/0123456789abcdef"
OURS = {"aws:ResourceTag/cluster": "nightowl-test"}

CHART_KEYS = {
    "clusterName", "region", "vpcId", "serviceAccount", "keepTLSSecret", "enableServiceMutatorWebhook",
    "controllerConfig", "enableShield", "enableWaf", "enableWafv2", "enableBackendSecurityGroup", "ingressClass",
    "createIngressClassResource", "ingressClassParams",
    "disableIngressClassAnnotation", "disableIngressGroupNameAnnotation", "webhookConfig",
    "podMutatorWebhookConfig", "replicaCount", "podDisruptionBudget", "topologySpreadConstraints", "nodeSelector",
    "tolerations", "dnsPolicy", "targetgroupbindingMaxExponentialBackoffDelay", "defaultTargetType", "resources",
    "securityContext",
}  # fmt: skip
"""Keys of the chart's values.yaml, 3.5.0, that are used here: Helm ignores a misspelt one without a word."""
FEATURE_GATES = {"EnableServiceController", "ALBGatewayAPI", "NLBGatewayAPI", "GatewayListenerSet"}
"""Of those that values.yaml lists: the controller refuses to start with an unknown one."""


FACTS = ClusterFacts(name="nightowl-test", account_id=ACCOUNT, region=REGION, vpc_id="vpc-1")


@pytest.fixture(scope="module")
def policy() -> dict[str, Any]:
    return policy_document(*ADDON.permissions(FACTS)["targets"])


@pytest.fixture(scope="module")
def values() -> Mapping[str, Any]:
    return ADDON.values(FACTS)


def test_the_controller_has_six_actions_and_no_more(policy: dict[str, Any]) -> None:
    actions = [action for statement in policy["Statement"] for action in statement["Action"]]
    assert sorted(actions) == [
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeVpcs",
        "elasticloadbalancing:DeregisterTargets",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
        "elasticloadbalancing:RegisterTargets",
    ]


@pytest.mark.parametrize("action", ["RegisterTargets", "DeregisterTargets"])
def test_it_registers_in_this_clusters_groups(policy: dict[str, Any], action: str) -> None:
    assert allows(policy, Call(action=f"elasticloadbalancing:{action}", resource=GROUP, context=OURS))


@pytest.mark.parametrize(
    ("resource", "context"),
    [
        (GROUP, {"aws:ResourceTag/cluster": "nightowl-other"}),
        (GROUP, {}),
        (GROUP.replace(ACCOUNT, "999999999999"), OURS),
        (GROUP.replace(REGION, "us-east-1"), OURS),
    ],
    ids=["another cluster's group", "a group of nobody", "another account's group", "another region's group"],
)
def test_it_leaves_other_groups_alone(policy: dict[str, Any], resource: str, context: dict[str, str]) -> None:
    call = Call(action="elasticloadbalancing:DeregisterTargets", resource=resource, context=context)
    assert not allows(policy, call)


@pytest.mark.parametrize(
    "action",
    [
        "elasticloadbalancing:CreateLoadBalancer",
        "elasticloadbalancing:DeleteTargetGroup",
        "elasticloadbalancing:AddTags",
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:CreateSecurityGroup",
    ],
)
def test_it_makes_and_changes_nothing(policy: dict[str, Any], action: str) -> None:
    assert not allows(policy, Call(action=action, resource=GROUP, context=OURS))


def test_values_use_keys_that_the_chart_knows(values: Mapping[str, Any]) -> None:
    assert set(values) <= CHART_KEYS
    assert set(values["controllerConfig"]["featureGates"]) == FEATURE_GATES


def test_p21_region_and_vpc_are_given_because_pods_do_not_reach_the_metadata_service(values: Mapping[str, Any]) -> None:
    assert (values["region"], values["vpcId"]) == (REGION, "vpc-1")


def test_p18_other_services_do_not_depend_on_the_controller(values: Mapping[str, Any]) -> None:
    assert values["enableServiceMutatorWebhook"] is False


def test_everything_but_bindings_is_off(values: Mapping[str, Any]) -> None:
    off = ["enableShield", "enableWaf", "enableWafv2", "enableBackendSecurityGroup", "createIngressClassResource"]
    assert [values[key] for key in off] == [False] * len(off)
    assert set(values["controllerConfig"]["featureGates"].values()) == {False}
    assert values["ingressClass"] not in {"", "alb"}


def test_the_webhooks_certificate_is_kept_over_upgrades(values: Mapping[str, Any]) -> None:
    assert values["keepTLSSecret"] is True


def test_r25_the_controller_survives_a_zone_and_a_drain(values: Mapping[str, Any]) -> None:
    assert values["replicaCount"] == REPLICAS == 2
    assert values["podDisruptionBudget"] == {"maxUnavailable": 1}
    assert [item["topologyKey"] for item in values["topologySpreadConstraints"]] == ["topology.kubernetes.io/zone"]


def test_the_release_is_the_pinned_chart_in_kube_system() -> None:
    graph = run_stack(with_apps({"web": {"traffic": {}}})).graph
    release = graph.one("Release", "load-balancer-controller").props
    assert release["name"] == "aws-load-balancer-controller"
    assert (release["chart"], release["version"]) == (CHART.chart, "3.6.0")
    assert release["repositoryOpts"]["repo"] == "https://aws.github.io/eks-charts"
    assert release["values"]["vpcId"].startswith("vpc-")
    assert release["values"]["serviceAccount"]["name"] == "aws-load-balancer-controller"


@pytest.fixture(scope="module")
def bucket_policy() -> dict[str, Any]:
    graph = run_stack(with_apps({"web": {"traffic": {}}})).graph
    return json.loads(graph.one("BucketPolicy").props["policy"])


LOGS = "logdelivery.elasticloadbalancing.amazonaws.com"
TLS = {"aws:SecureTransport": "true"}


@pytest.mark.parametrize(
    ("principal", "path", "context", "allowed"),
    [
        (LOGS, f"AWSLogs/{ACCOUNT}/elasticloadbalancing/x.log.gz", TLS, True),
        (LOGS, "AWSLogs/999999999999/elasticloadbalancing/x.log.gz", TLS, False),
        (LOGS, "elsewhere.log.gz", TLS, False),
        ("delivery.logs.amazonaws.com", f"AWSLogs/{ACCOUNT}/x.log.gz", TLS, False),
    ],
    ids=["this account's log", "another account's log", "another path", "another service"],
)
def test_only_load_balancers_of_this_account_write_to_the_log(
    bucket_policy: dict[str, Any], principal: str, path: str, context: dict[str, str], allowed: bool
) -> None:
    resource = f"arn:aws:s3:::alb-log-1a2b3c4/{path}"
    assert allows(
        bucket_policy, Call(action="s3:PutObject", resource=resource, principal=principal, context=context)
    ) is (allowed)


def test_whoever_does_not_use_tls_is_refused_at_the_log(bucket_policy: dict[str, Any]) -> None:
    deny = next(statement for statement in bucket_policy["Statement"] if statement["Effect"] == "Deny")
    assert deny["Principal"] == {"AWS": ["*"]}
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert deny["Resource"] == ["arn:aws:s3:::alb-log-1a2b3c4", "arn:aws:s3:::alb-log-1a2b3c4/*"]


def test_only_this_accounts_delivery_writes_the_firewalls_log() -> None:
    graph = run_stack(
        with_apps(
            {"web": {"traffic": {"host": "a.example.com"}}},
            loadBalancer={"public": True, "waf": True, "domain": "example.com"},
        )
    ).graph
    document = json.loads(graph.one("LogResourcePolicy").props["policyDocument"])
    stream = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:aws-waf-logs-nightowl-test:log-stream:x"
    source = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:x"}
    call = Call(action="logs:PutLogEvents", resource=stream, principal="delivery.logs.amazonaws.com", context=source)
    assert allows(document, call)
    foreign = Call(
        action=call.action,
        resource=stream,
        principal=call.principal,
        context={**source, "aws:SourceAccount": "999999999999"},
    )
    assert not allows(document, foreign)


def test_its_kinds_are_those_of_its_version_and_are_there_first() -> None:
    """Helm installs a chart's definitions once, so another version would run on old ones."""
    graph = run_stack(with_apps({"web": {"traffic": {}}})).graph
    definitions = graph.one("kubernetes:yaml/v2:ConfigFile")
    release = graph.one("Release", "load-balancer-controller")
    assert f"/v{CHART.version}/" in definitions.props["file"]
    assert release.props["version"] == CHART.version
    assert release.props["skipCrds"] is True
    assert graph.waits_for(release, definitions)
    for binding in graph.all("TargetGroupBinding"):
        assert graph.waits_for(binding, definitions)
        assert graph.deleted_before(binding, definitions)
