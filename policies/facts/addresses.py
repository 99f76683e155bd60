"""Which addresses a list of networks covers."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

LARGEST_PREFIX = {4: 8, 6: 16}
"""No organisation has more addresses than that: a larger network is the internet, or a part of it (own figure)."""
MOST_NETWORKS = {4: 16, 6: 1}
"""How many of those networks a list may hold together: all of AWS has fewer addresses (own figure)."""

_NOT_OF_THE_INTERNET_4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
    )
)
"""Blocks that are private, of one link, or nobody's (IANA IPv4 Special-Purpose Address Registry)."""
_INTERNET_6 = IPv6Network("2000::/3")
"""What is handed out of IPv6 (IANA IPv6 Global Unicast Address Assignments)."""


@lru_cache(maxsize=4096)
def network_of(written: str) -> IPv4Network | IPv6Network | None:
    """Return the network of a CIDR block, or None for a text that is none."""
    try:
        return ip_network(written.strip(), strict=False)
    except ValueError:
        return None


def open_to_internet(networks: Iterable[str], *, left_out: Iterable[str] = ()) -> bool:
    """Return whether networks, alone or taken together, cover so much of the internet that they name nobody.

    What is `left_out` of them does not count. A text that is no network covers nothing.
    """
    return _covers_internet(frozenset(networks), frozenset(left_out))


@lru_cache(maxsize=4096)
def _covers_internet(networks: frozenset[str], left_out: frozenset[str]) -> bool:
    known = [one for one in map(network_of, networks) if one is not None]
    out = [one for one in map(network_of, left_out) if one is not None]
    four = list(collapse_addresses(one for one in known if isinstance(one, IPv4Network)))
    six = list(collapse_addresses(one for one in known if isinstance(one, IPv6Network)))
    out_four = [*collapse_addresses([*_NOT_OF_THE_INTERNET_4, *(one for one in out if isinstance(one, IPv4Network))])]
    out_six = [*collapse_addresses(one for one in out if isinstance(one, IPv6Network))]
    return _too_many_4(four, out_four) or _too_many_6(six, out_six)


def _too_many_4(networks: list[IPv4Network], left_out: list[IPv4Network]) -> bool:
    largest, together = 2 ** (32 - LARGEST_PREFIX[4]), 0
    for network in networks:
        covered = sum(_shared_4(network, other) for other in left_out)
        together += network.num_addresses - covered
        if network.num_addresses - covered > largest:
            return True
    return together > MOST_NETWORKS[4] * largest


def _shared_4(network: IPv4Network, other: IPv4Network) -> int:
    return min(network.num_addresses, other.num_addresses) if network.overlaps(other) else 0


def _too_many_6(networks: list[IPv6Network], left_out: list[IPv6Network]) -> bool:
    together = 0
    for network in networks:
        public = _shared_6(network, _INTERNET_6)
        together += public - sum(_shared_6(network, other) for other in left_out if other.overlaps(_INTERNET_6))
    return together > MOST_NETWORKS[6] * 2 ** (128 - LARGEST_PREFIX[6])


def _shared_6(network: IPv6Network, other: IPv6Network) -> int:
    return min(network.num_addresses, other.num_addresses) if network.overlaps(other) else 0
