"""Ids of Marathon, such as /shop/web, as names of a stack and of apps."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable

from infra.importing.names import own_name


def group_of_all(identifiers: Iterable[str]) -> str:
    """Return the innermost group that holds all ids: `/shop`, or `/`."""
    groups = [posixpath.dirname(identifier) for identifier in identifiers]
    return posixpath.commonpath(groups) if groups else "/"


def app_names(identifiers: Iterable[str], group: str) -> dict[str, str]:
    """Return the name of each app: the last part of its id, or all parts below `group` where several end alike."""
    ids = list(identifiers)
    short = Counter(posixpath.basename(identifier) for identifier in ids)
    names: dict[str, str] = {}
    for identifier in ids:
        base = posixpath.basename(identifier)
        whole = posixpath.relpath(identifier, group).replace("/", "-")
        names[identifier] = own_name(base if short[base] == 1 else whole, names.values())
    return names


def hosts_of(identifier: str) -> list[str]:
    """List the names under which Mesos-DNS and DC/OS know an app: `db-shop.marathon.mesos` of /shop/db."""
    parts = identifier.strip("/").split("/")
    whole = "-".join(reversed(parts))
    zones = ("containerip", "autoip", "agentip")
    dotted = ".".join(reversed(parts))
    return [
        f"{whole}.marathon.mesos",
        f"{dotted}.marathon.mesos",
        *(f"{whole}.marathon.{zone}.dcos.thisdcos.directory" for zone in zones),
    ]


def virtual_host(name: str) -> str:
    """Return the host of a virtual address of DC/OS: `shopdb.marathon.l4lb.thisdcos.directory` of `/shop/db`."""
    return f"{name.replace('/', '')}.marathon.l4lb.thisdcos.directory"
