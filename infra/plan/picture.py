"""The architecture of a stack as an SVG picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from infra.plan.addresses import Address
from infra.plan.apps import AppPlan
from infra.plan.architecture import CONTROL_PLANE_TIER, Architecture, LoadBalancer, Zone
from infra.plan.svg import Drawing, box, path, text, width

WIDTH = 1160
MARGIN = 16
SIDE_WIDTH = 216
"""The column of what stands beside the zones."""
GAP = 16
PADDING = 14
HEADING = 30
ENTRANCE_HEIGHT = 74
BALANCER_HEIGHT = 44
CHIP_HEIGHT = 42
CHIP_GAP = 8
APP_HEIGHT = 76
APP_WIDTH = 196
CONTROL_PLANE_HEIGHT = 40
SIDE_ROW = 44


class _Column(NamedTuple):
    x: float
    width: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


def picture(architecture: Architecture, apps: Sequence[AppPlan], addresses: Sequence[Address]) -> Drawing:
    """Draw the stack: whoever calls on top, below it the load balancer, then apps on machines in zones."""
    hosts = sorted({address.url for address in addresses if address.outside and not address.target})
    draw = _own_network if architecture.zones else _other_cluster
    height, shapes = draw(architecture, apps, hosts)
    arrow = (
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" class="tip"/></marker></defs>'
    )
    return Drawing(
        style="picture", label="Architecture of the stack", width=WIDTH, height=height, shapes=[arrow, *shapes]
    )


def _own_network(architecture: Architecture, apps: Sequence[AppPlan], hosts: Sequence[str]) -> tuple[float, list[str]]:
    bars, zones = architecture.load_balancers, architecture.zones
    has_control = any(zone.subnets[CONTROL_PLANE_TIER] for zone in zones)
    vpc = _Column(MARGIN, WIDTH - 2 * MARGIN - (SIDE_WIDTH + GAP if architecture.regional else 0))
    inner = _Column(vpc.x + 2 * PADDING, vpc.width - 4 * PADDING)
    bars_height = len(bars) * (BALANCER_HEIGHT + CHIP_GAP)
    groups_height = max(len(zone.node_groups) for zone in zones) * (CHIP_HEIGHT + CHIP_GAP)
    public_height = bars_height + 72
    private_height = 34 + groups_height + _apps_height(apps, inner.width) + 8
    top = MARGIN + (ENTRANCE_HEIGHT if bars else 0)
    zones_top = top + HEADING
    public_top = zones_top + HEADING
    bar_top = public_top + CHIP_GAP
    private_top = public_top + public_height + 10
    apps_top = private_top + 34 + groups_height
    control_top = private_top + private_height + 10
    zones_bottom = control_top + (34 if has_control else 0) + 10
    plane_top = zones_bottom + 22 + PADDING
    shapes = [
        box(vpc.x, top, vpc.width, zones_bottom + PADDING - top, "frame vpc", radius=14),
        text(vpc.x + PADDING, top + 21, f"VPC {architecture.vpc_cidr}", "big"),
        text(vpc.right - PADDING, top + 21, architecture.region, "small soft", anchor="end"),
    ]
    width = (vpc.width - 2 * PADDING - (len(zones) - 1) * GAP) / len(zones)
    columns = [_Column(vpc.x + PADDING + i * (width + GAP), width) for i in range(len(zones))]
    for zone, column in zip(zones, columns, strict=True):
        shapes += [
            box(column.x, zones_top, column.width, zones_bottom - zones_top, "frame zone", radius=10),
            text(column.x + 18, zones_top + 20, zone.name, "small soft", room=column.width - 36),
            *_tier(zone, "public", column, public_top, public_height, label_at=bars_height),
            *_tier(zone, "private", column, private_top, private_height),
            *_gateways(zone, column, public_top + public_height - 36),
            *_node_groups(zone, column, private_top + 30),
        ]
        if has_control:
            shapes += _tier(zone, CONTROL_PLANE_TIER, column, control_top, 34)
            shapes.append(path(f"M{column.middle:g} {control_top + 34:g}V{plane_top:g}", "line control"))
    for index, balancer in enumerate(bars):
        shapes += _balancer(balancer, inner, bar_top + index * (BALANCER_HEIGHT + CHIP_GAP))
    shapes += _apps(apps, inner, apps_top, "apps, spread over the zones")
    if bars:
        shapes += _entrance(inner.middle, hosts, bar_top)
        last_bar = bar_top + bars_height - CHIP_GAP
        gutters = [column.right + GAP / 2 for column in columns[:-1]]
        shapes += [path(f"M{x:g} {last_bar:g}V{apps_top:g}", "line flow") for x in gutters]
    shapes += [
        box(vpc.x, plane_top, vpc.width, CONTROL_PLANE_HEIGHT, "fill control", radius=10),
        text(vpc.middle, plane_top + 25, architecture.cluster, "big", anchor="middle"),
        *_beside(architecture.regional, vpc.right + GAP, top),
    ]
    return max(plane_top + CONTROL_PLANE_HEIGHT, top + _beside_height(architecture.regional)) + MARGIN, shapes


def _other_cluster(
    architecture: Architecture, apps: Sequence[AppPlan], hosts: Sequence[str]
) -> tuple[float, list[str]]:
    inner = _Column(MARGIN + PADDING, WIDTH - 2 * MARGIN - 2 * PADDING)
    top = MARGIN + (ENTRANCE_HEIGHT if hosts else 0)
    apps_top = top + HEADING + 6
    height = HEADING + _apps_height(apps, inner.width) + PADDING
    shapes = [
        box(MARGIN, top, WIDTH - 2 * MARGIN, height, "frame vpc", radius=14),
        text(MARGIN + PADDING, top + 21, architecture.cluster, "big"),
        *_apps(apps, inner, apps_top, "apps"),
    ]
    if hosts:
        shapes += _entrance(inner.middle, hosts, apps_top)
    return top + height + MARGIN, shapes


def _tier(zone: Zone, tier: str, column: _Column, y: float, height: float, *, label_at: float = 0) -> list[str]:
    cidrs = zone.subnets[tier]
    if not cidrs:
        return []
    return [
        box(column.x + 8, y, column.width - 16, height, f"subnet {tier.split(maxsplit=1)[0]}"),
        text(column.x + 18, y + label_at + 21, f"{tier} {', '.join(cidrs)}", "small soft", room=column.width - 36),
    ]


def _gateways(zone: Zone, column: _Column, y: float) -> list[str]:
    if not zone.gateways:
        return []
    label = "NAT gateway" if len(zone.gateways) == 1 else f"{len(zone.gateways)} NAT gateways"
    return [
        box(column.x + 18, y, column.width - 36, 28, "chip network"),
        text(column.middle, y + 18, label, "small", anchor="middle"),
    ]


def _node_groups(zone: Zone, column: _Column, top: float) -> list[str]:
    shapes: list[str] = []
    room = column.width - 56
    for index, group in enumerate(zone.node_groups):
        y = top + index * (CHIP_HEIGHT + CHIP_GAP)
        shapes += [
            box(column.x + 18, y, column.width - 36, CHIP_HEIGHT, "chip compute"),
            text(column.x + 28, y + 17, group.name, "label", room=room - (36 if group.spot else 0)),
            text(column.x + 28, y + 33, f"{group.machines}, {group.bounds}", "small soft", room=room),
        ]
        if group.spot:
            shapes.append(text(column.right - 28, y + 17, "spot", "tiny accent", anchor="end"))
    return shapes


def _balancer(balancer: LoadBalancer, column: _Column, y: float) -> list[str]:
    return [
        box(column.x, y, column.width, BALANCER_HEIGHT, "fill balancer"),
        text(column.middle, y + 19, balancer.title, "label", anchor="middle", room=column.width - 20),
        text(column.middle, y + 35, ", ".join(balancer.listeners), "small soft", anchor="middle"),
    ]


def _entrance(x: float, hosts: Sequence[str], to_y: float) -> list[str]:
    more = f" and {len(hosts) - 3} more" if len(hosts) > 3 else ""
    label = "  ".join(hosts[:3]) + more
    pill = max(150.0, min(width(label, 12.5) + 40, WIDTH - 2 * MARGIN - SIDE_WIDTH))
    return [
        box(x - pill / 2, MARGIN - 6, pill, 46, "fill clients", radius=23),
        text(x, MARGIN + 12, "clients", "small soft", anchor="middle"),
        text(x, MARGIN + 29, label, "label", anchor="middle", room=pill - 20),
        path(f"M{x:g} {MARGIN + 40:g}V{to_y:g}", "line flow"),
    ]


def _apps_per_row(room: float) -> int:
    return max(1, int((room - 2 * PADDING + GAP) // (APP_WIDTH + GAP)))


def _apps_height(apps: Sequence[AppPlan], room: float) -> float:
    rows = math.ceil(len(apps) / _apps_per_row(room))
    return HEADING + rows * (APP_HEIGHT + CHIP_GAP) + 6 if apps else 0


def _apps(apps: Sequence[AppPlan], column: _Column, y: float, label: str) -> list[str]:
    if not apps:
        return []
    per_row = _apps_per_row(column.width)
    left = column.middle - (min(per_row, len(apps)) * (APP_WIDTH + GAP) - GAP) / 2
    shapes = [
        box(column.x, y, column.width, _apps_height(apps, column.width) - 4, "fill apps", radius=10),
        text(column.x + PADDING, y + 20, label, "small soft"),
    ]
    for index, app in enumerate(apps):
        row, place = divmod(index, per_row)
        shapes += _app(app, left + place * (APP_WIDTH + GAP), y + HEADING + row * (APP_HEIGHT + CHIP_GAP))
    return shapes


def _app(app: AppPlan, x: float, y: float) -> list[str]:
    pods = (
        app.replicas
        if app.workload in {"CronJob", "Job"}
        else f"{app.replicas} pod{'' if app.replicas == '1' else 's'}"
    )
    calls = f"calls {', '.join(app.calls)}" if app.calls else ""
    return [
        box(x, y, APP_WIDTH, APP_HEIGHT, "chip app"),
        text(x + 12, y + 21, app.name, "label", room=APP_WIDTH - 100),
        text(x + APP_WIDTH - 12, y + 21, app.workload, "tiny soft", anchor="end"),
        text(x + 12, y + 41, pods, "small", room=APP_WIDTH - 24),
        text(x + 12, y + 60, calls or app.request, "small soft", room=APP_WIDTH - 24),
    ]


def _beside_height(regional: Mapping[str, Sequence[str]]) -> float:
    return HEADING + len(regional) * (SIDE_ROW + CHIP_GAP) + 6


def _beside(regional: Mapping[str, Sequence[str]], x: float, y: float) -> list[str]:
    if not regional:
        return []
    shapes = [
        box(x, y, SIDE_WIDTH, _beside_height(regional), "frame side", radius=14),
        text(x + PADDING, y + 21, "in the region", "big"),
    ]
    for index, (name, names) in enumerate(regional.items()):
        top = y + HEADING + index * (SIDE_ROW + CHIP_GAP)
        shapes += [
            box(x + 10, top, SIDE_WIDTH - 20, SIDE_ROW, "chip regional"),
            text(x + 22, top + 18, f"{len(names)} {name}{'' if len(names) == 1 else 's'}", "label"),
            text(x + 22, top + 34, ", ".join(names), "small soft", room=SIDE_WIDTH - 44),
        ]
    return shapes
