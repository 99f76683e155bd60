"""Every role that works inside prod, and all that it may do: a table for whoever reviews a change of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.platforms.eks.harness_aws import Graph, Made
from tests.platforms.eks.stacks import run_shipped

MANAGED = {
    "control-plane": ["AmazonEKSClusterPolicy"],
    "node": ["AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodePolicy"],
    "vpc-cni": ["AmazonEKS_CNI_Policy"],
}
ALLOWED = {
    "app-web": ["kms:Decrypt", "secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
    "cluster-autoscaler": [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:DescribeLaunchConfigurations",
        "autoscaling:DescribeScalingActivities",
        "autoscaling:DescribeTags",
        "autoscaling:SetDesiredCapacity",
        "autoscaling:TerminateInstanceInAutoScalingGroup",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:GetInstanceTypesFromInstanceRequirements",
        "eks:DescribeNodegroup",
    ],
    "control-plane": [],
    "ebs-csi-driver": [
        "ec2:AttachVolume",
        "ec2:CreateTags",
        "ec2:CreateVolume",
        "ec2:DeleteVolume",
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeInstances",
        "ec2:DescribeVolumeStatus",
        "ec2:DescribeVolumes",
        "ec2:DescribeVolumesModifications",
        "ec2:DetachVolume",
        "ec2:ModifyVolume",
        "kms:CreateGrant",
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:GenerateDataKeyWithoutPlaintext",
    ],
    "flow-logs": [
        "logs:CreateLogStream",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
    ],
    "load-balancer-controller": [
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeVpcs",
        "elasticloadbalancing:DeregisterTargets",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
        "elasticloadbalancing:RegisterTargets",
    ],
    "node": [],
    "vpc-cni": [],
}


@pytest.fixture(scope="module")
def prod() -> Graph:
    return run_shipped("prod").graph


def roles(graph: Graph) -> list[Made]:
    """All roles but those that GitHub takes, which have tests of their own (tests/platforms/eks/pipeline)."""
    return [role for role in graph.all("Role") if "nightowl:eks:Delivery" not in role.parent]


def documents(graph: Graph, role: str) -> list[dict[str, Any]]:
    made = [item for item in graph.all("RolePolicy") if item.props["role"] == f"{role}-1a2b3c4"]
    return [json.loads(item.props["policy"]) for item in made]


def test_every_role_may_do_this_and_nothing_else(prod: Graph) -> None:
    seen = {
        role.name: sorted(
            {
                action
                for document in documents(prod, role.name)
                for statement in document["Statement"]
                for action in statement["Action"]
            }
        )
        for role in roles(prod)
    }
    assert seen == ALLOWED


def test_policies_of_aws_are_attached_where_no_narrower_one_does(prod: Graph) -> None:
    seen: dict[str, list[str]] = {}
    for made in prod.all("RolePolicyAttachment"):
        if "nightowl:eks:Delivery" in made.parent:
            continue
        role = made.props["role"].removesuffix("-1a2b3c4")
        seen.setdefault(role, []).append(made.props["policyArn"].rpartition("/")[2])
    assert {role: sorted(policies) for role, policies in seen.items()} == MANAGED


def test_no_statement_has_a_wildcard_action_and_only_looks_reach_everything(prod: Graph) -> None:
    for role in roles(prod):
        for document in documents(prod, role.name):
            for statement in document["Statement"]:
                assert not any("*" in action for action in statement["Action"])
                if "*" in statement["Resource"]:
                    verbs = {action.partition(":")[2] for action in statement["Action"]}
                    assert all(verb.startswith(("Describe", "Get")) for verb in verbs), (role.name, verbs)


def test_every_role_is_taken_by_one_service_under_a_condition(prod: Graph) -> None:
    for role in roles(prod):
        [statement] = json.loads(role.props["assumeRolePolicy"])["Statement"]
        [service] = statement["Principal"]["Service"]
        # EC2 sends neither account nor source when an instance takes its role.
        assert service == "ec2.amazonaws.com" or "aws:SourceAccount" in statement["Condition"]["StringEquals"]
