"""The stack file of a pull request, from that of the stack on whose cluster it runs: a pure function of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import yaml

from infra.errors import NightowlError
from infra.settings.build import PROJECT
from infra.settings.pull_request import pull_request_name
from infra.values import mapping

MOST_REPLICAS = 3
"""Enough to see the autoscaler work; a pull request serves a few people."""

_OF_THE_CLUSTER = ("network", "cluster", "nodePools", "loadBalancer", "delivery", "charts", "manifests")
"""Sections of what stays the base's alone."""


def derive(document: Mapping[str, Any], number: int, *, base: str, images: Mapping[str, str]) -> dict[str, Any]:
    """Derive the stack file of pull request `number` from `document`, the stack file of `base`; both as read from YAML.

    What is kept: the apps, with few replicas and the images of `images` (by app; the base's where it names none), and
    what the apps ask for. What is not: the cluster and all around it, the quota, which follows from the apps, and
    priorities, whose classes belong to the cluster.

    Raises:
        NightowlError: an image is for an app that `base` has not, or the apps have hosts and `base` has no domain.
    """
    sections = {
        key.removeprefix(f"{PROJECT}:"): value
        for key, value in mapping(document["config"]).items()
        if key.startswith(f"{PROJECT}:")
    }
    platform = mapping(sections["platform"])
    domain = mapping(sections.get("loadBalancer")).get("domain")
    on_eks = platform.get("kind") == "eks"
    if on_eks and domain is None:
        _refuse_hosts(sections, base)
    unknown = images.keys() - mapping(sections["apps"]).keys()
    if unknown:
        known = ", ".join(sorted(mapping(sections["apps"]))) or "none"
        raise NightowlError(f"--images: {', '.join(sorted(unknown))} is no app of {base}; its apps are {known}")
    name = pull_request_name(number)
    labels = mapping(mapping(sections.get("namespace")).get("labels"))
    derived: dict[str, Any] = {
        **{key: value for key, value in sections.items() if key not in _OF_THE_CLUSTER},
        "platform": _guest_platform(platform, base, domain) if on_eks else platform,
        "namespace": {"name": name, "labels": {**labels, "pull-request": str(number), "base": base}},
        "apps": {
            app: _app(app, mapping(settings), number, domain=domain if on_eks else None, image=images.get(app))
            for app, settings in mapping(sections["apps"]).items()
        },
    }
    return _stack_file(document, derived)


def derive_for_removal(document: Mapping[str, Any]) -> dict[str, Any]:
    """Derive a stack file with which a stack can be removed, whatever became of the apps in `document` since."""
    platform = mapping(document.get("config")).get(f"{PROJECT}:platform")
    return _stack_file(document, {"platform": platform, "apps": {}})


def stack_file_text(document: Mapping[str, Any], number: int, *, base: str) -> str:
    """Write a derived stack file, with a note of where it comes from."""
    return (
        f"# The stack of pull request {number}, derived from Pulumi.{base}.yaml by `nightowl ci ephemeral`.\n"
        "# It is written anew each time and removed with the stack: do not edit it, do not commit it.\n"
        + yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True, width=120)
    )


def guest_host(host: str, number: int, *, domain: str | None) -> str:
    """Move a host aside for a pull request: `app.dev.example.com` becomes `pr-7-app.dev.example.com`.

    The result is one label below the domain, where the wildcard certificate covers it. Where the domain is not known,
    a host of two labels is taken for one.
    """
    name = pull_request_name(number)
    label, _, rest = host.partition(".")
    if host == domain or "." not in rest:
        return f"{name}.{host}"
    return f"{name}-{label}.{rest}"


def _stack_file(base: Mapping[str, Any], sections: Mapping[str, Any]) -> dict[str, Any]:
    # What encrypts the state is the backend's affair and the same; the key itself is made for each stack.
    kept = {"secretsprovider": base["secretsprovider"]} if "secretsprovider" in base else {}
    return {**kept, "config": {f"{PROJECT}:{key}": value for key, value in sections.items()}}


def _refuse_hosts(sections: Mapping[str, Any], base: str) -> None:
    reached = [name for name, app in mapping(sections["apps"]).items() if "traffic" in mapping(app)]
    if reached:
        raise NightowlError(
            f"{base} has no loadBalancer.domain, so requests for {reached[0]} of a pull request could not be told from "
            f"those for {base}; set the domain, and deploy {base}"
        )


def _guest_platform(platform: Mapping[str, Any], base: str, domain: str | None) -> dict[str, Any]:
    tags = {"tags": platform["tags"]} if "tags" in platform else {}
    of_domain = {} if domain is None else {"domain": domain}
    place = {key: platform[key] for key in ("region", "accountId")}
    return {"kind": "guest", "stack": base, **place, **of_domain, **tags}


def _app(name: str, app: Mapping[str, Any], number: int, *, domain: str | None, image: str | None) -> dict[str, Any]:
    changed = {key: value for key, value in app.items() if key not in {"traffic", "scaling", "replicas", "partition"}}
    if image is not None:
        changed["image"] = image
    if "availability" in app:
        availability = mapping(app["availability"])
        changed["availability"] = {key: value for key, value in availability.items() if key != "priority"}
    if "traffic" in app and (traffic := _traffic(name, app["traffic"], number, domain)):
        changed["traffic"] = traffic
    return {**changed, **_size(app)}


def _size(app: Mapping[str, Any]) -> dict[str, Any]:
    if app.get("kind") in {"cron", "job"}:
        return {}
    if app.get("kind") == "stateful" and "replicas" not in app:
        return {}
    if "replicas" in app:
        return {"replicas": min(1, int(app["replicas"]))}
    scaling = mapping(app.get("scaling"))
    return {"scaling": {**scaling, "min": 1, "max": min(MOST_REPLICAS, int(scaling.get("max", MOST_REPLICAS)))}}


def _traffic(app: str, traffic: object, number: int, domain: str | None) -> object:
    """The public addresses for a pull request; None where it could only have the base's own."""
    if not isinstance(traffic, list):
        return _address(app, mapping(traffic), number, domain)
    several = enumerate(cast(Sequence[object], traffic))
    addresses = [_address(f"{app}-{place}", mapping(one), number, domain) for place, one in several]
    return [address for address in addresses if address is not None]


def _address(name: str, traffic: Mapping[str, Any], number: int, domain: str | None) -> dict[str, Any] | None:
    given: list[object] = [*traffic.get("hosts", ()), *([traffic["host"]] if traffic.get("host") else [])]
    hosts = given or ([] if domain is None else [domain])
    if traffic.get("protocol") in {"tcp", "udp"} or not hosts:
        return None
    moved = {host: guest_host(_one_host(name, str(host)), number, domain=domain) for host in hosts}
    redirect = {"redirect": moved.get(traffic["redirect"], traffic["redirect"])} if "redirect" in traffic else {}
    own = {"hosts": list(moved.values())} if traffic.get("hosts") else {"host": moved[hosts[0]]}
    rest = {key: value for key, value in traffic.items() if key not in {"host", "hosts"}}
    return {**rest, **own, **redirect}


def _one_host(name: str, host: str) -> str:
    """Name one host for a wildcard, whose names belong to every pull request."""
    return f"{name}{host.removeprefix('*')}" if host.startswith("*.") else host
