"""The Kubernetes objects as files for kubectl, diff tools and reviewers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from infra.errors import UsageError
from infra.plan.apps import WORKLOADS
from infra.plan.graph import Graph
from infra.values import mapping

SUFFIX = ".yaml"
BEFORE_ALL = {"CustomResourceDefinition", "Namespace", "PriorityClass", "StorageClass"}
"""Kinds without which others are refused."""


def manifests(graph: Graph) -> Mapping[str, str]:
    """Write each object as YAML, by file name: `<step>_<namespace>_<kind>_<name>.yaml`, `cluster` without a namespace.

    kubectl applies the files of a folder in the order of their names. So those of step 1 are what the others need, and
    those of step 3 run pods, which find their service account and configuration there.
    """
    files: dict[str, str] = {}
    for resource in graph:
        if not resource.is_kubernetes or not resource.custom or "apiVersion" not in resource.props:
            continue
        metadata = mapping(resource.props.get("metadata"))
        kind = resource.props["kind"]
        parts = (_step(kind), metadata.get("namespace") or "cluster", kind, metadata.get("name") or resource.name)
        name = "_".join(_safe(str(part)) for part in parts).lower() + SUFFIX
        files[name] = yaml.safe_dump(_ordered(resource.props), sort_keys=False, allow_unicode=True, width=120)
    return dict(sorted(files.items()))


def write_manifests(graph: Graph, folder: Path) -> list[Path]:
    """Write the files to `folder`, and remove the objects of an earlier run that are no more.

    Raises:
        UsageError: the folder cannot be written, or holds YAML of somebody else.
    """
    marker = folder / ".nightowl-plan"
    files = manifests(graph)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        existing = {path.name for path in folder.glob(f"*{SUFFIX}")}
        if existing and not marker.exists():
            raise UsageError(f"--manifests: {folder} holds YAML files that no plan wrote; name another folder")
        marker.write_text("Written by `nightowl plan --manifests`; the next run replaces every YAML file here.\n")
        for name in existing - files.keys():
            (folder / name).unlink()
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--manifests: {folder} cannot be written ({error.strerror}); name another folder") from None
    return [folder / name for name in files]


def _step(kind: str) -> int:
    return 1 if kind in BEFORE_ALL else 3 if kind in WORKLOADS else 2


def _ordered(inputs: Mapping[str, Any]) -> dict[str, Any]:
    first = ["apiVersion", "kind", "metadata"]
    return {key: inputs[key] for key in [*first, *(key for key in inputs if key not in first)] if key in inputs}


def _safe(part: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]", "-", part)
