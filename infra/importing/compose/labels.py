"""Labels: routes of Traefik become addresses, others stay labels, or annotations where a label cannot hold them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from infra.importing.app_parts import is_secret
from infra.importing.compose.service import Service
from infra.importing.compose.values import pairs
from infra.importing.label_forms import fits, is_label_value, is_own_key
from infra.settings.app.references import left_as_written
from infra.settings.app.traffic import HostPattern, PathPrefix
from infra.settings.partly import Location

_PLACES: tuple[Location, ...] = (("labels",), ("deploy", "labels"))
_TRAEFIK = "Traefik has no part here: 'traffic' leads requests to the app, and the platform has the certificates"
_RULE = "this rule is more than hosts and paths; write them under 'traffic'"
_HOST = TypeAdapter[str](HostPattern)
_PATH = TypeAdapter[str](PathPrefix)
_NAME = "its name is none that a label may have; write one of up to 63 letters, digits, dashes and dots"


@dataclass(frozen=True, kw_only=True)
class Route:
    """What labels of Traefik say of the way to a service."""

    traffic: dict[str, Any]
    port: int | None


def map_labels(service: Service) -> Route | None:
    """Take over labels, and return the route that those of Traefik describe."""
    rules: dict[str, Any] = {}
    port: int | None = None
    for key, name, value in _labels(service):
        text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        small = name.lower()
        if re.fullmatch(r"traefik\.(http\.routers\.[\w@-]+|frontend)\.rule", small):
            found = _traffic(text)
            if found is None:
                service.missing(key, _RULE)
            else:
                rules = rules or found
                service.taken(key, "traffic")
        elif (
            re.fullmatch(r"traefik\.(http\.services\.[\w@-]+\.loadbalancer\.server\.)?port", small) and text.isdecimal()
        ):
            port = int(text)
            service.taken(key, "port")
        elif small.startswith("traefik."):
            service.decided(key, why=_TRAEFIK)
        else:
            _write(service, key, name, text)
    _map_annotations(service)
    return Route(traffic=rules, port=port) if rules else None


def _map_annotations(service: Service) -> None:
    value = service.values.get("annotations")
    for step, name, one in pairs(value):
        text = "" if one is None else str(one).lower() if isinstance(one, bool) else str(one)
        key: Location = ("annotations", step)
        if not is_own_key(name):
            service.missing(key, _NAME)
        elif is_secret(name, text) or left_as_written(text) is not None:
            service.missing(key, "no annotation holds a secret, or a variable that nobody fills in")
        else:
            service.settings.setdefault("annotations", {})[name] = text
            service.taken(key, "annotations", name)


def _labels(service: Service) -> Iterator[tuple[Location, str, Any]]:
    for place in _PLACES:
        value = service.get(*map(str, place))
        for step, name, one in pairs(value):
            yield (*place, step) if isinstance(value, dict | list) else place, name, one
        if value in ({}, [], None) and service.get(*map(str, place[:-1])) is not None and _has(service, place):
            service.taken(place, "labels", text="has none")


def _has(service: Service, place: Location) -> bool:
    above = service.values if len(place) == 1 else service.get(*map(str, place[:-1]))
    return isinstance(above, dict) and place[-1] in above


def _write(service: Service, key: Location, name: str, text: str) -> None:
    if not is_own_key(name):
        service.missing(key, _NAME)
    elif is_secret(name, text):
        service.missing(key, "it looks like a secret, which no label holds; write it under 'secrets'")
    elif is_label_value(text):
        service.settings.setdefault("labels", {})[name] = text
        service.taken(key, "labels", name)
    elif text.isprintable() and left_as_written(text) is None:
        service.settings.setdefault("annotations", {})[name] = text
        service.decided(key, "annotations", name, why="a label holds up to 63 letters, digits, dashes and dots only")
    else:
        service.missing(key, "neither a label nor an annotation holds this text")


def _traffic(rule: str) -> dict[str, Any] | None:
    """Read `Host(...) && PathPrefix(...)`; None for what says more."""
    hosts = [name for found in re.findall(r"Host\(([^)]*)\)", rule) for name in _quoted(found)]
    paths = [path for found in re.findall(r"PathPrefix\(([^)]*)\)", rule) for path in _quoted(found)]
    if re.sub(r"(?:Host|PathPrefix)\([^)]*\)|&&|\|\||[\s()]", "", rule):
        old = re.fullmatch(r"Host:([\w.,-]+)(?:;PathPrefix:([\w/.,-]+))?", rule.replace(" ", ""))
        if old is None:
            return None
        hosts, paths = old[1].split(","), (old[2] or "").split(",") if old[2] else []
    if not all(fits(_HOST, one) for one in hosts) or not all(fits(_PATH, one) for one in paths) or not (hosts or paths):
        return None
    traffic: dict[str, Any] = {}
    if hosts:
        unique = list(dict.fromkeys(hosts))
        traffic |= {"host": unique[0]} if len(unique) == 1 else {"hosts": unique}
    if paths:
        traffic |= {"path": paths[0]} if len(paths) == 1 else {"paths": list(dict.fromkeys(paths))}
    return traffic


def _quoted(text: str) -> list[str]:
    return [part.strip().strip("`'\"") for part in text.split(",") if part.strip()]
