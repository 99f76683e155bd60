from __future__ import annotations

import subprocess
import sys

import pytest

from infra.iam import Statement, pod_identity_trust, policy_document, service_trust
from tests.platforms.eks.iam_evaluator import Call, allows

ACCOUNT, REGION, CLUSTER = "123456789012", "eu-central-1", "nightowl-prod"
FLOW_LOGS = "vpc-flow-logs.amazonaws.com"
PODS = "pods.eks.amazonaws.com"
SESSION = {
    "aws:SourceAccount": ACCOUNT,
    "aws:RequestTag/eks-cluster-arn": f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{CLUSTER}",
    "aws:RequestTag/kubernetes-namespace": "apps",
    "aws:RequestTag/kubernetes-service-account": "web",
}


def test_a_document_keeps_the_order_and_leaves_out_what_a_statement_does_not_have() -> None:
    document = policy_document(
        Statement(sid="First", actions=["a:B"], resources=["*"]),
        Statement(sid="Second", actions=["c:D"], principals={"Service": ["s"]}, effect="Deny"),
    )
    assert document == {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "First", "Effect": "Allow", "Action": ["a:B"], "Resource": ["*"]},
            {"Sid": "Second", "Effect": "Deny", "Principal": {"Service": ["s"]}, "Action": ["c:D"]},
        ],
    }


@pytest.mark.parametrize("action", ["sts:AssumeRole", "sts:TagSession"])
def test_the_pods_of_the_service_account_take_their_role(action: str) -> None:
    assert allows(_trust(), Call(action=action, principal=PODS, context=SESSION))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("aws:SourceAccount", "999999999999"),
        ("aws:RequestTag/eks-cluster-arn", f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/nightowl-dev"),
        ("aws:RequestTag/eks-cluster-arn", f"arn:aws:eks:eu-west-1:{ACCOUNT}:cluster/{CLUSTER}"),
        ("aws:RequestTag/kubernetes-namespace", "kube-system"),
        ("aws:RequestTag/kubernetes-service-account", "worker"),
    ],
)
def test_pods_of_another_account_cluster_namespace_or_service_account_do_not(key: str, value: str) -> None:
    call = Call(action="sts:AssumeRole", principal=PODS, context={**SESSION, key: value})
    assert not allows(_trust(), call)


def test_a_session_without_tags_does_not_take_the_role() -> None:
    assert not allows(_trust(), Call(action="sts:AssumeRole", principal=PODS, context={"aws:SourceAccount": ACCOUNT}))


def test_a_service_takes_a_role_for_this_account_and_source_only() -> None:
    source = f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc-flow-log/*"
    trust = service_trust(FLOW_LOGS, account_id=ACCOUNT, source_arn=source)
    good = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc-flow-log/fl-1"}
    others = [
        {**good, "aws:SourceAccount": "999999999999"},
        {**good, "aws:SourceArn": "arn:aws:ec2:x:9:vpc-flow-log/a"},
    ]
    assert allows(trust, Call(action="sts:AssumeRole", principal=FLOW_LOGS, context=good))
    assert not allows(trust, Call(action="sts:AssumeRole", principal="ec2.amazonaws.com", context=good))
    for context in others:
        assert not allows(trust, Call(action="sts:AssumeRole", principal=FLOW_LOGS, context=context))


def test_a_service_that_sends_no_source_is_trusted_without_conditions() -> None:
    assert "Condition" not in service_trust("ec2.amazonaws.com")["Statement"][0]


def test_policies_are_read_without_loading_pulumi() -> None:
    code = (
        "import sys, infra.iam, infra.platforms.eks.cluster.key_policies; "
        "sys.exit(any(name.split('.')[0].startswith('pulumi') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _trust() -> dict[str, object]:
    return pod_identity_trust(ACCOUNT, REGION, CLUSTER, namespace="apps", service_account="web")
