from __future__ import annotations

import inspect
import re
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from infra.platforms.eks.cluster.cluster import control_plane_properties, control_plane_transform
from infra.settings.eks.cluster import ClusterSettings
from infra.urns import provider_urn
from tests.platforms.eks.cluster_program import CLUSTER, LOGS_KEY, SECRETS_KEY, build, default

EVERYTHING = {"tier": "tier-xl", "autoscalerSync": "10s"}


def control_plane(**section: Any) -> dict[str, Any]:
    return build(cluster=section).one("eks:index:Cluster").props


def test_the_component_makes_the_control_plane_and_nothing_else() -> None:
    props = default().one("eks:index:Cluster").props
    assert props["skipDefaultNodeGroup"]
    assert props["skipDefaultSecurityGroups"]
    assert props["useDefaultVpcCni"]
    assert not props["bootstrapSelfManagedAddons"]
    assert not props["createOidcProvider"]
    assert not props["kubeProxyAddonOptions"]["enabled"]
    assert not props["corednsAddonOptions"]["enabled"]


def test_the_api_server_is_reached_from_inside_the_vpc_only() -> None:
    props = default().one("eks:index:Cluster").props
    assert props["endpointPrivateAccess"] is True
    assert props["endpointPublicAccess"] is False
    assert "publicAccessCidrs" not in props


def test_public_access_is_for_the_listed_networks_and_leaves_the_private_way_open() -> None:
    props = control_plane(publicAccess=["203.0.113.0/24"])
    assert props["endpointPublicAccess"] is True
    assert props["endpointPrivateAccess"] is True
    assert props["publicAccessCidrs"] == ["203.0.113.0/24"]


def test_everything_that_the_control_plane_can_log_is_logged() -> None:
    logged = default().one("eks:index:Cluster").props["enabledClusterLogTypes"]
    assert sorted(logged) == ["api", "audit", "authenticator", "controllerManager", "scheduler"]


def test_the_log_group_is_the_stacks_own_with_an_end_and_its_key() -> None:
    log = default().one("LogGroup")
    assert log.props["name"] == f"/aws/eks/{CLUSTER}/cluster"
    assert log.props["retentionInDays"] == 365
    assert log.props["kmsKeyId"] == LOGS_KEY


def test_the_cluster_waits_for_its_log_group_and_is_deleted_before_it() -> None:
    # EKS makes a log group that never expires, and makes it again while the cluster goes.
    graph = default()
    cluster, log = graph.one("eks:index:Cluster"), graph.one("LogGroup")
    assert graph.waits_for(cluster, log)
    assert graph.deleted_before(cluster, log)


def test_the_cluster_keeps_its_permissions_until_it_is_deleted() -> None:
    graph = default()
    cluster, policy = graph.one("eks:index:Cluster"), graph.one("RolePolicyAttachment", "control-plane-cluster")
    assert graph.deleted_before(cluster, policy)
    assert policy.props["policyArn"] == "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"


def test_secrets_are_encrypted_and_nobody_extends_support_or_deletes_by_accident() -> None:
    cluster = default().one("eks:index:Cluster")
    assert cluster.props["encryptionConfigKeyArn"] == SECRETS_KEY
    assert cluster.props["upgradePolicy"] == {"supportType": "STANDARD"}
    assert cluster.props["deletionProtection"] is True
    assert cluster.props["authenticationMode"] == "API"
    assert cluster.protect


def test_a_stack_without_protection_can_be_taken_down() -> None:
    graph = build(protect=False)
    assert not any(made.protect for made in graph.resources)


def test_nobody_is_an_administrator_for_having_made_the_cluster() -> None:
    access = control_plane_properties(ClusterSettings())["accessConfig"]
    assert access == {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}


def test_a_failing_zone_can_be_left() -> None:
    assert control_plane_properties(ClusterSettings())["zonalShiftConfig"] == {"enabled": True}


def test_the_autoscalers_decide_faster_on_a_reserved_control_plane() -> None:
    properties = control_plane_properties(ClusterSettings.model_validate(EVERYTHING))
    assert properties["controlPlaneScalingConfig"] == {"tier": "tier-xl"}
    assert properties["kubeControllerManagerConfig"] == {
        "horizontalPodAutoscalerControllerConfig": {"horizontalPodAutoscalerSyncPeriod": "10s"}
    }


def test_a_standard_control_plane_is_not_told_how_often_to_decide() -> None:
    # EKS refuses the setting on the standard tier (note of the provider's documentation).
    assert "kubeControllerManagerConfig" not in control_plane_properties(ClusterSettings())


def test_a_control_plane_goes_back_to_the_standard_tier() -> None:
    """A block that is left out stays as it is on a live cluster, and so does the bill."""
    assert control_plane_properties(ClusterSettings())["controlPlaneScalingConfig"] == {"tier": "standard"}


def test_the_autoscalers_go_back_to_their_own_pace() -> None:
    properties = control_plane_properties(ClusterSettings.model_validate({"tier": "tier-xl"}))
    assert properties["kubeControllerManagerConfig"] == {
        "horizontalPodAutoscalerControllerConfig": {"horizontalPodAutoscalerSyncPeriod": "15s"}
    }


def test_every_property_that_is_set_behind_the_components_back_exists() -> None:
    properties = control_plane_properties(ClusterSettings.model_validate(EVERYTHING))
    assert_known(properties, of=aws.eks.ClusterArgs, nested="Cluster")


def test_the_transform_adds_to_the_cluster_and_leaves_the_rest_alone() -> None:
    settings = ClusterSettings()
    transform = control_plane_transform(settings)
    options = pulumi.ResourceOptions()
    cluster = transform(arguments("aws:eks/cluster:Cluster", {"name": "x", "accessConfig": {}}, options))
    assert cluster is not None
    assert cluster.props == {"name": "x", **control_plane_properties(settings)}
    assert cluster.opts is options
    assert transform(arguments("pulumi:providers:kubernetes", {}, options)) is None


def test_the_cluster_has_one_name_in_text_and_for_those_who_wait() -> None:
    graph = default()
    assert graph.one("eks:index:Cluster").props["name"] == CLUSTER
    assert all(made.props["clusterName"] == CLUSTER for made in graph.all("Addon"))


def test_only_another_cluster_replaces_the_kubernetes_provider() -> None:
    # A new kubeconfig text replaces the provider, and every object with it.
    assert default().one("pulumi:providers:kubernetes").props["clusterIdentifier"] == CLUSTER


def test_objects_wait_for_the_deployers_access_and_go_before_it() -> None:
    # Unauthorized while objects are made or deleted.
    graph = default()
    for made in (graph.one("StorageClass"), graph.one("Release")):
        for kind in ("AccessEntry", "AccessPolicyAssociation"):
            assert graph.waits_for(made, graph.all(kind)[0])
            assert graph.deleted_before(made, graph.all(kind)[0])


@pytest.mark.parametrize("preview", [True, False])
def test_no_resource_uses_a_default_provider(preview: bool) -> None:
    for made in build(preview=preview).resources:
        if made.type.startswith(("aws:", "kubernetes:")):
            assert provider_urn(made.provider).endswith(("::aws", "::kubernetes")), made.urn
        if made.type == "eks:index:Cluster":
            assert set(made.providers) == {"aws"}


def arguments(kind: str, props: dict[str, Any], options: pulumi.ResourceOptions) -> pulumi.ResourceTransformArgs:
    return pulumi.ResourceTransformArgs(custom=True, type_=kind, name="x", props=props, opts=options)


def assert_known(properties: dict[str, Any], *, of: type, nested: str) -> None:
    known = inspect.signature(of).parameters
    for key, value in properties.items():
        assert re.sub(r"([A-Z])", r"_\1", key).lower() in known
        if isinstance(value, dict):
            inner = nested + key[0].upper() + key[1:]
            assert_known(value, of=getattr(aws.eks, f"{inner}Args"), nested=inner)
