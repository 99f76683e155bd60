"""Labels: what marathon-lb and Traefik read of them is the public address, the rest stays a label or an annotation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from infra.importing.app_parts import example_host, is_secret
from infra.importing.label_forms import is_label_value, is_own_key
from infra.importing.marathon.ports import ServedPort, is_http, virtual_addresses
from infra.importing.marathon.work import Unit, Work
from infra.settings.partly import Location
from infra.values import mapping, texts

STICKY = "1h"
_OF_THE_BALANCER = "the load balancer in front of the cluster decides that; there is no key for it"
_HOST = re.compile(r"(?:\*\.)?(?:[a-z0-9](?:[-a-z0-9]*[a-z0-9])?\.)+(?![0-9]+$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
_GROUP = r"HAPROXY_(?:\d+_)?GROUP"
_PATH = re.compile(r"/[A-Za-z0-9._~/-]*")


def traffic_and_labels(work: Work, unit: Unit, *, port: ServedPort | None) -> None:
    """Take the labels of an app; `port` is what it serves over HTTP."""
    labels = {key: value for key, value in mapping(unit.value.get("labels")).items() if isinstance(value, str)}
    at = (*unit.at, "labels")
    hosts, paths, sticky, redirect, used = _address(labels)
    is_public = bool(hosts) or _has_group(labels) or "slave_public" in _roles(unit)
    to = ("apps", unit.name, "traffic")
    if is_public and port is not None:
        traffic: dict[str, Any] = {}
        if len(hosts) == 1:
            traffic["host"] = hosts[0]
        elif hosts:
            traffic["hosts"] = hosts
        else:
            traffic["host"] = example_host(work.draft.name, unit.name)
            group = next((label for label in labels if re.fullmatch(_GROUP, label)), None)
            key = (*unit.at, "id") if group is None else (*at, group)
            why = "it is reached from outside, under a name that the input does not say; correct it"
            work.ledger.decided(key, *to, "host", why=why)
        if paths and paths != ["/"]:
            traffic |= {"path": paths[0]} if len(paths) == 1 else {"paths": paths}
        if sticky:
            traffic["sticky"] = STICKY
        if redirect:
            traffic["redirect"] = "https"
        work.app(unit)["traffic"] = traffic
    _labels(work, unit, labels, at, used if "traffic" in work.app(unit) else set())
    for one in unit.ports:
        for label in one.labels:
            is_address = label in {key for key, _, _ in virtual_addresses(one)}
            if is_address:
                work.ledger.taken((*one.at, "labels", label), "apps", unit.name, "servicePort")


def _is_tcp_only(unit: Unit, index: int) -> bool:
    """Whether the labels of marathon-lb say that a port speaks no HTTP."""
    return mapping(unit.value.get("labels")).get(f"HAPROXY_{index}_MODE") == "tcp"


def http_port(unit: Unit) -> ServedPort | None:
    """Return the port that answers HTTP requests; None for an app that serves something else, or nothing."""
    found = (port for index, port in enumerate(unit.ports) if is_http(port, tcp_only=_is_tcp_only(unit, index)))
    return next(found, None)


def _labels(work: Work, unit: Unit, labels: Mapping[str, str], at: Location, used: set[str]) -> None:
    app = work.app(unit)
    for key, value in labels.items():
        place = (*at, key)
        if key in used:
            work.ledger.taken(place, "apps", unit.name, "traffic")
        elif key.upper().startswith(("HAPROXY_", "TRAEFIK.")):
            work.ledger.missing(place, _OF_THE_BALANCER)
        elif key.startswith("DCOS_"):
            work.ledger.missing(place, "DC/OS reads it, and nobody here")
        elif key == "MARATHON_SINGLE_INSTANCE_APP":
            work.ledger.taken(place, "apps", unit.name, "rollout", "strategy")
        elif is_secret(key, value):
            work.ledger.missing(place, "it looks like a secret, which no label holds; name it under 'secrets'")
        elif not is_own_key(key):
            work.ledger.missing(place, "is no name of a label: 63 letters, digits, dashes, dots and underscores")
        elif is_label_value(value):
            app.setdefault("labels", {})[key] = value
            work.ledger.taken(place, "apps", unit.name, "labels", key)
        else:
            app.setdefault("annotations", {})[key] = value
            work.ledger.taken(place, "apps", unit.name, "annotations", key, text="no label holds such a text")


def _address(labels: Mapping[str, str]) -> tuple[list[str], list[str], bool, bool, set[str]]:
    """Find hosts, paths, stickiness and the redirect to HTTPS, and in which labels they stand."""
    hosts: list[str] = []
    paths: list[str] = []
    used: set[str] = set()
    sticky = redirect = False
    for key, value in labels.items():
        found_hosts, found_paths = _of_label(key, value)
        hosts += [one for one in found_hosts if one not in hosts]
        paths += [one for one in found_paths if one not in paths]
        if found_hosts or found_paths or re.fullmatch(rf"{_GROUP}|traefik\.enable", key):
            used.add(key)
        if re.fullmatch(r"HAPROXY_\d+_STICKY|traefik\.backend\.loadbalancer\.stickiness", key) and value == "true":
            sticky = True
            used.add(key)
        if re.fullmatch(r"HAPROXY_\d+_REDIRECT_TO_HTTPS", key) and value == "true":
            redirect = True
            used.add(key)
    return hosts, paths, sticky, redirect, used


def _of_label(key: str, value: str) -> tuple[list[str], list[str]]:
    if re.fullmatch(r"HAPROXY_\d+_VHOST", key):
        return _hosts(value.split(",")), []
    if re.fullmatch(r"HAPROXY_\d+_PATH", key):
        return [], [one for one in re.split(r"[\s,]+", value) if _PATH.fullmatch(one)]
    if re.fullmatch(r"traefik\.(?:\w+\.)?frontend\.rule", key):
        hosts = re.findall(r"Host:([^;]+)", value)
        paths = re.findall(r"Path(?:Prefix)?(?:Strip)?:([^;]+)", value)
        return _hosts(",".join(hosts).split(",")), _paths(",".join(paths).split(","))
    if re.fullmatch(r"traefik\.http\.routers\.[\w-]+\.rule", key):
        hosts = re.findall(r"Host\(([^)]*)\)", value)
        paths = re.findall(r"Path(?:Prefix)?\(([^)]*)\)", value)
        named = re.findall(r"[`'\"]([^`'\"]+)[`'\"]", " ".join(hosts))
        return _hosts(named), _paths(re.findall(r"[`'\"]([^`'\"]+)[`'\"]", " ".join(paths)))
    return [], []


def _hosts(values: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(one for value in values if _HOST.fullmatch(one := value.strip().lower())))


def _paths(values: Sequence[str]) -> list[str]:
    return [one for value in values if _PATH.fullmatch(one := value.strip())]


def _has_group(labels: Mapping[str, str]) -> bool:
    return any(re.fullmatch(_GROUP, key) and value for key, value in labels.items())


def _roles(unit: Unit) -> list[str]:
    placement = mapping(mapping(unit.value.get("scheduling")).get("placement"))
    return [*texts(unit.value, "acceptedResourceRoles"), *texts(placement, "acceptedResourceRoles")]
