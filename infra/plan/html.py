"""A plan as one page that needs nothing else: no script, no font, no image, no network."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import jinja2
import yaml

from infra.console.printable import printable
from infra.plan.architecture import architecture
from infra.plan.data import data_lines
from infra.plan.durations import duration
from infra.plan.graph import Resource
from infra.plan.permissions import verb
from infra.plan.plan import Plan
from infra.plan.schedule import clock
from infra.plan.svg import COLOURS_AND_SHAPES
from infra.plan.timeline import timeline

FOLDER = Path(__file__).parent


def page(plan: Plan) -> str:
    """Write the page. Dark or light follows the reader's system; the browser's own search opens what is folded."""
    graph = plan.graph

    def children_of(parent: Resource | None) -> list[Resource]:
        """Return components first, as they hold the others."""

        def order(child: Resource) -> tuple[bool, str, str]:
            names = (child.name, child.type) if parent is None else (child.type, child.name)
            return not graph.children(child), *names

        return sorted(graph.children(parent), key=order)

    def labels_of_dependencies(resource: Resource) -> list[str]:
        return sorted(graph.by_urn[urn].label for urn in resource.depends_on & graph.by_urn.keys())

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template("page.html.jinja").render(
        plan=plan,
        graph=graph,
        tiles=_tiles(plan),
        data_lines=data_lines(claim for app in plan.apps for claim in app.claims),
        style=COLOURS_AND_SHAPES + (FOLDER / "page.css").read_text(encoding="utf-8"),
        picture=plan.picture.element(),
        timeline=timeline(plan).element(),
        statements=[(holder, list(group)) for holder, group in groupby(plan.statements, attrgetter("holder"))],
        children_of=children_of,
        labels_of_dependencies=labels_of_dependencies,
        clock=clock,
        duration=duration,
        verb=verb,
        yaml_of=partial(yaml.safe_dump, sort_keys=True, allow_unicode=True, width=110),
    )
    return printable(text.lstrip())


def _tiles(plan: Plan) -> list[tuple[str, str]]:
    """Return the figures beside the time: each with what it counts."""
    zones = architecture(plan.graph).zones
    figures = [
        (len(plan.graph.made), "resources"),
        (len(plan.apps), "app" if len(plan.apps) == 1 else "apps"),
        (len(zones), "availability zones"),
        (sum(len(zone.node_groups) for zone in zones), "node groups"),
        (len(plan.statements), "policy statements"),
    ]
    return [(str(number), label) for number, label in figures if number or label in {"resources", "apps"}]
