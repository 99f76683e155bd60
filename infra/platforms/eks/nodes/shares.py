"""How the nodes of a pool are shared out among the zones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ZoneShare:
    """The bounds of a pool's node group in one zone, in nodes."""

    zone: str
    min: int
    max: int


def share_out(*, fewest: int, most: int, zones: Sequence[str]) -> tuple[ZoneShare, ...]:
    """Split the bounds of a pool evenly: two zones differ by one node at most, and the sums are `fewest` and `most`.

    A zone that would get no node at all has no share, as EKS refuses a group with a maximum of 0; so there are
    `min(len(zones), most)` shares. Needs `0 <= fewest <= most` and `most >= 1`, which the settings have checked.
    """
    used = zones[:most]
    return tuple(
        ZoneShare(zone=zone, min=smallest, max=largest)
        for zone, smallest, largest in zip(used, _split(fewest, len(used)), _split(most, len(used)), strict=True)
    )


def _split(total: int, parts: int) -> list[int]:
    each, left_over = divmod(total, parts)
    return [each + (index < left_over) for index in range(parts)]
