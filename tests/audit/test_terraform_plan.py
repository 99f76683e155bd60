from __future__ import annotations

from typing import Any

import pytest

from infra.plan.graph import Graph, Resource
from tests.audit.terraform_plan import terraform_name, terraform_plan, terraform_type

VPC = Resource(
    urn="vpc", type="aws:ec2/vpc:Vpc", name="main", props={"cidrBlock": "10.0.0.0/16", "tags": {"Name": "n"}}
)
COMPONENT = Resource(urn="eks", type="eks:index:Cluster", name="cluster", props={"version": "1.36"})
CONTROL_PLANE = Resource(
    urn="control-plane",
    type="aws:eks/cluster:Cluster",
    name="cluster",
    parent="eks",
    props={"vpcConfig": {"subnetIds": ["a"], "endpointPublicAccess": False}},
)
NODES = Resource(
    urn="nodes",
    type="aws:eks/nodeGroup:NodeGroup",
    name="nodes",
    props={"taints": [{"key": "k", "effect": "NO_SCHEDULE"}], "labels": {"a-b": "c"}},
    property_dependencies={"clusterName": frozenset({"eks"}), "subnetIds": frozenset({"vpc"})},
)


def plan(*resources: Resource, inner: tuple[Resource, ...] = ()) -> dict[str, Any]:
    return terraform_plan(Graph(project="p", stack="s", resources=resources, inner=inner))


def planned(whole: dict[str, Any]) -> dict[str, Any]:
    return {part["address"]: part["values"] for part in whole["planned_values"]["root_module"]["resources"]}


@pytest.mark.parametrize(
    ("pulumi", "terraform"),
    [
        ("aws:ec2/vpc:Vpc", "aws_vpc"),
        ("aws:eks/nodeGroup:NodeGroup", "aws_eks_node_group"),
        ("aws:lb/loadBalancer:LoadBalancer", "aws_lb"),
        ("aws:lb/targetGroup:TargetGroup", "aws_lb_target_group"),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws_vpc_security_group_ingress_rule"),
        ("aws:wafv2/webAcl:WebAcl", "aws_wafv2_web_acl"),
        ("aws:s3/bucketPolicy:BucketPolicy", "aws_s3_bucket_policy"),
    ],
)
def test_a_type_gets_the_name_that_terraform_knows(pulumi: str, terraform: str) -> None:
    assert terraform_type(pulumi) == terraform


def test_names_are_in_snake_case_and_repeated_blocks_in_the_singular() -> None:
    assert [terraform_name(key) for key in ("publicAccessCidrs", "rules", "subnets", "kmsKeyId")] == [
        "public_access_cidrs",
        "rule",
        "subnets",
        "kms_key_id",
    ]


def test_a_nested_object_becomes_a_block_and_a_map_stays_one() -> None:
    found = planned(plan(VPC, NODES, inner=(CONTROL_PLANE,)))
    assert found["aws_vpc.main"]["tags"] == {"Name": "n"}
    assert found["aws_eks_node_group.nodes"] == {
        "taint": [{"key": "k", "effect": "NO_SCHEDULE"}],
        "labels": {"a-b": "c"},
    }
    assert found["aws_eks_cluster.cluster"]["vpc_config"] == [{"subnet_ids": ["a"], "endpoint_public_access": False}]


def test_what_property_dependencies_a_component_property_dependencies_what_is_inside_it() -> None:
    whole = plan(VPC, COMPONENT, NODES, inner=(CONTROL_PLANE,))
    nodes = next(one for one in whole["configuration"]["root_module"]["resources"] if one["name"] == "nodes")
    assert nodes["expressions"] == {
        "cluster_name": {"references": ["aws_eks_cluster.cluster.id"]},
        "subnet_ids": {"references": ["aws_vpc.main.id"]},
    }
    assert "eks_index_cluster.cluster" not in planned(whole)


def test_two_resources_of_one_name_stay_two() -> None:
    twin = Resource(urn="twin", type=VPC.type, name="main", props={})
    assert set(planned(plan(VPC, twin))) == {"aws_vpc.main", "aws_vpc.main-2"}
