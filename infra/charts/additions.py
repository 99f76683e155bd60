"""All charts and manifests of a stack, made on its platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pulumi

from infra.charts.chart import Chart, ChartArgs
from infra.charts.hooks import Hooked
from infra.charts.layers import LayersArgs, Makers, make_layers
from infra.charts.namespaces import Namespaces
from infra.charts.objects import KubernetesObject
from infra.charts.order import layers
from infra.charts.preparation import Prepared
from infra.platforms.platform import Platform
from infra.platforms.state import MadeResource
from infra.settings.charts import ChartSettings, ManifestSettings
from infra.settings.interactions import in_order

MANIFESTS = "nightowl:charts:Manifests"


@dataclass(frozen=True, kw_only=True)
class AdditionsArgs:
    """What is made, as the stack file says it and as it was prepared, and where."""

    charts: Mapping[str, ChartSettings]
    manifests: Sequence[ManifestSettings]
    prepared: Prepared
    apps_namespace: str
    namespace: Sequence[pulumi.Resource]
    """What must be there before objects of the apps' namespace."""
    platform: Platform
    state: Sequence[MadeResource]


def make_additions(args: AdditionsArgs) -> list[pulumi.Resource]:
    """Make charts in the order of what they depend on, and then the manifests one after the other.

    Returns what the apps wait for.
    """
    if not args.charts and not args.manifests:
        return []
    makers = Makers(
        changing=args.platform.objects_provider("charts", adopts=False),
        adopting=args.platform.objects_provider("charts-adopting", adopts=True),
    )
    charts = _make_charts(args, makers)
    needed: list[pulumi.Resource] = [made for name, made in charts.items() if args.charts[name].before_apps]
    before: list[pulumi.Resource] = [*charts.values(), *args.namespace]
    for settings, objects in zip(args.manifests, args.prepared.manifests, strict=True):
        made = _make_manifests(args, makers, settings, objects, before)
        before = [made]
        needed += [made] if settings.before_apps else []
    return needed


def _make_charts(args: AdditionsArgs, makers: Makers) -> dict[str, Chart]:
    namespaces = Namespaces("charts", charts=args.charts, traffic=args.platform.charts_traffic, makers=makers)
    made: dict[str, Chart] = {}
    for name in in_order({name: chart.depends_on for name, chart in args.charts.items()}):
        chart = args.charts[name]
        made[name] = Chart(
            name,
            ChartArgs(
                settings=chart,
                rendered=args.prepared.charts[name],
                known=args.prepared.known,
                makers=makers,
                wait_for=[*namespaces.of(chart.place(name)), *(made[other] for other in chart.depends_on)],
                pods_wait_for=args.platform.charts_wait_for,
                permit=partial(
                    args.platform.permit,
                    f"chart-{name}",
                    chart.permissions,
                    namespace=chart.place(name),
                    service_account=args.prepared.accounts.get(name, name),
                ),
                state=args.state,
            ),
        )
    return made


def _make_manifests(
    args: AdditionsArgs,
    makers: Makers,
    settings: ManifestSettings,
    objects: Sequence[KubernetesObject],
    wait_for: Sequence[pulumi.Resource],
) -> pulumi.ComponentResource:
    made = pulumi.ComponentResource(MANIFESTS, settings.folder, None)
    make_layers(
        settings.folder,
        LayersArgs(
            layers=layers(Hooked(before=[], plain=objects, after=[], left_out=[])),
            namespace=args.apps_namespace,
            known=args.prepared.known,
            keep=settings.keep,
            wait=True,
            makers=makers,
            wait_for=wait_for,
            pods_wait_for=args.platform.charts_wait_for,
            state=args.state,
        ),
        parent=made,
    )
    made.register_outputs({})
    return made
