from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.plan.durations import MEASURED, duration
from infra.plan.graph import Graph, Resource
from infra.plan.plan import Plan
from infra.plan.schedule import CycleFoundError, clock, schedule, serving
from tests.platforms.eks.stacks import EKS_STACKS
from tests.shipped import shipped_plan

NODES = 6


def graph(edges: set[tuple[int, int]]) -> Graph:
    """Resources 0 to 5; an edge (a, b) makes b wait for a, which has a smaller number."""
    resources = [
        Resource(
            urn=str(node), type="aws:x:X", name=str(node), depends_on=frozenset(str(a) for a, b in edges if b == node)
        )
        for node in range(NODES)
    ]
    return Graph(project="p", stack="s", resources=tuple(resources))


def total(edges: set[tuple[int, int]], seconds: list[float]) -> float:
    return schedule(graph(edges), lambda resource: seconds[int(resource.name)]).total_seconds


def slowest_by_trying_all(edges: set[tuple[int, int]], seconds: list[float]) -> float:
    """Every increasing sequence of nodes that follows edges, the slow way."""
    chains = itertools.chain.from_iterable(itertools.combinations(range(NODES), size) for size in range(1, NODES + 1))
    return max(
        sum(seconds[node] for node in chain)
        for chain in chains
        if all(pair in edges for pair in itertools.pairwise(chain))
    )


all_edges = st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)).filter(lambda edge: edge[0] < edge[1])
edge_sets = st.sets(all_edges)
times = st.lists(st.integers(0, 1000).map(float), min_size=NODES, max_size=NODES)


@given(edge_sets, times)
def test_the_slowest_chain_is_the_one_that_trying_all_of_them_finds(
    edges: set[tuple[int, int]], seconds: list[float]
) -> None:
    assert total(edges, seconds) == slowest_by_trying_all(edges, seconds)


@given(edge_sets, times)
def test_everything_together_never_takes_less_than_one_of_its_parts(
    edges: set[tuple[int, int]], seconds: list[float]
) -> None:
    assert total(edges, seconds) >= max(seconds)


@given(edge_sets, times, all_edges)
def test_one_more_dependency_never_makes_it_faster(
    edges: set[tuple[int, int]], seconds: list[float], edge: tuple[int, int]
) -> None:
    assert total(edges | {edge}, seconds) >= total(edges, seconds)


@given(edge_sets, times)
def test_the_links_of_the_chain_add_up_to_its_end(edges: set[tuple[int, int]], seconds: list[float]) -> None:
    whole = graph(edges)
    made = schedule(whole, lambda resource: seconds[int(resource.name)])
    chain = made.chain(whole)
    assert sum(step.seconds for step in chain) == made.total_seconds
    assert all(before.end == after.start for before, after in itertools.pairwise(chain))


def test_a_resource_waits_for_its_parent_and_its_provider_too() -> None:
    resources = (
        Resource(urn="provider", type="aws:x:X", name="provider"),
        Resource(urn="parent", type="aws:x:X", name="parent"),
        Resource(urn="child", type="aws:x:X", name="child", parent="parent", provider="provider"),
    )
    seconds = {"provider": 5.0, "parent": 3.0, "child": 1.0}
    made = schedule(Graph(project="p", stack="s", resources=resources), lambda resource: seconds[resource.name])
    assert made.steps["child"].start == 5


def test_resources_that_wait_for_each_other_are_named() -> None:
    resources = (
        Resource(urn="a", type="aws:x:X", name="a", depends_on=frozenset("b")),
        Resource(urn="b", type="aws:x:X", name="b", depends_on=frozenset("a")),
    )
    with pytest.raises(CycleFoundError, match=r"X a -> X b -> X a|X b -> X a -> X b"):
        schedule(Graph(project="p", stack="s", resources=resources))


def test_the_sample_waits_longest_for_its_control_plane_and_then_its_nodes(sample: Plan) -> None:
    kinds = [step.resource.kind for step in sample.slowest_chain]
    assert kinds == ["Vpc", "Subnet", "Cluster", "Addon", "NodeGroup", "Addon", "Release", "Deployment"]
    assert sample.serving_seconds == sum(step.seconds for step in sample.slowest_chain)


@pytest.fixture(scope="module", params=EKS_STACKS)
def shipped(request: pytest.FixtureRequest) -> Plan:
    return shipped_plan(request.param)


def test_apps_serve_as_soon_if_the_load_balancer_its_certificate_and_dns_take_twice_their_time(shipped: Plan) -> None:
    def seconds(resource: Resource) -> float:
        slower = resource.type.startswith(("aws:acm/", "aws:lb/loadBalancer:", "aws:route53/", "aws:wafv2/"))
        return duration(resource).seconds * (2 if slower else 1)

    assert schedule(shipped.graph, seconds).end_of(serving(shipped.graph)) == shipped.serving_seconds


def test_apps_serve_at_most_four_minutes_after_the_control_plane(shipped: Plan) -> None:
    control_plane = shipped.schedule.end_of(shipped.graph.of_type("eks:index:Cluster"))
    assert shipped.serving_seconds - control_plane <= 240


def test_every_figure_names_its_source() -> None:
    assert all(figure.seconds > 0 and len(figure.source) > 10 for figure in MEASURED.values())


def test_a_node_group_that_starts_empty_is_done_sooner() -> None:
    def group(desired: int) -> Resource:
        inputs = {"scalingConfig": {"desiredSize": desired}}
        return Resource(urn="g", type="aws:eks/nodeGroup:NodeGroup", name="g", props=inputs)

    assert duration(group(0)).seconds < duration(group(1)).seconds


def test_what_nobody_makes_takes_no_time() -> None:
    component = Resource(urn="c", type="nightowl:apps:App", name="c", custom=False)
    provider = Resource(urn="p", type="pulumi:providers:aws", name="p")
    assert [duration(item).seconds for item in (component, provider)] == [0, 0]


def test_times_are_written_as_minutes_and_seconds() -> None:
    assert [clock(0), clock(59.6), clock(725)] == ["0:00", "1:00", "12:05"]


def test_replicas_that_start_one_after_the_other_take_as_long_as_all_of_them() -> None:
    def of(policy: str) -> Resource:
        props = {"spec": {"replicas": 3, "podManagementPolicy": policy}}
        return Resource(urn="urn", type="kubernetes:apps/v1:StatefulSet", name="queue", props=props)

    assert duration(of("OrderedReady")).seconds == 3 * duration(of("Parallel")).seconds
