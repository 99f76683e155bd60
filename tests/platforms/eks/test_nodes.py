from __future__ import annotations

import json
from typing import Any

import pytest

from infra.labels import SYSTEM_LABEL
from infra.settings.problems import SettingsError
from tests.platforms.eks.answers import ZONES
from tests.platforms.eks.cluster_program import APPS_POOL, CLUSTER, SUBNETS, SYSTEM_POOL, VOLUMES_KEY, build, default
from tests.platforms.eks.harness_aws import Graph, Made

TEMPLATE = "k8s.io/cluster-autoscaler/node-template"


def apps(**section: Any) -> Graph:
    return build(pools={"system": SYSTEM_POOL, "apps": {**APPS_POOL, **section}})


def app_groups(graph: Graph) -> list[Made]:
    return [made for made in graph.all("NodeGroup") if made.name.startswith("apps-")]


def template(graph: Graph) -> dict[str, Any]:
    return graph.one("LaunchTemplate", "apps").props


def test_each_pool_has_one_group_per_zone_in_the_zones_private_subnet() -> None:
    # A group over several zones cannot be aimed at one, and is rebalanced behind our back.
    groups = {made.name: made.props for made in default().all("NodeGroup")}
    assert set(groups) == {f"{pool}-{zone[-1]}" for pool in ("system", "apps") for zone in ZONES}
    for name, props in groups.items():
        assert props["subnetIds"] == [SUBNETS[f"eu-central-1{name[-1]}"]]


def test_the_groups_of_a_pool_are_alike_but_for_the_zone() -> None:
    alike = [
        json.dumps(
            {key: value for key, value in made.props.items() if key not in {"subnetIds", "tags"}}, sort_keys=True
        )
        for made in app_groups(default())
    ]
    assert len(set(alike)) == 1


def test_the_bounds_of_a_pool_are_shared_out_among_its_groups() -> None:
    scaling = [made.props["scalingConfig"] for made in app_groups(apps(min=4, max=61))]
    assert sorted(item["minSize"] for item in scaling) == [1, 1, 2]
    assert sorted(item["maxSize"] for item in scaling) == [20, 20, 21]
    assert all(item["desiredSize"] == item["minSize"] for item in scaling)


def test_a_deployment_does_not_throw_the_fleet_back_to_the_minimum() -> None:
    # The code and the autoscaler fight over the desired size.
    for made in default().all("NodeGroup"):
        assert made.ignore_changes == ("scalingConfig.desiredSize",)


@pytest.mark.parametrize(
    ("os", "types", "ami_type"),
    [
        ("al2023", ["m7g.large"], "AL2023_ARM_64_STANDARD"),
        ("al2023", ["m7i.large"], "AL2023_x86_64_STANDARD"),
        ("bottlerocket", ["m7g.large"], "BOTTLEROCKET_ARM_64"),
        ("bottlerocket", ["m7a.large"], "BOTTLEROCKET_x86_64"),
    ],
)
def test_the_image_fits_the_operating_system_and_the_processor(os: str, types: list[str], ami_type: str) -> None:
    graph = apps(os=os, instanceTypes=types)
    assert {made.props["amiType"] for made in app_groups(graph)} == {ami_type}


@pytest.mark.parametrize(("capacity", "kind"), [("onDemand", "ON_DEMAND"), ("spot", "SPOT")])
def test_a_pool_is_bought_as_the_settings_say(capacity: str, kind: str) -> None:
    graph = apps(capacity=capacity)
    assert {made.props["capacityType"] for made in app_groups(graph)} == {kind}


def test_nodes_have_the_clusters_version_and_the_newest_image_of_it_unless_one_is_named() -> None:
    group = default().one("NodeGroup", "apps-a").props
    assert group["version"] == "1.36"
    assert "releaseVersion" not in group
    named = apps(imageRelease="1.36.2-20261110").one("NodeGroup", "apps-a").props
    assert named["releaseVersion"] == "1.36.2-20261110"


def test_updates_bring_new_nodes_first_and_broken_nodes_are_replaced() -> None:
    for made in default().all("NodeGroup"):
        assert made.props["updateConfig"] == {"maxUnavailablePercentage": 33, "updateStrategy": "DEFAULT"}
        assert made.props["nodeRepairConfig"] == {"enabled": True}
        assert "forceUpdateVersion" not in made.props


def test_pods_do_not_reach_the_nodes_credentials() -> None:
    for made in default().all("LaunchTemplate"):
        assert made.props["metadataOptions"] == {
            "httpEndpoint": "enabled",
            "httpTokens": "required",
            "httpPutResponseHopLimit": 1,
        }


def test_nobody_logs_in_to_a_node() -> None:
    for made in default().all("LaunchTemplate"):
        assert "keyName" not in made.props
    for made in default().all("NodeGroup"):
        assert "remoteAccess" not in made.props


def test_eks_fills_in_image_user_data_and_security_group() -> None:
    # With an own security group, the nodes would be outside the cluster's; with an own image, EKS sets no pod limit.
    for made in default().all("LaunchTemplate"):
        assert not {"imageId", "userData", "vpcSecurityGroupIds", "networkInterfaces", "instanceType"} & set(made.props)


def test_disks_are_encrypted_and_go_with_their_node() -> None:
    (disk,) = template(apps(disk="80Gi"))["blockDeviceMappings"]
    assert disk == {
        "deviceName": "/dev/xvda",
        "ebs": {
            "volumeType": "gp3",
            "volumeSize": 80,
            "encrypted": "true",
            "kmsKeyId": VOLUMES_KEY,
            "deleteOnTermination": "true",
        },
    }


def test_both_disks_of_bottlerocket_are_encrypted_and_only_the_data_grows() -> None:
    graph = apps(os="bottlerocket", disk="80Gi")
    system, data = graph.one("LaunchTemplate", "apps-bottlerocket").props["blockDeviceMappings"]
    assert (system["deviceName"], data["deviceName"]) == ("/dev/xvda", "/dev/xvdb")
    assert all(disk["ebs"]["encrypted"] == "true" for disk in (system, data))
    assert "volumeSize" not in system["ebs"]
    assert data["ebs"]["volumeSize"] == 80


def test_machines_disks_and_interfaces_are_tagged() -> None:
    tags = {item["resourceType"]: item["tags"] for item in template(default())["tagSpecifications"]}
    assert set(tags) == {"instance", "volume", "network-interface"}
    assert all(of_kind["stack"] == "test" for of_kind in tags.values())
    assert all(of_kind["Name"] == f"{CLUSTER}-apps" for of_kind in tags.values())


def test_nodes_are_watched_by_the_minute() -> None:
    assert all(made.props["monitoring"] == {"enabled": True} for made in default().all("LaunchTemplate"))


def test_a_new_version_of_the_template_rolls_the_nodes() -> None:
    group = default().one("NodeGroup", "apps-a").props
    assert group["launchTemplate"]["version"] == "1"
    assert group["launchTemplate"]["id"].startswith("lt-")


def test_apps_stay_off_the_system_pool() -> None:
    system, of_apps = (default().one("NodeGroup", name).props for name in ("system-a", "apps-a"))
    assert system["taints"] == [{"key": "CriticalAddonsOnly", "value": "true", "effect": "NO_SCHEDULE"}]
    assert system["labels"] == {"nightowl/pool": "system", SYSTEM_LABEL: "true"}
    assert "taints" not in of_apps or of_apps["taints"] == []
    assert of_apps["labels"] == {"nightowl/pool": "apps"}


def test_labels_and_taints_of_the_settings_reach_the_nodes() -> None:
    group = apps(labels={"team": "shop"}, taints=[{"key": "team", "value": "shop", "effect": "PreferNoSchedule"}]).one(
        "NodeGroup", "apps-a"
    )
    assert group.props["labels"] == {"team": "shop", "nightowl/pool": "apps"}
    assert group.props["taints"] == [{"key": "team", "value": "shop", "effect": "PREFER_NO_SCHEDULE"}]


def test_the_nodes_role_may_join_and_pull_images_and_nothing_else() -> None:
    graph = default()
    policies = {made.props["policyArn"] for made in graph.all("RolePolicyAttachment") if made.name.startswith("node-")}
    assert policies == {
        "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
        "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
    }
    assert not [made for made in graph.all("RolePolicy") if made.name.startswith("node-")]


def test_nodes_start_with_a_permitted_role_and_a_way_out_and_leave_before_either_goes() -> None:
    graph = default()
    for group in graph.all("NodeGroup"):
        for made in (graph.one("WayOut"), graph.one("RolePolicyAttachment", "node-worker")):
            assert graph.waits_for(group, made)
            assert graph.deleted_before(group, made)


def test_a_pool_that_can_be_empty_tells_the_autoscaler_what_a_node_would_be() -> None:
    # The autoscaler does not scale a group up from zero.
    graph = apps(min=0, labels={"team": "shop"}, taints=[{"key": "team", "value": "shop"}], disk="80Gi")
    tags = {
        made.props["tag"]["key"]: made.props["tag"]["value"]
        for made in graph.all("aws:autoscaling/tag:Tag")
        if made.name.startswith("apps-b/")
    }
    assert tags == {
        f"{TEMPLATE}/label/team": "shop",
        f"{TEMPLATE}/label/nightowl/pool": "apps",
        f"{TEMPLATE}/label/topology.ebs.csi.aws.com/zone": "eu-central-1b",
        f"{TEMPLATE}/taint/team": "shop:NoSchedule",
        f"{TEMPLATE}/resources/ephemeral-storage": "80Gi",
    }
    groups = {made.props["autoscalingGroupName"] for made in graph.all("aws:autoscaling/tag:Tag")}
    assert groups == {f"eks-{name}-1a2b3c4-0123" for name in ("apps-a", "apps-b", "apps-c", "system-c")}


@pytest.mark.parametrize("missing", ["system", "apps"])
def test_a_cluster_without_one_kind_of_pool_is_refused(missing: str) -> None:
    pools = {"system": SYSTEM_POOL, "apps": APPS_POOL}
    del pools[missing]
    with pytest.raises(SettingsError, match=r"^nightowl:nodePools: no pool is for .*; add one such as "):
        build(pools=pools)
