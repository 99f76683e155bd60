"""Which addresses a list of networks covers."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import TypeVar

from infra.values import words

Network = TypeVar("Network", IPv4Network, IPv6Network)

LARGEST_PREFIX = {4: 8, 6: 16}
"""No organisation has more addresses than that: a larger network is the internet, or a part of it (own figure)."""
MOST_NETWORKS = {4: 16, 6: 1}
"""How many of those networks a list may hold together: all of AWS has fewer addresses (own figure)."""

_NOT_OF_THE_INTERNET_4 = tuple(
    IPv4Network(block)
    for block in words("""
        0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 224.0.0.0/3
    """)
)
"""Blocks that are private, of one link, or nobody's (IANA IPv4 Special-Purpose Address Registry)."""
_NOT_OF_THE_INTERNET_6 = tuple(IPv6Network("::/0").address_exclude(IPv6Network("2000::/3")))
"""All but what is handed out of IPv6 (IANA IPv6 Global Unicast Address Assignments)."""


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
    four, six = _by_version(networks)
    out_four, out_six = _by_version(left_out)
    return _too_many(four, [*out_four, *_NOT_OF_THE_INTERNET_4]) or _too_many(six, [*out_six, *_NOT_OF_THE_INTERNET_6])


def _by_version(written: Iterable[str]) -> tuple[list[IPv4Network], list[IPv6Network]]:
    all_ = list(map(network_of, written))
    return [one for one in all_ if isinstance(one, IPv4Network)], [one for one in all_ if isinstance(one, IPv6Network)]


def _too_many(networks: list[Network], left_out: list[Network]) -> bool:
    if not networks:
        return False
    version = networks[0].version
    largest = 2 ** (networks[0].max_prefixlen - LARGEST_PREFIX[version])
    out = list(collapse_addresses(left_out))
    covered = [one.num_addresses - sum(_shared(one, other) for other in out) for one in collapse_addresses(networks)]
    return max(covered) > largest or sum(covered) > MOST_NETWORKS[version] * largest


def _shared(network: Network, other: Network) -> int:
    return min(network.num_addresses, other.num_addresses) if network.overlaps(other) else 0
