from __future__ import annotations

import ipaddress
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from infra.platforms.eks.network.plan import CidrPlan, plan

PREFIX_DELEGATION_BLOCK = 28


@st.composite
def vpcs(draw: st.DrawFn) -> str:
    prefix = draw(st.integers(16, 20))
    start = draw(st.integers(0, (1 << (prefix - 8)) - 1))
    return str(ipaddress.IPv4Network(((10 << 24) | (start << (32 - prefix)), prefix)))


def blocks(cidrs: CidrPlan) -> list[ipaddress.IPv4Network]:
    return [ipaddress.IPv4Network(cidr) for cidr in (*cidrs.private, *cidrs.public, *cidrs.control_plane)]


@given(cidr=vpcs(), zones=st.integers(2, 4))
def test_every_zone_has_one_subnet_of_each_tier(cidr: str, zones: int) -> None:
    made = plan(cidr, zones)
    assert len(made.private) == len(made.public) == len(made.control_plane) == zones


@given(cidr=vpcs(), zones=st.integers(2, 4))
def test_subnets_lie_in_the_vpc_and_never_overlap(cidr: str, zones: int) -> None:
    made = blocks(plan(cidr, zones))
    assert all(block.subnet_of(ipaddress.IPv4Network(cidr)) for block in made)
    assert not any(one.overlaps(other) for one, other in combinations(made, 2))


@given(cidr=vpcs(), fewer=st.integers(2, 3))
def test_a_further_zone_moves_nothing(cidr: str, fewer: int) -> None:
    before, after = plan(cidr, fewer), plan(cidr, fewer + 1)
    assert after.private[:fewer] == before.private
    assert after.public[:fewer] == before.public
    assert after.control_plane[:fewer] == before.control_plane


@given(cidr=vpcs())
def test_three_zones_give_three_quarters_of_the_vpc_to_nodes_and_pods(cidr: str) -> None:
    private = [ipaddress.IPv4Network(block) for block in plan(cidr, 3).private]
    assert sum(block.num_addresses for block in private) * 4 == ipaddress.IPv4Network(cidr).num_addresses * 3


@given(cidr=vpcs(), zones=st.integers(2, 4))
def test_private_subnets_divide_into_whole_blocks_of_prefix_delegation(cidr: str, zones: int) -> None:
    for block in plan(cidr, zones).private:
        network = ipaddress.IPv4Network(block)
        first = next(network.subnets(new_prefix=PREFIX_DELEGATION_BLOCK))
        assert first.network_address == network.network_address
        assert network.num_addresses >= 512


@given(cidr=vpcs(), zones=st.integers(2, 4))
def test_load_balancers_and_the_control_plane_find_the_free_addresses_that_aws_asks_for(cidr: str, zones: int) -> None:
    reserved_by_aws = 5
    made = plan(cidr, zones)
    for block in made.public:
        assert 24 <= ipaddress.IPv4Network(block).prefixlen <= 26
    for block in made.control_plane:
        interface_endpoints = 10
        assert ipaddress.IPv4Network(block).num_addresses - reserved_by_aws - interface_endpoints >= 16


@given(cidr=vpcs())
def test_four_zones_leave_room_for_the_subnets_of_an_upgrade(cidr: str) -> None:
    vpc = ipaddress.IPv4Network(cidr)
    last_used = max(int(block.broadcast_address) for block in blocks(plan(cidr, 4)))
    assert int(vpc.broadcast_address) - last_used >= 128


def test_the_default_vpc_reads_like_this() -> None:
    assert plan("10.20.0.0/16", 3) == CidrPlan(
        private=("10.20.0.0/18", "10.20.64.0/18", "10.20.128.0/18"),
        public=("10.20.224.0/24", "10.20.225.0/24", "10.20.226.0/24"),
        control_plane=("10.20.228.0/27", "10.20.228.32/27", "10.20.228.64/27"),
    )
