"""What a plan says of charts and manifests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infra.charts.additions import MANIFESTS
from infra.charts.chart import CHART
from infra.plan.graph import Graph
from infra.values import text


@dataclass(frozen=True, kw_only=True)
class AdditionPlan:
    """A chart, or a folder of files, and how many objects it brings; none where it could not be rendered."""

    name: str
    """The chart's key, or the folder."""
    source: str
    """The chart with its version and repository; empty for a folder."""
    namespace: str
    """Of a chart."""
    objects: int

    @property
    def line(self) -> str:
        """What is said about it in one line."""
        count = f"{self.objects} objects" if self.objects != 1 else "1 object"
        what = count if self.objects else "objects that are not known here"
        place = f" in {self.namespace}" if self.namespace else ""
        return f"{self.name}: {f'{self.source}, ' if self.source else ''}{what}{place}"


def addition_plans(graph: Graph) -> Sequence[AdditionPlan]:
    """List charts, and then folders, by name."""
    return [
        AdditionPlan(
            name=component.name,
            source=_source(component.props) if kind == CHART else "",
            namespace=text(component.props, "namespace"),
            objects=len(graph.children(component)),
        )
        for kind in (CHART, MANIFESTS)
        for component in sorted(graph.of_type(kind), key=lambda one: one.name)
    ]


def _source(props: object) -> str:
    chart = f"chart {text(props, 'chart')} {text(props, 'version')}".rstrip()
    repository = text(props, "repository")
    return f"{chart} of {repository}" if repository else chart
