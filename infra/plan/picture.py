"""The architecture of a stack as an SVG picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infra.plan.addresses import Address
from infra.plan.apps import AppPlan
from infra.plan.architecture import Architecture, LoadBalancer, Tier, Zone
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


@dataclass(frozen=True, kw_only=True)
class _Frame:
    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


def picture(architecture: Architecture, apps: Sequence[AppPlan], addresses: Sequence[Address]) -> Drawing:
    """Draw the stack: whoever calls on top, below it the load balancer, then apps on machines in zones."""
    hosts = sorted({address.url for address in addresses if address.outside})
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
    side = architecture.regional
    vpc_width = WIDTH - 2 * MARGIN - (SIDE_WIDTH + GAP if side else 0)
    top = MARGIN + (ENTRANCE_HEIGHT if architecture.load_balancers else 0)
    inner = _Frame(x=MARGIN + PADDING, y=top + HEADING, width=vpc_width - 2 * PADDING, height=0)
    bars = architecture.load_balancers
    bars_height = len(bars) * (BALANCER_HEIGHT + CHIP_GAP)
    public_height = bars_height + 72
    most_groups = max(len(zone.node_groups) for zone in architecture.zones)
    apps_height = _apps_height(apps, inner.width - 2 * PADDING)
    private_height = 34 + most_groups * (CHIP_HEIGHT + CHIP_GAP) + apps_height + 8
    zones_top = inner.y
    public_top = zones_top + HEADING
    private_top = public_top + public_height + 10
    control_top = private_top + private_height + 10
    has_control = any(subnet.tier == "control plane" for zone in architecture.zones for subnet in zone.subnets)
    zones_bottom = control_top + (34 if has_control else 0) + 10
    plane_top = zones_bottom + 22
    vpc_bottom = zones_bottom + PADDING
    bottom = plane_top + PADDING + CONTROL_PLANE_HEIGHT
    shapes = [
        box(MARGIN, top, vpc_width, vpc_bottom - top, "frame vpc", radius=14),
        text(MARGIN + PADDING, top + 21, f"VPC {architecture.vpc_cidr}", "big"),
        text(MARGIN + vpc_width - PADDING, top + 21, architecture.region, "small soft", anchor="end"),
    ]
    columns = _columns(inner, len(architecture.zones), zones_top, zones_bottom)
    for zone, column in zip(architecture.zones, columns, strict=True):
        shapes += [
            box(column.x, column.y, column.width, column.height, "frame zone", radius=10),
            text(column.x + 18, column.y + 20, zone.name, "small soft", room=column.width - 36),
            *_tier(zone, "public", column, public_top, public_height, label_at=bars_height),
            *_tier(zone, "private", column, private_top, private_height),
            *_gateways(zone, column, public_top + public_height - 36),
            *_node_groups(zone, column, private_top + 30),
        ]
        if has_control:
            shapes += _tier(zone, "control plane", column, control_top, 34)
            shapes.append(path(f"M{column.middle:g} {control_top + 34:g}V{plane_top + PADDING:g}", "line control"))
    bar_top = public_top + CHIP_GAP
    for index, balancer in enumerate(bars):
        y = bar_top + index * (BALANCER_HEIGHT + CHIP_GAP)
        shapes += _balancer(balancer, _Frame(x=inner.x + PADDING, y=y, width=inner.width - 2 * PADDING, height=0))
    apps_top = private_top + 34 + most_groups * (CHIP_HEIGHT + CHIP_GAP)
    apps_frame = _Frame(x=inner.x + PADDING, y=apps_top, width=inner.width - 2 * PADDING, height=apps_height)
    shapes += _apps(apps, apps_frame, "apps, spread over the zones")
    if bars:
        shapes += _entrance(inner.middle, hosts, bar_top)
        last_bar = bar_top + len(bars) * (BALANCER_HEIGHT + CHIP_GAP) - CHIP_GAP
        gutters = [column.right + GAP / 2 for column in columns[:-1]]
        shapes += [path(f"M{x:g} {last_bar:g}V{apps_top:g}", "line flow") for x in gutters]
    plane = _Frame(x=MARGIN, y=plane_top + PADDING, width=vpc_width, height=CONTROL_PLANE_HEIGHT)
    shapes += [
        box(plane.x, plane.y, plane.width, plane.height, "fill control", radius=10),
        text(plane.middle, plane.y + 25, architecture.cluster, "big", anchor="middle"),
    ]
    if side:
        shapes += _beside(architecture, MARGIN + vpc_width + GAP, top)
    return max(bottom, top + _beside_height(architecture)) + MARGIN, shapes


def _other_cluster(
    architecture: Architecture, apps: Sequence[AppPlan], hosts: Sequence[str]
) -> tuple[float, list[str]]:
    top = MARGIN + (ENTRANCE_HEIGHT if hosts else 0)
    inner = _Frame(x=MARGIN + PADDING, y=top + HEADING + 6, width=WIDTH - 2 * MARGIN - 2 * PADDING, height=0)
    height = _apps_height(apps, inner.width)
    shapes = [
        box(MARGIN, top, WIDTH - 2 * MARGIN, HEADING + height + PADDING, "frame vpc", radius=14),
        text(MARGIN + PADDING, top + 21, architecture.cluster, "big"),
        *_apps(apps, _Frame(x=inner.x, y=inner.y, width=inner.width, height=height), "apps"),
    ]
    if hosts:
        shapes += _entrance(inner.middle, hosts, inner.y)
    return top + HEADING + height + PADDING + MARGIN, shapes


def _columns(inner: _Frame, count: int, top: float, bottom: float) -> list[_Frame]:
    column = (inner.width - (count - 1) * GAP) / count
    return [_Frame(x=inner.x + i * (column + GAP), y=top, width=column, height=bottom - top) for i in range(count)]


def _tier(zone: Zone, tier: Tier, column: _Frame, y: float, height: float, *, label_at: float = 0) -> list[str]:
    subnets = [subnet for subnet in zone.subnets if subnet.tier == tier]
    if not subnets:
        return []
    style = tier.split()[0]
    label = f"{tier} {', '.join(subnet.cidr for subnet in subnets)}"
    return [
        box(column.x + 8, y, column.width - 16, height, f"subnet {style}"),
        text(column.x + 18, y + label_at + 21, label, "small soft", room=column.width - 36),
    ]


def _gateways(zone: Zone, column: _Frame, y: float) -> list[str]:
    if not zone.gateways:
        return []
    label = "NAT gateway" if len(zone.gateways) == 1 else f"{len(zone.gateways)} NAT gateways"
    return [
        box(column.x + 18, y, column.width - 36, 28, "chip network"),
        text(column.middle, y + 18, label, "small", anchor="middle"),
    ]


def _node_groups(zone: Zone, column: _Frame, top: float) -> list[str]:
    shapes: list[str] = []
    for index, group in enumerate(zone.node_groups):
        y = top + index * (CHIP_HEIGHT + CHIP_GAP)
        room = column.width - 56
        shapes += [
            box(column.x + 18, y, column.width - 36, CHIP_HEIGHT, "chip compute"),
            text(column.x + 28, y + 17, group.name, "label", room=room - (36 if group.spot else 0)),
            text(column.x + 28, y + 33, f"{group.machines}, {group.bounds}", "small soft", room=room),
        ]
        if group.spot:
            shapes.append(text(column.right - 28, y + 17, "spot", "tiny accent", anchor="end"))
    return shapes


def _balancer(balancer: LoadBalancer, frame: _Frame) -> list[str]:
    kind = "Network" if balancer.kind == "NLB" else "Application"
    label = f"{'Internal ' if balancer.internal else ''}{kind} Load Balancer".capitalize()
    title = f"{label.title()} {balancer.name}"
    return [
        box(frame.x, frame.y, frame.width, BALANCER_HEIGHT, "fill balancer"),
        text(frame.middle, frame.y + 19, title, "label", anchor="middle", room=frame.width - 20),
        text(frame.middle, frame.y + 35, ", ".join(balancer.listeners), "small soft", anchor="middle"),
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


def _apps_height(apps: Sequence[AppPlan], room: float) -> float:
    per_row = max(1, int((room - 2 * PADDING + GAP) // (APP_WIDTH + GAP)))
    rows = -(-len(apps) // per_row)
    return HEADING + rows * (APP_HEIGHT + CHIP_GAP) + 6 if apps else 0


def _apps(apps: Sequence[AppPlan], frame: _Frame, label: str) -> list[str]:
    if not apps:
        return []
    per_row = max(1, int((frame.width - 2 * PADDING + GAP) // (APP_WIDTH + GAP)))
    in_first = min(per_row, len(apps))
    left = frame.middle - (in_first * (APP_WIDTH + GAP) - GAP) / 2
    shapes = [
        box(frame.x, frame.y, frame.width, frame.height - 4, "fill apps", radius=10),
        text(frame.x + PADDING, frame.y + 20, label, "small soft"),
    ]
    for index, app in enumerate(apps):
        x = left + index % per_row * (APP_WIDTH + GAP)
        y = frame.y + HEADING + index // per_row * (APP_HEIGHT + CHIP_GAP)
        shapes += _app(app, x, y)
    return shapes


def _app(app: AppPlan, x: float, y: float) -> list[str]:
    pods = app.replicas if app.workload == "CronJob" else f"{app.replicas} pod{'' if app.replicas == '1' else 's'}"
    calls = f"calls {', '.join(app.calls)}" if app.calls else ""
    request = ", ".join(part for part in (app.cpu, app.memory) if part)
    return [
        box(x, y, APP_WIDTH, APP_HEIGHT, "chip app"),
        text(x + 12, y + 21, app.name, "label", room=APP_WIDTH - 100),
        text(x + APP_WIDTH - 12, y + 21, app.workload, "tiny soft", anchor="end"),
        text(x + 12, y + 41, pods, "small", room=APP_WIDTH - 24),
        text(x + 12, y + 60, calls or request, "small soft", room=APP_WIDTH - 24),
    ]


def _beside_height(architecture: Architecture) -> float:
    return HEADING + len(architecture.regional) * (SIDE_ROW + CHIP_GAP) + 6 if architecture.regional else 0


def _beside(architecture: Architecture, x: float, y: float) -> list[str]:
    shapes = [
        box(x, y, SIDE_WIDTH, _beside_height(architecture), "frame side", radius=14),
        text(x + PADDING, y + 21, "in the region", "big"),
    ]
    for index, (name, names) in enumerate(architecture.regional.items()):
        top = y + HEADING + index * (SIDE_ROW + CHIP_GAP)
        shapes += [
            box(x + 10, top, SIDE_WIDTH - 20, SIDE_ROW, "chip regional"),
            text(x + 22, top + 18, f"{len(names)} {name}{'' if len(names) == 1 else 's'}", "label"),
            text(x + 22, top + 34, ", ".join(names), "small soft", room=SIDE_WIDTH - 44),
        ]
    return shapes
