"""Fields of our objects that somebody else set: server-side apply leaves them alone, and no update takes them away.

The API server records who set which field (`metadata.managedFields`). A field that the stack file sets too is set back
by the next update or refresh, so only those count that the stack does not have.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from kubernetes.client import ApiClient

from infra.kube import Json, list_objects
from infra.labels import NIGHTOWL_SELECTOR

KINDS = {
    "/api/v1/namespaces/{}/configmaps": "configmap",
    "/api/v1/namespaces/{}/limitranges": "limitrange",
    "/api/v1/namespaces/{}/persistentvolumeclaims": "persistentvolumeclaim",
    "/api/v1/namespaces/{}/resourcequotas": "resourcequota",
    "/api/v1/namespaces/{}/serviceaccounts": "serviceaccount",
    "/api/v1/namespaces/{}/services": "service",
    "/apis/apps/v1/namespaces/{}/deployments": "deployment",
    "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers": "horizontalpodautoscaler",
    "/apis/batch/v1/namespaces/{}/cronjobs": "cronjob",
    "/apis/batch/v1/namespaces/{}/jobs": "job",
    "/apis/networking.k8s.io/v1/namespaces/{}/ingresses": "ingress",
    "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies": "networkpolicy",
    "/apis/policy/v1/namespaces/{}/poddisruptionbudgets": "poddisruptionbudget",
}
"""What a stack makes in its namespace, by API path, as kubectl calls it."""
OURS = re.compile("pulumi")
PEOPLE = re.compile(
    r"kubectl|k9s|lens|headlamp|octant|rancher|mozilla|chrome|safari|curl|python|openapi|unknown", re.IGNORECASE
)
"""Managers behind which is a person or a script. Controllers write under their own names, and mean it."""
DELIBERATE = ("kubectl.kubernetes.io/restartedAt",)
"""What `kubectl rollout restart` leaves: it changes nothing but the age of the pods."""

MAPS_OF_TEXTS = ("f:annotations", "f:labels")
"""Added as a whole, each of their entries counts by itself."""


@dataclass(frozen=True, kw_only=True)
class HandEdit:
    """A field that a person added to an object: where, by which program, and the command that removes it."""

    kind: str
    name: str
    field: str
    manager: str
    command: str

    def __str__(self) -> str:
        """Return what was added, and how to remove it."""
        return f"{self.kind} {self.name}: {self.field}, added with {self.manager}; remove it: {self.command}"


def find_hand_edits(api: ApiClient, namespace: str) -> list[HandEdit]:
    """Find what was added by hand to the stack's objects in a namespace.

    Raises:
        NightowlError: the API server does not answer, or refuses.
    """
    return [
        edit
        for path, kind in KINDS.items()
        for item in list_objects(api, path.format(namespace), selector=NIGHTOWL_SELECTOR)
        for edit in edits_of(item, kind)
    ]


def edits_of(item: Json, kind: str) -> Iterator[HandEdit]:
    """Find what was added by hand to one object, each field once."""
    metadata = item["metadata"]
    recorded: list[Json] = metadata.get("managedFields") or []
    entries = [entry for entry in recorded if not entry.get("subresource")]
    ours: list[Json] = [entry["fieldsV1"] for entry in entries if OURS.match(entry.get("manager", ""))]
    if not ours:
        return
    reported: set[str] = set()
    for entry in entries:
        manager = str(entry.get("manager") or "unknown")
        if OURS.match(manager) or not PEOPLE.search(manager):
            continue
        for path in _additions(entry["fieldsV1"], ours):
            pointer = _pointer(item, path)
            field = _written(path)
            if pointer is None or field in reported or any(mark in field for mark in DELIBERATE):
                continue
            reported.add(field)
            operations = [*_only_if_found(path[-1], pointer), {"op": "remove", "path": pointer}]
            patch = json.dumps(operations, separators=(",", ":"))
            name, namespace = metadata["name"], metadata["namespace"]
            command = f"kubectl -n {namespace} patch {kind} {name} --type=json -p {shlex.quote(patch)}"
            yield HandEdit(kind=kind, name=name, field=field, manager=manager, command=command)


def _additions(theirs: Json, ours: Sequence[Json], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Walk down `theirs` as far as `ours` has it too; what begins there is theirs alone."""
    for key, below in theirs.items():
        if key == ".":
            continue
        shared = [tree[key] for tree in ours if key in tree]
        if not shared and key in MAPS_OF_TEXTS:
            yield from ((*path, key, each) for each in cast(Json, below) if each != ".")
        elif not shared:
            yield (*path, key)
        else:
            yield from _additions(cast(Json, below), shared, (*path, key))


def _pointer(item: Json, path: Sequence[str]) -> str | None:
    """Turn a path of managedFields into a JSON pointer into `item`; None where the field is gone."""
    found: Any = item
    parts: list[str] = []
    for step in path:
        kind, _, value = step.partition(":")
        key: Any = value if kind == "f" else _index(found, kind, json.loads(value))
        try:
            found = found[key]
        except (LookupError, TypeError):
            return None
        parts.append(str(key).replace("~", "~0").replace("/", "~1"))
    return "/" + "/".join(parts)


def _only_if_found(step: str, pointer: str) -> list[Json]:
    """Test the keys of a list's element: an index that the command before has moved must not take away another."""
    kind, _, value = step.partition(":")
    keys = cast(Json, json.loads(value)) if kind == "k" else {}
    return [{"op": "test", "path": f"{pointer}/{key}", "value": expected} for key, expected in keys.items()]


def _index(found: Any, kind: str, wanted: Any) -> int | None:
    """Find the element of a list that a step names: by its keys (`k:`), its value (`v:`) or its position (`i:`)."""
    for index, element in enumerate(cast("list[Any]", found) if isinstance(found, list) else []):
        by_keys = kind == "k" and isinstance(element, Mapping) and wanted.items() <= cast(Json, element).items()
        if by_keys or (kind == "v" and element == wanted) or (kind == "i" and index == wanted):
            return index
    return None


def _written(path: Sequence[str]) -> str:
    """Write a path as people do: `spec.template.spec.containers[web].env[DEBUG]`."""
    text = ""
    for step in path:
        kind, _, value = step.partition(":")
        if kind == "k":
            value = ", ".join(str(part) for part in json.loads(value).values())
        text += f".{value}" if kind == "f" and "/" not in value else f"[{value}]"
    return text.removeprefix(".")
