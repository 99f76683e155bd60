"""What the cluster runs against what the stack file asks for."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from infra.platforms.eks.live.live_version import Live, step_refusal
from infra.settings.build import build_settings
from infra.settings.problems import SettingsError
from tests.platforms.eks.harness_aws import Graph
from tests.platforms.eks.stacks import Run, run_stack, sections

TODAY = date(2026, 11, 26)
GROUPS = {"apps-a-1a2b3c4": "1.36", "system-a-1a2b3c4": "1.35"}


def run(
    *,
    version: str,
    nodes: str | None = None,
    addons: str | None = None,
    running: str,
    groups: dict[str, str] | None = None,
) -> Run:
    stack = sections()
    chosen = {"version": version, "nodesVersion": nodes, "addonsVersion": addons}
    stack["cluster"] |= {key: value for key, value in chosen.items() if value}
    return run_stack(build_settings(stack), running={"nightowl-test": running}, running_groups=groups or {})


def by_name(graph: Graph, kind: str) -> dict[str, dict[str, Any]]:
    return {made.name: made.props for made in graph.all(kind)}


@pytest.mark.parametrize(
    ("running", "wanted", "refusal"),
    [
        ("1.36", "1.36", ""),
        ("1.35", "1.36", ""),
        ("1.34", "1.36", "the cluster runs Kubernetes 1.34, and EKS upgrades one version at a time; write 1.35 first"),
        ("1.36", "1.35", ""),
        ("1.36", "1.34", "the cluster runs Kubernetes 1.36, and EKS goes back one version only; write 1.36"),
        (
            "1.37",
            "1.35",
            "the cluster runs Kubernetes 1.37, and EKS goes back one version only; update Nightowl to a release that "
            "takes 1.37, and write it",
        ),
        (
            "1.34",
            "1.33",
            "the cluster runs Kubernetes 1.34, and standard support of 1.33 ended on 2026-07-29: EKS does not go back; "
            "update Nightowl to a release that takes 1.34, and write it",
        ),
    ],
)
def test_eks_takes_one_step_at_a_time_and_none_to_a_version_without_support(
    running: str, wanted: str, refusal: str
) -> None:
    assert step_refusal(Live(control_plane=running, node_groups={}), wanted, TODAY) == refusal


def test_nodes_go_back_before_the_control_plane() -> None:
    refusal = step_refusal(Live(control_plane="1.36", node_groups=GROUPS), "1.35", TODAY)
    assert refusal == (
        "the cluster runs Kubernetes 1.36, and to go back to 1.35 its nodes must go first (apps-a-1a2b3c4); write "
        'version: "1.36" and addonsVersion: "1.36" with nodesVersion: "1.35", then remove addonsVersion, and lower '
        "version last, within 7 days of the upgrade"
    )
    assert step_refusal(Live(control_plane="1.36", node_groups={"apps-a": "1.35"}), "1.35", TODAY) == ""


def test_nodes_of_a_version_that_no_stack_file_takes_go_back_with_a_newer_release() -> None:
    refusal = step_refusal(Live(control_plane="1.37", node_groups={"apps-a": "1.37"}), "1.36", TODAY)
    assert refusal.endswith("(apps-a); update Nightowl to a release that takes 1.37, and write it")


def test_a_version_without_support_is_refused_though_the_one_that_runs_can_be_written() -> None:
    refusal = step_refusal(Live(control_plane="1.36", node_groups={}), "1.35", date(2027, 3, 28))
    assert refusal == (
        "the cluster runs Kubernetes 1.36, and standard support of 1.35 ended on 2027-03-27: EKS does not go back; "
        "write 1.36"
    )


def test_nodes_go_back_alone_while_the_add_ons_keep_their_version() -> None:
    before = run(version="1.36", running="1.36").graph
    after = run(version="1.36", nodes="1.35", addons="1.36", running="1.36").graph
    assert by_name(after, "Addon") == by_name(before, "Addon")
    assert {group.props["version"] for group in after.all("NodeGroup")} == {"1.35"}


def test_a_step_that_eks_would_refuse_ends_the_program_before_anything_is_made() -> None:
    with pytest.raises(SettingsError, match=r"nightowl:cluster\.version: the cluster runs Kubernetes 1\.36, and"):
        run(version="1.35", running="1.36", groups=GROUPS)


@pytest.mark.parametrize(
    ("settings", "running", "groups"),
    [
        ({"version": "1.36", "nodes": "1.35"}, "1.35", {"apps-a": "1.35"}),
        ({"version": "1.36"}, "1.36", {"apps-a": "1.35"}),
        ({"version": "1.36", "nodes": "1.35"}, "1.36", {"apps-a": "1.36"}),
        ({"version": "1.35"}, "1.36", {"apps-a": "1.35"}),
    ],
    ids=["control plane up", "nodes up", "nodes back", "control plane back"],
)
def test_each_step_up_and_back_passes(settings: dict[str, Any], running: str, groups: dict[str, str]) -> None:
    made = run(running=running, groups=groups, **settings).graph.all("NodeGroup")
    assert {group.props["version"] for group in made} == {settings.get("nodes", settings["version"])}


def test_a_stack_without_a_cluster_asks_for_no_version() -> None:
    assert run_stack(build_settings(sections()), running={"nightowl-other": "1.30"}).graph.all("NodeGroup")


def test_while_nodes_are_held_back_nothing_but_the_control_plane_moves() -> None:
    """Between the steps only the control plane is new: add-ons and nodes are asked for as before."""
    before = run(version="1.35", running="1.35").graph
    after = run(version="1.36", nodes="1.35", running="1.35").graph
    for kind in ("NodeGroup", "Addon", "LaunchTemplate"):
        assert by_name(after, kind) == by_name(before, kind)
    assert before.one("eks:index:Cluster").props["version"] == "1.35"
    assert after.one("eks:index:Cluster").props["version"] == "1.36"
