"""One Helm chart on the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pulumi

from infra.charts.hooks import hooked
from infra.charts.layers import LayersArgs, Makers, make_layers
from infra.charts.objects import Scopes
from infra.charts.order import layers
from infra.charts.rendering import Rendered
from infra.platforms.state import MadeResource
from infra.settings.charts import ChartSettings

CHART = "nightowl:charts:Chart"


@dataclass(frozen=True, kw_only=True)
class ChartArgs:
    """What a chart brings, and what it waits for; `known` are the scopes of all kinds that the stack defines."""

    settings: ChartSettings
    rendered: Rendered
    known: Scopes
    makers: Makers
    wait_for: Sequence[pulumi.Resource]
    pods_wait_for: Sequence[pulumi.Resource]
    permit: Permit
    state: Sequence[MadeResource]


class Permit(Protocol):
    """What makes the role of a chart's pods on AWS, below the chart."""

    def __call__(self, *, parent: pulumi.Resource) -> Sequence[pulumi.Resource]:
        """Make the role below `parent`, and return what must exist before the pods."""
        ...


class Chart(pulumi.ComponentResource):
    """The objects of a chart, each a resource of its own."""

    def __init__(self, name: str, args: ChartArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        settings = args.settings
        source = {
            "repository": settings.repository,
            "chart": settings.chart or name,
            "version": settings.version,
            "namespace": settings.place(name),
        }
        super().__init__(CHART, name, {key: value for key, value in source.items() if value is not None}, opts)
        paths = {id(args.rendered.objects[index]): kept for index, kept in args.rendered.kept.items()}
        make_layers(
            name,
            LayersArgs(
                layers=layers(hooked(args.rendered.objects)),
                unsteady=paths,
                namespace=settings.place(name),
                known=args.known,
                keep=settings.keep,
                wait=settings.wait,
                makers=args.makers,
                wait_for=args.wait_for,
                pods_wait_for=[*(args.pods_wait_for if settings.needs_nodes else ()), *args.permit(parent=self)],
                state=args.state,
            ),
            parent=self,
        )
        self.register_outputs({})
