"""What Swarm calls `deploy`: replicas, updates and placement."""

from __future__ import annotations

import math
import re
from typing import Any

from infra.importing.compose.order import replicas_of
from infra.importing.compose.service import Service
from infra.importing.compose.values import items, number_of, seconds_of
from infra.importing.label_forms import is_label_value, is_node_label
from infra.settings.app.rollout import LONGEST_WAIT_SECONDS
from infra.settings.scalars import seconds_text
from infra.values import mapping, text

_ARCHITECTURE = "kubernetes.io/arch"
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_NO_REPLICAS = "the input says nothing, so it is 1; remove it for 3 to 10 replicas by load"
_ONE_PER_NODE = "no kind runs one pod on each node, as that is for those who run the cluster: one replica is written"
_UNLIKE = (
    "a label can only be asked for, not excluded; give the nodes that are meant a label, and "
    "write it under placement.labels"
)
_WORKERS = "no app runs on the control plane, so its nodes are always workers"
_LINUX = "all nodes run Linux"
_OTHER_SYSTEM = "all nodes run Linux; the app needs an image for it"


def map_deploy(service: Service) -> None:
    """Write replicas, how they are replaced, and where they run."""
    if service.is_task:
        _map_task(service)
    else:
        _map_replicas(service)
        _map_update(service)
        _map_stop(service)
    _map_placement(service)


def _map_task(service: Service) -> None:
    for place in (("deploy", "replicas"), ("scale",), ("deploy", "update_config"), ("stop_grace_period",)):
        if service.get(*place) is not None:
            service.decided(place, why="a job has one pod, which runs to its end")
    if service.get("deploy", "mode") is not None:
        service.taken(("deploy", "mode"), "kind")
    if service.get("deploy", "restart_policy", "condition") is not None:
        service.decided(
            ("deploy", "restart_policy", "condition"), "kind", why="a job that failed is tried again, 'retries' times"
        )
    attempts = number_of(service.get("deploy", "restart_policy", "max_attempts"))
    if attempts is not None:
        service.settings["retries"] = max(0, min(20, int(attempts)))
        service.taken(("deploy", "restart_policy", "max_attempts"), "retries")


def _map_replicas(service: Service) -> None:
    service.settings["replicas"] = replicas_of(service)
    mode = service.get("deploy", "mode")
    given = [place for place in (("deploy", "replicas"), ("scale",)) if service.get(*place) is not None]
    for place in given:
        if number_of(service.get(*place)) is None:
            service.missing(place, "is no number; write it as 'replicas'")
        else:
            service.taken(place, "replicas")
    if mode == "global":
        service.missing(("deploy", "mode"), _ONE_PER_NODE)
    elif mode is not None:
        service.taken(("deploy", "mode"), "replicas")
    if not given and mode != "global":
        service.added("replicas", why=_NO_REPLICAS)
    condition = service.get("deploy", "restart_policy", "condition")
    if condition == "any":
        service.taken(("deploy", "restart_policy", "condition"), text="what ends is started again")
    elif condition is not None:
        service.decided(("deploy", "restart_policy", "condition"), why="what ends is started again, always")


def _map_update(service: Service) -> None:
    update = mapping(service.get("deploy", "update_config"))
    place = ("deploy", "update_config")
    replicas = max(1, replicas_of(service))
    rollout: dict[str, Any] = {}
    is_first = update.get("order") == "start-first"
    if update.get("order") == "stop-first":
        rollout = {"strategy": "replace"} if replicas == 1 else {"surge": "0%"}
        key = next(iter(rollout))
        service.taken(
            (*place, "order"), "rollout", key, text="" if replicas == 1 else "one old pod goes first each time"
        )
    elif "order" in update:
        service.taken((*place, "order"), text="a new pod is ready before an old one goes")
    count = number_of(update.get("parallelism"))
    if count is not None:
        share = 100 if count < 1 else min(100, math.ceil(100 * count / replicas))
        if rollout or replicas == 1:
            service.decided((*place, "parallelism"), why="one pod goes at a time")
        else:
            rollout["surge"] = f"{share}%"
            why = f"{int(count) or 'all'} of {replicas} replicas at a time"
            if is_first:
                service.taken((*place, "parallelism"), "rollout", "surge", text=why)
            else:
                service.decided(
                    (*place, "parallelism"), "rollout", "surge", why=f"{why}; new ones come before old ones go"
                )
    elif "parallelism" in update:
        service.missing((*place, "parallelism"), "is no number; write it as 'rollout.surge'")
    if rollout:
        service.settings["rollout"] = rollout


def _map_stop(service: Service) -> None:
    if "stop_grace_period" not in service.values:
        return
    seconds = seconds_of(service.values["stop_grace_period"])
    if seconds is None:
        service.missing(("stop_grace_period",), "is no duration such as 30s; write it as 'rollout.finishWithin'")
        return
    service.settings.setdefault("rollout", {})["finishWithin"] = seconds_text(min(seconds, LONGEST_WAIT_SECONDS))
    service.taken(("stop_grace_period",), "rollout", "finishWithin")


def _map_placement(service: Service) -> None:
    place = ("deploy", "placement")
    labels: dict[str, str] = {}
    constraints = service.get(*place, "constraints")
    for index, constraint in enumerate(items(constraints)):
        key = (*place, "constraints", index) if isinstance(constraints, list) else (*place, "constraints")
        _map_constraint(service, key, str(constraint), labels)
    if labels:
        service.settings["placement"] = {"labels": labels}
    preferences = service.get(*place, "preferences")
    for index, preference in enumerate(items(preferences)):
        spread = text(preference, "spread")
        if re.search(r"zone|datacenter|rack|region|az$", spread):
            service.taken((*place, "preferences", index), text="pods are spread over zones; see availability.zones")
        else:
            service.decided(
                (*place, "preferences", index), why="pods are spread over zones and nodes, not by other labels"
            )


def _map_constraint(service: Service, key: tuple[str | int, ...], constraint: str, labels: dict[str, str]) -> None:
    match = re.fullmatch(r"\s*([\w./-]+)\s*(==|!=)\s*(.*?)\s*", constraint)
    if match is None:
        service.missing(key, "is no constraint that can be read; write labels of nodes under placement.labels")
        return
    name, sign, value = match.groups()
    if name == "node.role":
        service.decided(key, why=_WORKERS)
    elif name == "node.platform.os":
        is_linux = (value.lower() == "linux") == (sign == "==")
        if is_linux:
            service.decided(key, why=_LINUX)
        else:
            service.missing(key, _OTHER_SYSTEM)
    elif sign == "!=":
        service.missing(key, _UNLIKE)
    else:
        _map_label(service, key, name, value, labels)


def _map_label(service: Service, key: tuple[str | int, ...], name: str, value: str, labels: dict[str, str]) -> None:
    if name == "node.platform.arch" and value in _ARCHITECTURES:
        label, value = _ARCHITECTURE, _ARCHITECTURES[value]
    elif name == "node.hostname":
        label = "kubernetes.io/hostname"
    elif name.startswith("node.labels."):
        label = name.removeprefix("node.labels.")
    else:
        service.missing(key, "nodes have no such fact here; give them a label, and write it under placement.labels")
        return
    if not is_node_label(label) or not is_label_value(value):
        service.missing(
            key, "is no label that a node may have; give the nodes another, and write it under placement.labels"
        )
        return
    labels[label] = value
    if label == _ARCHITECTURE:
        service.taken(key, "placement", "labels", label, text="each node has this label by itself")
        return
    service.decided(
        key, "placement", "labels", label, why=f"nodes need this label: kubectl label node NAME {label}={value}"
    )
