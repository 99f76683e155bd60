"""Constraints: on which nodes instances run, and how they are spread."""

from __future__ import annotations

import re
from typing import Any

from infra.importing.draft import Step
from infra.importing.label_forms import is_node_label
from infra.importing.marathon.work import Unit, Work
from infra.settings.partly import Location
from infra.values import mappings, number, sequence, text, texts, within

_LABELS = {
    "hostname": "kubernetes.io/hostname",
    "@hostname": "kubernetes.io/hostname",
    "@zone": "topology.kubernetes.io/zone",
    "@region": "topology.kubernetes.io/region",
}
"""Kubernetes' labels of nodes for the fields of Marathon."""
_SPREADS = {"UNIQUE", "GROUP_BY", "MAX_PER"}
_SPREAD = "pods are spread over zones, and over nodes where there is room"


def constraints(work: Work, unit: Unit) -> None:
    """Take the constraints of an app or a pod."""
    if unit.is_pod:
        names = {"field": "fieldName", "operator": "operator", "value": "value"}
        at: Location = (*unit.at, "scheduling", "placement", "constraints")
        for index, item in enumerate(mappings(unit.value, "scheduling", "placement", "constraints")):
            given = {key: text(item, name) for key, name in names.items()}
            _constraint(work, unit, (*at, index), **given)
        return
    for index, item in enumerate(sequence(unit.value.get("constraints"))):
        field, operator, value, *_ = [*texts({"item": item}, "item"), "", "", ""]
        _constraint(work, unit, (*unit.at, "constraints", index), field=field, operator=operator, value=value)


def unreachable(work: Work, unit: Unit) -> None:
    """Take how long an instance on a lost node counts."""
    keys = ("scheduling", "unreachableStrategy") if unit.is_pod else ("unreachableStrategy",)
    strategy = within(unit.value, *keys)
    at = (*unit.at, *keys)
    if strategy == "disabled":
        why = "Kubernetes always replaces what is on a lost node; 'availability.evictAfter' says after how long"
        work.ledger.missing(at, why)
        return
    seconds = number(strategy, "inactiveAfterSeconds")
    to = ("apps", unit.name, "availability", "evictAfter")
    if seconds is not None and 0 < seconds <= 3600:
        work.app(unit).setdefault("availability", {})["evictAfter"] = f"{int(seconds)}s"
        work.ledger.taken((*at, "inactiveAfterSeconds"), *to)
    elif seconds is not None:
        why = "30s, so that a node that answers again soon loses nothing" if not seconds else "30s; 1h is the most"
        work.ledger.decided((*at, "inactiveAfterSeconds"), *to, why=why)


def _constraint(work: Work, unit: Unit, at: Location, *, field: str, operator: str, value: str) -> None:
    operator, field = operator.upper(), field or "hostname"
    pins = operator in {"CLUSTER", "IS", "LIKE"} and re.fullmatch(r"[A-Za-z0-9][\w.-]*", value)
    if operator in _SPREADS and field in {"hostname", "@hostname"}:
        work.ledger.decided(at, "apps", unit.name, "availability", "zones", why=_SPREAD)
    elif operator in _SPREADS and field == "@zone":
        work.app(unit).setdefault("availability", {})["zones"] = "require"
        work.ledger.taken(at, "apps", unit.name, "availability", "zones")
    elif pins and is_node_label(_LABELS.get(field, field)):
        _pin(work, unit, at, _LABELS.get(field, field), value.replace("\\.", "."))
    elif operator in _SPREADS:
        why = f"pods are spread by zones and nodes, and by no label such as {field}; label the zone of each node"
        work.ledger.missing(at, why)
    elif operator == "CLUSTER":
        why = f"no label keeps all pods together on whatever {field}; write 'placement.labels' with one value"
        work.ledger.missing(at, why)
    else:
        why = "'placement.labels' has one value for each label; give the nodes that are meant a label of their own"
        work.ledger.missing(at, why)


def _pin(work: Work, unit: Unit, at: Location, label: str, value: str) -> None:
    labels: dict[str, Any] = work.app(unit).setdefault("placement", {}).setdefault("labels", {})
    if labels.get(label, value) != value:
        work.ledger.missing(at, "another constraint wants another value of this label")
        return
    labels[label] = value
    to = ("apps", unit.name, "placement", "labels", label)
    if label in _LABELS.values():
        work.ledger.taken(at, *to)
        return
    work.ledger.decided(at, *to, why=f"an attribute of agents is a label of nodes: {label}={value}")
    step = Step(what=f"label the nodes that have {label}: {value}", command=f"kubectl label node NODE {label}={value}")
    if step not in work.draft.steps:
        work.draft.steps.append(step)
