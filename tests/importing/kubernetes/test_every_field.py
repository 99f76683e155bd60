"""Every field that Kubernetes publishes ends in one of the four columns."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from kubernetes.client import models

from infra.importing.acceptance import accepted
from infra.importing.kubernetes.keys import KEYS
from infra.importing.kubernetes.mapper import import_kubernetes
from infra.importing.stack_text import stack_text

KINDS = {
    "Pod": "V1Pod",
    "Deployment": "V1Deployment",
    "StatefulSet": "V1StatefulSet",
    "ReplicaSet": "V1ReplicaSet",
    "Job": "V1Job",
    "CronJob": "V1CronJob",
    "Service": "V1Service",
    "Ingress": "V1Ingress",
    "HorizontalPodAutoscaler": "V2HorizontalPodAutoscaler",
    "PodDisruptionBudget": "V1PodDisruptionBudget",
    "NetworkPolicy": "V1NetworkPolicy",
    "PersistentVolumeClaim": "V1PersistentVolumeClaim",
    "ConfigMap": "V1ConfigMap",
}
WITH_ALL_OF_A_POD = {"Pod", "CronJob"}
"""The table has one part for the pods of all kinds; that of the deepest kind is tried too."""
SELECTED = {"app": "every"}
CONTAINER = {"name": "every", "image": "registry.example.com/every:1.2.3", "ports": [{"containerPort": 1}]}
KNOWN: dict[str, Any] = {
    "matchLabels": SELECTED,
    "labels": SELECTED,
    "image": "registry.example.com/every:1.2.3",
    "timeZone": "Etc/UTC",
    "concurrencyPolicy": "Forbid",
    "schedule": "*/5 * * * *",
    "mountPath": "/data",
    "host": "every.example.com",
    "path": "/path",
    "fieldPath": "metadata.name",
    "memory": "64Mi",
    "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "every"},
    "limits": {"cpu": "1", "memory": "256Mi", "nvidia.com/gpu": 1, "ephemeral-storage": "1Gi", "example.com/fpga": 1},
    "requests": {"cpu": "100m", "memory": "64Mi", "storage": "1Gi"},
}


@cache
def sample(kind: str) -> Any:
    """A value of a type as the client's models call it: `List[V1Container]`, `Dict[str, str]`, `V1PodSpec`."""
    inner = re.fullmatch(r"(?:[Ll]ist\[(.*)\]|[Dd]ict[(\[]str, (.*)[)\]])", kind)
    if inner:
        return [sample(inner[1])] if inner[1] else {"key": sample(inner[2])}
    if kind in {"str", "object", "bytes"}:
        return "every"
    if kind in {"int", "float"}:
        return 1
    if kind == "bool":
        return True
    if kind == "datetime":
        return "2026-01-01T00:00:00Z"
    model = getattr(models, kind)
    return {
        name: KNOWN.get(name) or sample(model.openapi_types[attribute])
        for attribute, name in model.attribute_map.items()
    }


def every_field(kind: str) -> dict[str, Any]:
    value = json.loads(json.dumps(sample(KINDS[kind])))
    value |= {"kind": kind, "apiVersion": "v1"}
    value["metadata"]["name"] = "every"
    value["metadata"]["ownerReferences"] = []
    if "template" in value.get("spec", {}) and kind not in WITH_ALL_OF_A_POD:
        value["spec"]["template"]["spec"] = {"containers": [CONTAINER]}
    if kind == "Service":
        value["spec"]["selector"] = SELECTED
    return value


def pod_of_one_app() -> dict[str, Any]:
    labelled = {"metadata": {"labels": SELECTED}}
    spec = {"selector": {"matchLabels": SELECTED}, "template": {**labelled, "spec": {"containers": [CONTAINER]}}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "every"}, "spec": spec}


@pytest.mark.parametrize("kind", KINDS)
def test_each_field_of_a_kind_ends_in_one_of_the_columns(kind: str, tmp_path: Path) -> None:
    objects = [every_field(kind)]
    if kind not in {"Deployment", "Pod"}:
        objects.append(pod_of_one_app())
    (tmp_path / "every.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    draft = import_kubernetes([tmp_path], "every")
    unknown = [one.key for one in draft.findings if "is not known to" in one.text]
    assert unknown == []
    accepted(draft.draft, draft.findings)
    assert stack_text(draft.draft)


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Job"])
def test_the_pods_of_each_kind_have_the_same_fields(kind: str) -> None:
    assert fields_below(f"{kind}.*.spec.template.spec.") == fields_below("Pod.*.spec.")


def fields_below(path: str) -> set[str]:
    return {key.removeprefix(path) for key in KEYS if key.startswith(path)}
