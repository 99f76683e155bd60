from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.platforms.eks.nodes.shares import ZoneShare, share_out

ZONES = ("a", "b", "c", "d")
bounds = st.tuples(st.integers(0, 1000), st.integers(1, 1000)).filter(lambda pair: pair[0] <= pair[1])


@given(bounds, st.integers(2, 4))
def test_the_shares_add_up_and_differ_by_one_node_at_most(pair: tuple[int, int], count: int) -> None:
    fewest, most = pair
    shares = share_out(fewest=fewest, most=most, zones=ZONES[:count])
    for total, parts in ((fewest, [share.min for share in shares]), (most, [share.max for share in shares])):
        assert sum(parts) == total
        assert max(parts) - min(parts) <= 1


@given(bounds, st.integers(2, 4))
def test_every_share_is_one_that_eks_accepts(pair: tuple[int, int], count: int) -> None:
    fewest, most = pair
    shares = share_out(fewest=fewest, most=most, zones=ZONES[:count])
    assert all(0 <= share.min <= share.max and share.max >= 1 for share in shares)
    assert [share.zone for share in shares] == list(ZONES[: min(count, most)])


@pytest.mark.parametrize(
    ("fewest", "most", "shares"),
    [
        (2, 4, [("a", 1, 2), ("b", 1, 1), ("c", 0, 1)]),
        (3, 60, [("a", 1, 20), ("b", 1, 20), ("c", 1, 20)]),
        (0, 2, [("a", 0, 1), ("b", 0, 1)]),
        (1, 1, [("a", 1, 1)]),
    ],
)
def test_a_few_pools_in_three_zones(fewest: int, most: int, shares: list[tuple[str, int, int]]) -> None:
    wanted = [ZoneShare(zone=zone, min=smallest, max=largest) for zone, smallest, largest in shares]
    assert list(share_out(fewest=fewest, most=most, zones=ZONES[:3])) == wanted
