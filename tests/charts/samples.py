"""A chart's objects, and stacks with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.charts.rendering import TEMPLATE
from infra.settings.build import build_settings
from infra.stack import build
from tests.harness import CONTEXT, Graph, run

Body = dict[str, Any]
REPOSITORY = "https://charts.example.com"
DEFINITION: Body = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "greetings.example.com"},
    "spec": {"group": "example.com", "names": {"kind": "Greeting"}, "scope": "Namespaced"},
}


def body(kind: str, name: str, version: str = "v1", **rest: Any) -> Body:
    metadata = {"name": name, **rest.pop("metadata", {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}


def hook(kind: str, name: str, point: str, weight: int = 0, version: str = "batch/v1") -> Body:
    annotations = {"helm.sh/hook": point, "helm.sh/hook-weight": str(weight)}
    return body(kind, name, version, metadata={"annotations": annotations})


def chart(**changes: Any) -> dict[str, Any]:
    return {"repository": REPOSITORY, "version": "1.2.3", **changes}


Rendering = Callable[[Mapping[str, Any]], Sequence[Body]]


def build_charts(
    charts: Mapping[str, Any],
    rendering: Rendering | Sequence[Body] = (),
    *,
    manifests: Sequence[Any] = (),
    apps: Mapping[str, Any] | None = None,
    state: Mapping[str, Any] | None = None,
    project: Path = Path(),
) -> Graph:
    """Build a stack of `charts` on an existing cluster; `rendering` gives the objects of each by its options."""
    sections = {
        "platform": {"kind": "existing", "context": CONTEXT},
        "apps": dict(apps or {}),
        "charts": dict(charts),
        "manifests": list(manifests),
    }

    def template(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        options = json.loads(arguments["jsonOpts"])
        return {"result": list(rendering(options) if callable(rendering) else rendering)}

    settings = build_settings(sections)

    def program() -> None:
        build(settings, project=project)

    return run(program, calls={TEMPLATE: template}, state=state)
