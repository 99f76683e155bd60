"""A plan as one page that needs nothing else: no script, no font, no image, no network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby
from pathlib import Path

import yaml

from infra.console.printable import printable
from infra.plan.architecture import architecture
from infra.plan.counts import counts, made
from infra.plan.durations import duration
from infra.plan.graph import Graph, Resource
from infra.plan.permissions import PolicyStatement, verb
from infra.plan.plan import Plan
from infra.plan.schedule import clock
from infra.plan.svg import COLOURS_AND_SHAPES
from infra.plan.timeline import timeline
from policies.evaluation import Evaluation
from policies.levels import Level

STYLE = Path(__file__).with_name("page.css")
OWL = (
    '<svg viewBox="0 0 48 48" aria-hidden="true"><path class="owl-head" d="M6 6l10 5h16l10-5-2 16a16 16 0 1 1-32 0z"/>'
    '<circle class="owl-eye" cx="17" cy="21" r="7.5"/><circle class="owl-eye" cx="31" cy="21" r="7.5"/>'
    '<circle class="owl-pupil" cx="18" cy="21" r="3.4"/><circle class="owl-pupil" cx="30" cy="21" r="3.4"/>'
    '<path class="owl-eye" d="M24 27l3 4-3 4-3-4z"/></svg>'
)


def page(plan: Plan) -> str:
    """Write the page. Dark or light follows the reader's system; the browser's own search opens what is folded."""
    graph = plan.graph
    title = f"Nightowl plan: {escape(graph.stack)}"
    parts = [
        _header(plan),
        *[f'<p class="warning">{escape(line)}</p>' for line in graph.warnings],
        "<h2>Architecture</h2>",
        f'<div class="sheet">{plan.picture.element()}</div>',
        "<h2>Order</h2>",
        "<p>What takes ten seconds or more, started as soon as everything that it waits for is done. "
        "The warm bars are the chain that the last app waits for; shortening any other bar changes nothing.</p>",
        f'<div class="sheet">{timeline(plan).element()}</div>',
        _slowest_chain(plan),
        "<h2>Apps</h2>",
        _apps(plan),
        _addresses(plan),
        *(["<h2>Permissions</h2>", _permissions(plan.statements)] if plan.statements else []),
        "<h2>Policies</h2>",
        _policies(plan.policies),
        "<h2>Resources</h2>",
        _counts(graph),
        _resources(graph),
        _footer(),
    ]
    return printable(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>\n{COLOURS_AND_SHAPES}{STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n"
        f"{chr(10).join(parts)}\n</body>\n</html>\n"
    )


def _header(plan: Plan) -> str:
    graph = plan.graph
    zones = architecture(graph).zones
    tiles = [
        (clock(plan.serving_seconds), "minutes until all apps serve"),
        (str(len(made(graph))), "resources"),
        (str(len(plan.apps)), "app" if len(plan.apps) == 1 else "apps"),
    ]
    if zones:
        groups = sum(len(zone.node_groups) for zone in zones)
        tiles += [(str(len(zones)), "availability zones"), (str(groups), "node groups")]
    if plan.statements:
        tiles.append((str(len(plan.statements)), "policy statements"))
    shown = "".join(
        f'<div class="tile{" first" if index == 0 else ""}"><b>{escape(value)}</b><span>{escape(label)}</span></div>'
        for index, (value, label) in enumerate(tiles)
    )
    return (
        f"<header>{OWL}<div><h1>{escape(graph.project)} {escape(graph.stack)}</h1>"
        "<p>What <code>pulumi up</code> would make where nothing is yet, told without an account.</p></div></header>"
        f'<div class="tiles">{shown}</div>'
    )


def _slowest_chain(plan: Plan) -> str:
    rows = [
        [
            _cell(clock(step.start), "number"),
            _cell(clock(step.end), "number"),
            _cell(f"{step.seconds:g} s", "number"),
            _cell(step.resource.label, "name"),
            _cell(duration(step.resource).source, "source"),
        ]
        for step in plan.slowest_chain
    ]
    heading = "<h2>Slowest chain</h2>"
    return heading + _table(["start", "end", "takes", "resource", "source of the figure"], rows)


def _apps(plan: Plan) -> str:
    rows = [
        [
            _cell(app.name, "name"),
            _cell(app.workload),
            _cell(app.replicas),
            _cell(", ".join(part for part in (app.cpu, app.memory) if part)),
            _cell(", ".join(app.calls)),
            _cell(app.image, "long"),
        ]
        for app in plan.apps
    ]
    return _table(["app", "runs as", "replicas or schedule", "request of a pod", "may call", "image"], rows)


def _addresses(plan: Plan) -> str:
    if not plan.addresses:
        return ""
    rows = [
        [
            _cell(address.app, "name"),
            _cell(address.url, "" if address.outside else "inside"),
            _cell(address.through, "" if address.outside else "inside"),
        ]
        for address in plan.addresses
    ]
    return "<h2>Addresses</h2>" + _table(["app", "address", "through"], rows)


def _permissions(statements: Sequence[PolicyStatement]) -> str:
    folded: list[str] = []
    for holder, group in groupby(statements, key=lambda statement: statement.holder):
        listed = list(group)
        rows = [
            [
                _cell(verb(statement), "deny" if statement.effect == "Deny" else ""),
                _lines(statement.actions),
                _lines(statement.principals or statement.resources),
                _lines(statement.conditions),
            ]
            for statement in listed
        ]
        table = _table(["", "actions", "who or what", "on condition"], rows, sheet=False)
        count = f"{len(listed)} statement{'' if len(listed) == 1 else 's'}"
        folded.append(f'<details><summary>{escape(holder)}<span class="kind">{count}</span></summary>{table}</details>')
    return f'<div class="sheet">{"".join(folded)}</div>'


def _policies(found: Evaluation) -> str:
    advisory = len(found.violations) - len(found.mandatory)
    summary = (
        f"<p>{found.rules} rules: {len(found.mandatory)} violations that stop a deployment, "
        f"{advisory} that do not, {len(found.undecided)} not decided before the update.</p>"
    )
    rows = [
        [
            _cell(one.level.value, "deny" if one.level is Level.MANDATORY else ""),
            _cell(one.rule.name, "name"),
            _cell(one.resource),
            _lines([one.message, one.rule.remediation]),
        ]
        for one in found.violations
    ]
    return summary + (_table(["level", "rule", "resource", "violation, and what to do"], rows) if rows else "")


def _counts(graph: Graph) -> str:
    listed = "".join(f"<div><b>{count}</b><span>{escape(type_)}</span></div>" for type_, count in counts(graph).items())
    return f'<div class="sheet columns">{listed}</div>'


def _resources(graph: Graph) -> str:
    top = sorted(graph.children(None), key=lambda child: (not graph.children(child), child.name, child.type))
    return f'<div class="sheet" style="margin-top:12px">{"".join(_resource(graph, item) for item in top)}</div>'


def _resource(graph: Graph, resource: Resource) -> str:
    children = sorted(graph.children(resource), key=lambda child: (not graph.children(child), child.type, child.name))
    count = sum(1 for item in graph.descendants(resource) if item.custom)
    below = f", {count} resource{'' if count == 1 else 's'}" if children else ""
    mark = '<span class="mark">protected</span>' if resource.protect and resource.custom else ""
    inputs = _inputs(resource)
    waits = sorted(graph.by_urn[urn].label for urn in resource.depends_on & graph.by_urn.keys())
    after = f"<p>after {escape(', '.join(waits))}</p>" if waits else ""
    inner = after + inputs + "".join(_resource(graph, child) for child in children)
    summary = f'{escape(resource.name)}<span class="kind">{escape(resource.type)}{below}</span>{mark}'
    return f"<details><summary>{summary}</summary>{inner}</details>"


def _inputs(resource: Resource) -> str:
    if not resource.props:
        return ""
    text = yaml.safe_dump(dict(resource.props), sort_keys=True, allow_unicode=True, width=110)
    return f"<pre>{escape(text)}</pre>"


def _footer() -> str:
    return (
        "<footer>The program ran in full against made-up answers; “(made at up)” stands for what only AWS can know. "
        "Times are estimates from the sources above: each was seen once or a few times, none is promised.</footer>"
    )


def _table(headings: Iterable[str], rows: Iterable[Sequence[str]], *, sheet: bool = True) -> str:
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="sheet">{table}</div>' if sheet else table


def _cell(content: str, style: str = "") -> str:
    return f'<td class="{style}">{escape(content)}</td>' if style else f"<td>{escape(content)}</td>"


def _lines(items: Iterable[str]) -> str:
    return f'<td class="long">{"<br>".join(escape(item) for item in items)}</td>'
