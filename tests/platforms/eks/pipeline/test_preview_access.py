"""What a drift check may read again in the cluster."""

from __future__ import annotations

import pytest

from infra.platforms.eks.pipeline.group_roles import PREVIEW_GROUP, SEEN_KINDS
from tests.platforms.eks.stacks import run_shipped

VIEWED = {"", "apps", "autoscaling", "batch", "networking.k8s.io", "policy"}
"""API groups of what a stack makes that `AmazonEKSViewPolicy` shows (EKS user guide, "Review access policy
permissions")."""
UNSEEN = {"helm.sh"}
"""Kept in Secrets, and left out of the drift check."""
CONFIG_FILE = "kubernetes:yaml/v2:ConfigFile"
"""Makes the objects of a file, which are a controller's definitions."""


def api_group(type_: str) -> str:
    """The API group of a resource type such as `kubernetes:apps/v1:Deployment`."""
    if type_ == CONFIG_FILE:
        return "apiextensions.k8s.io"
    group = type_.split(":")[1].rpartition("/")[0]
    return "" if group == "core" else group


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_every_kind_that_a_stack_makes_can_be_read_again_or_is_left_out(stack: str) -> None:
    graph = run_shipped(stack).graph
    groups = {api_group(made.type) for made in graph.resources if made.type.startswith("kubernetes:")}
    assert groups <= VIEWED | UNSEEN | set(SEEN_KINDS)


def test_the_role_that_previews_is_in_the_group_and_sees_no_secret() -> None:
    graph = run_shipped("dev").graph
    entries = [made for made in graph.all("AccessEntry") if made.props["principalArn"].endswith("-preview")]
    assert [entry.props["kubernetesGroups"] for entry in entries] == [[PREVIEW_GROUP]]
    role = next(made for made in graph.all("ClusterRole") if made.name == "nightowl-preview")
    for rule in role.props["rules"]:
        assert rule["verbs"] == ["get", "list", "watch"]
        assert "secrets" not in rule["resources"]
