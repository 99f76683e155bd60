from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from infra.settings.eks.cluster import ClusterSettings
from infra.settings.eks.nodes import NodePoolSettings
from infra.settings.model import Model
from infra.settings.problems import problems_of

ROLE = "arn:aws:iam::123456789012:role/deploy"
OTHER = "arn:aws:iam::123456789012:role/other"


def refused(model: type[Model], section: dict[str, Any]) -> list[str]:
    with pytest.raises(ValidationError) as refusal:
        model.model_validate(section)
    return [str(problem).removeprefix("nightowl:") for problem in problems_of(refusal.value, model, "nightowl")]


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ({"version": "1.33"}, "version: '1.33' is not 1.35 or 1.36"),
        ({"version": "1.99"}, "version: '1.99' is not 1.35 or 1.36"),
        ({"version": "1.37"}, "version: '1.37' has no Cluster Autoscaler that fits it yet; write 1.35 or 1.36"),
        (
            {"version": "1.35", "nodesVersion": "1.36"},
            "nodesVersion: 1.36 is newer than the control plane's 1.35, which goes up first",
        ),
        (
            {"version": "1.35", "addonsVersion": "1.36"},
            "addonsVersion: 1.36 is newer than the control plane's 1.35, which goes up first",
        ),
        (
            {"version": "1.36", "addonsVersion": "1.35"},
            "addonsVersion: 1.35 is older than the nodes' 1.36; add-ons go up before nodes",
        ),
        ({"publicAccess": ["0.0.0.0/0"]}, "publicAccess[0]: '0.0.0.0/0' is the whole internet; name the networks"),
        ({"publicAccess": ["::/0"]}, "publicAccess[0]: "),
        ({"publicAccess": ["nonsense"]}, "publicAccess[0]: 'nonsense' is not a network"),
        ({"publicAccess": ["192.0.2.0/24", "192.0.2.0/24"]}, "publicAccess"),
        ({"deletionProtection": "yes"}, "deletionProtection: "),
        ({"logRetentionDays": 45}, "logRetentionDays: 45 is not 30, 90, 365 or 731"),
        ({"tier": "xl"}, "tier: 'xl' is not standard, tier-xl"),
        ({"tier": "tier-xl", "autoscalerSync": "5s"}, "autoscalerSync: 5s is outside 10s to 15s"),
        ({"tier": "tier-xl", "autoscalerSync": "20s"}, "autoscalerSync: 20s is outside 10s to 15s"),
        ({"autoscalerSync": "10s"}, "autoscalerSync: needs a tier above standard; leave it out, or set tier: tier-xl"),
        (
            {"addons": {"core-dns": "v1.13.2-eksbuild.31"}},
            "addons.core-dns: is no add-on of this stack; it has aws-ebs-csi-driver",
        ),
        ({"addons": {"coredns": "latest"}}, "addons.coredns: 'latest' is not the version of an add-on, such as v1.22"),
        ({"access": {"admins": ["alice"]}}, "access.admins[0]: 'alice' is not the ARN of an IAM role, such as "),
        ({"access": {"admins": ["arn:aws:iam::123456789012:user/alice"]}}, "access.admins[0]: "),
        ({"access": {"admins": ["arn:aws:sts::123456789012:assumed-role/a/b"]}}, "access.admins[0]: "),
        ({"access": {"admins": ["arn:aws:iam::123456789012:role/"]}}, "access.admins[0]: "),
        ({"access": {"admins": ["arn:aws:iam::123456789012:role/team//deploy"]}}, "access.admins[0]: "),
        ({"access": {"admins": [f"arn:aws:iam::123456789012:role/{'a' * 65}"]}}, "access.admins[0]: "),
        (
            {"access": {"admins": ["arn:aws-cn:iam::123456789012:role/deploy"]}},
            "access.admins[0]: 'arn:aws-cn:iam::123456789012:role/deploy' is of another partition of AWS than aws",
        ),
        (
            {"access": {"admins": [ROLE], "deployers": [ROLE]}},
            f"access.deployers[0]: {ROLE} is listed in admins too; a role has one place",
        ),
        (
            {"access": {"deployers": [ROLE], "breakGlass": ROLE}},
            f"access.breakGlass: {ROLE} is listed in deployers too; a role has one place",
        ),
        (
            {"access": {"admins": [ROLE], "namespaces": {"shop": {"editors": [ROLE]}}}},
            f"access.namespaces.shop.editors[0]: {ROLE} is listed in admins too, which holds this; leave it out here",
        ),
        (
            {"access": {"viewers": [ROLE], "namespaces": {"shop": {"viewers": [ROLE]}}}},
            f"access.namespaces.shop.viewers[0]: {ROLE} is listed in viewers too, which holds this",
        ),
        (
            {"access": {"namespaces": {"shop": {"editors": [ROLE], "viewers": [ROLE]}}}},
            f"access.namespaces.shop.viewers[0]: {ROLE} is listed in editors too, which holds this",
        ),
        ({"access": {"namespaces": {"Shop": {}}}}, "access.namespaces.Shop: "),
        ({"access": {"deployer": [ROLE]}}, "access.deployer: unknown key; did you mean 'deployers'?"),
    ],
)
def test_a_cluster_that_makes_no_sense_is_refused_with_the_key_and_the_reason(
    section: dict[str, Any], problem: str
) -> None:
    (found,) = refused(ClusterSettings, section)
    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ({"instanceTypes": []}, "instanceTypes: is empty; name one type or more, such as m7g.large"),
        ({"instanceTypes": ["large"]}, "instanceTypes[0]: 'large' is not an instance type such as m7g.large"),
        ({"instanceTypes": ["m7g"]}, "instanceTypes[0]: 'm7g' is not an instance type such as m7g.large"),
        ({"instanceTypes": ["m4.large"]}, "instanceTypes[0]: 'm4.large' is of a family without Nitro"),
        ({"instanceTypes": ["t2.large"]}, "instanceTypes[0]: 't2.large' is of a family without Nitro"),
        ({"instanceTypes": ["t4g.micro"]}, "instanceTypes[0]: 't4g.micro' is too small for a node"),
        ({"instanceTypes": ["m7g.large", "m7i.large"]}, "instanceTypes: mixes arm64 and amd64; make a pool of each"),
        (
            {"instanceTypes": ["m7g.large", "m7g.xlarge"]},
            "instanceTypes: mixes sizes, but the autoscaler counts on one",
        ),
        ({"instanceTypes": ["m7g.large", "c7g.large"]}, "instanceTypes: mixes sizes, but the autoscaler counts on one"),
        ({"instanceTypes": ["m7g.medium", "t4g.medium"]}, "instanceTypes: mixes sizes, but the autoscaler counts on"),
        ({"min": 5, "max": 4}, "max: 4 is below min 5"),
        ({"max": 0, "min": 0}, "max: 0 is below 1"),
        ({"min": -1}, "min: -1 is below 0"),
        ({"max": 1001}, "max: 1001 is above 1000"),
        ({"capacity": "reserved"}, "capacity: 'reserved' is not onDemand or spot"),
        ({"os": "windows"}, "os: 'windows' is not al2023 or bottlerocket"),
        ({"imageRelease": "newest"}, "imageRelease: newest is not a release of al2023, such as 1.36.2-20261110"),
        ({"imageRelease": "1.50.0-0a1b2c3d"}, "imageRelease: 1.50.0-0a1b2c3d is not a release of al2023, such as 1.36"),
        (
            {"os": "bottlerocket", "imageRelease": "1.36.2"},
            "imageRelease: 1.36.2 is not a release of bottlerocket, such as 1.50.0-0a1b2c3d",
        ),
        ({"disk": "10Gi"}, "disk: '10Gi' is not a disk size; write whole Gi from 20Gi to 16Ti"),
        ({"disk": "30500Mi"}, "disk: '30500Mi' is not a disk size"),
        ({"disk": "20Ti"}, "disk: '20Ti' is not a disk size"),
        ({"system": True, "capacity": "spot"}, "capacity: the system pool runs the autoscaler itself; it must be"),
        ({"system": True, "min": 0}, "min: the system pool runs the autoscaler itself; it cannot scale from 0"),
        ({"labels": {"kubernetes.io/x": "y"}}, "labels[\"kubernetes.io/x\"]: 'kubernetes.io/x' is reserved"),
        ({"labels": {"nightowl/pool": "y"}}, "labels[\"nightowl/pool\"]: 'nightowl/pool' is reserved"),
        ({"labels": {"team": "a b"}}, "labels.team: 'a b' is not the value of a label"),
        ({"labels": {"-x": "y"}}, "labels.-x: "),
        ({"taints": [{"key": "team", "effect": "Never"}]}, "taints[0].effect: 'Never' is not NoSchedule"),
        ({"taints": [{"key": "CriticalAddonsOnly"}]}, "taints[0].key: CriticalAddonsOnly marks the system pool; write"),
        ({"taints": [{"key": "a"}, {"key": "a", "value": "b"}]}, "taints[1]: a with NoSchedule is listed twice"),
        ({"instanceType": "m7g.large"}, "instanceType: unknown key; did you mean 'instanceTypes'?"),
    ],
)
def test_a_pool_that_cannot_run_is_refused_with_the_key_and_the_reason(section: dict[str, Any], problem: str) -> None:
    (found,) = refused(NodePoolSettings, {"instanceTypes": ["m7g.large"], **section})
    assert found.startswith(problem)


@pytest.mark.parametrize(
    "types",
    [
        ["m7g.xlarge", "m6g.xlarge", "m8g.xlarge", "t4g.xlarge"],
        ["c7gn.large"],
        ["m7i-flex.large", "m6a.large", "t3.large"],
        ["u-6tb1.112xlarge"],
        ["m7g.metal"],
        ["r8g.metal-24xl"],
    ],
)
def test_types_of_one_size_make_a_pool(types: list[str]) -> None:
    pool = NodePoolSettings.model_validate({"instanceTypes": types})
    assert pool.instance_types == tuple(types)


@pytest.mark.parametrize(("os", "release"), [("al2023", "1.36.2-20261110"), ("bottlerocket", "1.50.0-0a1b2c3d")])
def test_an_image_release_has_the_form_of_its_operating_system(os: str, release: str) -> None:
    pool = {"instanceTypes": ["m7g.large"], "os": os, "imageRelease": release}
    assert NodePoolSettings.model_validate(pool).image_release == release


@pytest.mark.parametrize(
    ("section", "addons", "nodes"),
    [
        ({"version": "1.36"}, "1.36", "1.36"),
        ({"version": "1.36", "nodesVersion": "1.35"}, "1.35", "1.35"),
        ({"version": "1.36", "addonsVersion": "1.36", "nodesVersion": "1.35"}, "1.36", "1.35"),
        ({"version": "1.35"}, "1.35", "1.35"),
    ],
)
def test_add_ons_follow_the_nodes_and_nodes_the_control_plane_unless_held_back(
    section: dict[str, Any], addons: str, nodes: str
) -> None:
    settings = ClusterSettings.model_validate(section)
    assert (settings.minor_of_addons, settings.minor_of_nodes) == (addons, nodes)


def test_a_role_may_have_a_path() -> None:
    role = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_Admin_0a1b2c"
    assert ClusterSettings.model_validate({"access": {"admins": [role]}}).access.admins == (role,)


@pytest.mark.parametrize(
    ("instance_type", "architecture"),
    [
        ("m7g.large", "arm64"),
        ("c7gn.large", "arm64"),
        ("a1.large", "arm64"),
        ("g5.xlarge", "amd64"),
        ("m7i.large", "amd64"),
    ],
)
def test_the_processor_is_read_from_the_name(instance_type: str, architecture: str) -> None:
    assert NodePoolSettings.model_validate({"instanceTypes": [instance_type]}).architecture == architecture


def test_who_views_the_cluster_may_edit_a_namespace() -> None:
    section = {"access": {"viewers": [ROLE], "namespaces": {"shop": {"editors": [ROLE, OTHER]}}}}
    assert ClusterSettings.model_validate(section).access.namespaces["shop"].editors == (ROLE, OTHER)
