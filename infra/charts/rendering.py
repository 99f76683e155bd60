"""Charts rendered by the Helm inside Pulumi's Kubernetes provider, without a cluster.

So the objects of a chart are known in every preview, also before there is a cluster, and they are the same for
everybody who has the stack file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pulumi
import pulumi_kubernetes as k8s

from infra.charts.objects import KubernetesObject, listed
from infra.charts.unsteady import may_be_unsteady, unsteady, without_twin
from infra.settings.charts import ChartSettings
from infra.values import mapping, mappings, text

TEMPLATE = "kubernetes:helm:template"
"""The provider's function: fetches a chart, or reads its folder, and returns its objects."""
UNRENDERED = "unrendered"
"""What a plan answers instead of objects: why it has none."""
NO_CLUSTER = "{}"
"""A kubeconfig with nothing in it."""


class NotSteadyError(Exception):
    """A chart makes up the names of objects, so that they would be others at each update."""

    def __init__(self, objects: Sequence[KubernetesObject]) -> None:
        super().__init__(
            f"{', '.join(one.label for one in objects)} has another name at each rendering, so each update would make "
            "it anew; give the name in 'values', or leave the object out there"
        )


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """The objects of a chart."""

    objects: Sequence[KubernetesObject]
    kept: Mapping[int, Sequence[str]] = field(default_factory=dict[int, Sequence[str]])
    """By the index of an object, the paths whose first values stay, as the chart makes up others each time."""


def rendering_provider() -> k8s.Provider:
    """Create the provider that renders charts. It reaches no cluster, so it works in the first preview too."""
    return k8s.Provider("charts-rendering", kubeconfig=NO_CLUSTER)


def template_options(
    name: str, settings: ChartSettings, *, values: Mapping[str, Any], project: Path, kubernetes_version: str
) -> dict[str, Any]:
    """Return what the provider's function takes as JSON (HelmChartOpts in its invoke_helm_template.go)."""
    options: dict[str, Any] = {
        "release_name": name,
        "namespace": settings.place(name),
        "values": dict(values),
        "kube_version": kubernetes_version,
        "api_versions": list(settings.api_versions),
    }
    if settings.repository is None:
        return options | {"path": str(project / (settings.chart or ""))}
    chart = settings.chart or name
    if settings.repository.startswith("oci://"):
        return options | {"chart": f"{settings.repository}/{chart}", "version": settings.version}
    return options | {"chart": chart, "version": settings.version, "fetch_opts": {"repo": settings.repository}}


def render(options: Mapping[str, Any], provider: k8s.Provider) -> Rendered | str:
    """Render a chart, twice where it may make something up; return why where a plan has no objects.

    Raises:
        NotSteadyError: it makes up names.
        Exception: it cannot be fetched or rendered; the message is Helm's.
    """
    first = _template(options, provider)
    if isinstance(first, str):
        return first
    if not may_be_unsteady(first):
        return Rendered(objects=first)
    again = _template(options, provider)
    if isinstance(again, str):
        return again
    unnamed = without_twin(first, again)
    if unnamed:
        raise NotSteadyError(unnamed)
    return Rendered(objects=first, kept=unsteady(first, again))


def _template(options: Mapping[str, Any], provider: k8s.Provider) -> list[KubernetesObject] | str:
    invoke = cast(Any, pulumi.runtime).invoke
    called = invoke(TEMPLATE, {"jsonOpts": json.dumps(options)}, pulumi.InvokeOptions(provider=provider))
    answer = mapping(called.value)
    return text(answer, UNRENDERED) or listed(mappings(answer, "result"))
