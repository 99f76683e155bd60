"""A cluster's status as tables for people and as JSON for scripts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from itertools import groupby
from operator import attrgetter
from typing import Any

from pydantic.alias_generators import to_camel
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from infra.local.status import AppStatus, ClusterStatus, NodeStatus, ScalingStatus


def status_tables(status: ClusterStatus) -> RenderableType:
    """Draw the apps and the nodes."""
    return Group(apps_table(status.apps), Text(), nodes_table(status.nodes), Text(pending_line(status)))


def apps_table(apps: Sequence[AppStatus]) -> Table:
    """Draw one row per app: replicas, zones and autoscaler."""
    table = plain_table("app", "kind", "replicas", "zones", "autoscaler")
    several = len({app.namespace for app in apps}) > 1
    for app in apps:
        name = f"{app.namespace}/{app.name}" if several else app.name
        table.add_row(name, app.kind, _replicas(app), _zones(app), _autoscaler(app.scaling))
    return table


def nodes_table(nodes: Sequence[NodeStatus]) -> Table:
    """Draw one row per zone and instance type, so that a hundred nodes still fit on a screen."""
    table = plain_table("zone", "instance type", "made by", "nodes", "pods", right={"nodes", "pods"})
    group_of = attrgetter("zone", "instance_type", "autoscaled")
    for (zone, instance_type, autoscaled), group in groupby(sorted(nodes, key=group_of), key=group_of):
        pods = [node.pods for node in group]
        maker = "autoscaler" if autoscaled else "cluster"
        table.add_row(zone, instance_type, maker, str(len(pods)), str(sum(pods)))
    return table


def pending_line(status: ClusterStatus) -> str:
    """Return how many pods wait for room, and how many nodes are not ready."""
    unready = sum(not node.ready for node in status.nodes)
    return f"{status.pending_pods} pods pending, {unready} nodes not ready"


def status_json(status: ClusterStatus) -> dict[str, Any]:
    """Return the status as JSON values; the keys are stable.

    `available` is true when every app is available and every autoscaler has metrics, unless it is new; `cpu` and the
    like are percent of the request, `current` null until metrics arrive.
    """
    return {
        "cluster": status.name,
        "available": status.available,
        "pendingPods": status.pending_pods,
        "apps": [_app_json(app) for app in status.apps],
        "nodes": [{to_camel(name): value for name, value in asdict(node).items()} for node in status.nodes],
    }


def _app_json(app: AppStatus) -> dict[str, Any]:
    return {
        "name": app.name,
        "namespace": app.namespace,
        "kind": app.kind,
        "available": app.available,
        "replicas": {"desired": app.desired, "ready": app.ready},
        "zones": dict(app.zones),
        "schedule": app.schedule,
        "autoscaler": _scaling_json(app.scaling) if app.scaling else None,
    }


def _scaling_json(scaling: ScalingStatus) -> dict[str, Any]:
    return {
        "min": scaling.minimum,
        "max": scaling.maximum,
        "metrics": {
            metric.resource: {"current": metric.current, "target": metric.target} for metric in scaling.metrics
        },
    }


def plain_table(*headers: str, right: Collection[str] = ()) -> Table:
    """Start a table without lines; the columns of the headers in `right` are set to the right."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for header in headers:
        table.add_column(header, justify="right" if header in right else "left", overflow="fold")
    return table


def _replicas(app: AppStatus) -> Text:
    if app.kind == "cron":
        return Text(app.schedule or "", style="dim")
    done = "done" if app.kind == "job" else "ready"
    return Text(f"{app.ready}/{app.desired} {done}", style="green" if app.available else "yellow")


def _zones(app: AppStatus) -> str:
    return " ".join(f"{zone or 'no zone'}:{count}" for zone, count in app.zones.items()) or "-"


def _autoscaler(scaling: ScalingStatus | None) -> str:
    if scaling is None:
        return "-"
    measures = " ".join(
        f"{metric.resource} {'?' if metric.current is None else f'{metric.current}%'}/{metric.target}%"
        for metric in scaling.metrics
    )
    return f"{scaling.minimum} to {scaling.maximum}, {measures}"
