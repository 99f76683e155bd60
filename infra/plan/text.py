"""A plan, or the difference of two, for the terminal."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from enum import StrEnum
from itertools import groupby
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from infra.console.printable import printable
from infra.plan.charts import addition_plans
from infra.plan.data import data_lines
from infra.plan.difference import Difference
from infra.plan.document_lengths import DocumentLength
from infra.plan.durations import duration
from infra.plan.graph import Graph, Resource
from infra.plan.permissions import PolicyStatement, verb
from infra.plan.plan import Plan
from infra.plan.schedule import ScheduledResource, clock
from policies.evaluation import Evaluation
from policies.levels import Level

BAR_CELLS = 36
MOST_ADDRESSES = 3
MOST_SERVICES = 6
"""How many services are named in the first line; the others are counted together."""
MOST_STEPS = 3
"""How many of the longest steps are named in the last line."""
LONGEST_VALUE = 60


class Detail(StrEnum):
    """A part of a plan that is shown on request."""

    RESOURCES = "resources"
    PERMISSIONS = "permissions"
    ORDER = "order"
    POLICIES = "policies"


def plan_text(plan: Plan, details: Collection[Detail] = ()) -> RenderableType:
    """Show what is made, which apps run, what to worry about and how long it takes, on one screen; then the details."""
    return Group(*_overview(plan), *[part for detail in Detail if detail in details for part in _detail(plan, detail)])


def difference_text(difference: Difference) -> RenderableType:
    """Show how two stacks differ."""
    lines = [Text(f"{difference.old} -> {difference.new}", style="bold")]
    lines += [Text(f"  + {item.label}", style="green") for item in difference.added]
    lines += [Text(f"  - {item.label}", style="red") for item in difference.removed]
    for changed in difference.changed:
        lines.append(Text(f"  ~ {changed.resource.label}", style="yellow"))
        lines += [
            Text(f"      {change.key}: {shortened(change.old)} -> {shortened(change.new)}")
            for change in changed.changes
        ]
    added, removed, changed_count = len(difference.added), len(difference.removed), len(difference.changed)
    lines.append(Text(f"{added} added, {removed} removed, {changed_count} changed, {difference.same} the same"))
    return Group(*lines)


def shortened(value: Any) -> str:
    """Write a value on one line, cut where it is long."""
    text = value if isinstance(value, str) else json.dumps(value)
    text = printable(" ".join(text.split()))
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}..."


def _overview(plan: Plan) -> list[RenderableType]:
    graph = plan.graph
    full = [one for one in plan.document_lengths if one.characters * 10 > one.most * 9]
    return [
        *[Text(f"warning: {line}", style="yellow") for line in graph.warnings],
        Text.assemble(
            (f"{graph.project}-{graph.stack}", "bold"), f": {len(graph.made)} resources ({_services(graph)})"
        ),
        Padding(_apps(plan), (1, 0)),
        *[Text(line) for line in data_lines(claim for app in plan.apps for claim in app.claims)],
        *[Text(one.line) for one in addition_plans(graph)],
        *([Text(plan.builds.line)] if plan.builds else []),
        *[Text(str(doubt), style="yellow") for doubt in (plan.builds.doubts if plan.builds else ())],
        *[Text(one.line) for one in plan.access],
        *[Text(str(doubt), style="yellow") for one in plan.access for doubt in one.doubts],
        *([_violated(plan.policies)] if plan.policies.violations else []),
        _judgement(plan.policies),
        *[Text(f"{one.document} has room for {one.room} of {one.most} characters", style="yellow") for one in full],
        _summary(plan),
    ]


def _detail(plan: Plan, detail: Detail) -> list[RenderableType]:
    graph = plan.graph
    match detail:
        case Detail.RESOURCES:
            return _section(
                "Resources",
                _tree(Tree(Text(f"{graph.project}-{graph.stack}", style="bold")), graph, None),
                _counts(graph),
                _objects(plan),
                _addresses(plan),
            )
        case Detail.PERMISSIONS:
            if not plan.statements:
                return _section("Permissions", Text("The stack makes no role.", style="dim"))
            return _section("Permissions", _statements(plan.statements), *_documents(plan.document_lengths))
        case Detail.ORDER:
            return _section("Order", _order(plan), _chain(plan.slowest_chain))
        case Detail.POLICIES:
            return _section("Policies", *_policies(plan.policies))


def _section(title: str, *parts: RenderableType) -> list[RenderableType]:
    return [Rule(title, align="left", style="dim"), *[Padding(part, (0, 0, 1, 2)) for part in parts]]


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _row(table: Table, *cells: str | Text, style: str = "") -> None:
    # A plain string would be read for markup and emoji: the `:secret:` of an ARN is one.
    table.add_row(*[Text(cell) if isinstance(cell, str) else cell for cell in cells], style=style)


def _tree(tree: Tree, graph: Graph, parent: Resource | None) -> Tree:
    """Let `tree` grow by what is below `parent`."""
    children = sorted(graph.children(parent), key=lambda child: (child.type, child.name))
    for child in children:
        if graph.children(child):
            count = sum(1 for item in graph.descendants(child) if item.custom)
            label = Text.assemble((child.name, "bold"), (f" {child.kind}, {count} resources", "dim"))
            _tree(tree.add(label), graph, child)
    leaves = [child for child in children if not graph.children(child)]
    for kind, group in groupby(leaves, key=lambda leaf: leaf.kind):
        tree.add(Text.assemble(f"{kind} ", (_names(list(group)), "dim")))
    return tree


def _names(resources: Sequence[Resource]) -> str:
    if all(item.protect for item in resources):
        return f"{', '.join(item.name for item in resources)} (protected)"
    return ", ".join(f"{item.name}{' (protected)' if item.protect else ''}" for item in resources)


def _counts(graph: Graph) -> Table:
    table = _table("count", "type")
    for type_, count in graph.counts.items():
        _row(table, str(count), type_)
    _row(table, str(len(graph.made)), "in all", style="bold")
    return table


def _services(graph: Graph) -> str:
    """Count the resources by the AWS service, or else by the provider, that makes them: `EC2 45, Kubernetes 29`."""
    counter = Counter(_service(resource) for resource in graph.made)
    named = counter.most_common(MOST_SERVICES)
    rest = counter.total() - sum(count for _, count in named)
    return ", ".join([*(f"{name} {count}" for name, count in named), *([f"others {rest}"] if rest else [])])


def _service(resource: Resource) -> str:
    provider, _, service = resource.type.partition("/")[0].partition(":")
    return service.upper() if provider == "aws" else "Kubernetes" if resource.is_kubernetes else provider


def _apps(plan: Plan) -> Table:
    table = _table("app", "runs as", "replicas", "request", "may call", "address")
    for app in plan.apps:
        replicas = f"{app.replicas}, growing {app.growth}" if app.growth else app.replicas
        _row(
            table, app.name, app.workload, replicas, app.request, ", ".join(app.calls), _main_addresses(plan, app.name)
        )
    return table


def _main_addresses(plan: Plan, app: str) -> str:
    """Return the addresses of an app outside the cluster, or else the first inside; with `--resources` come all."""
    own = [address for address in plan.addresses if address.app == app]
    outside = [address.url for address in own if address.outside] or [address.url for address in own[:1]]
    more = len(outside) - MOST_ADDRESSES
    return "\n".join([*outside[:MOST_ADDRESSES], *([f"and {more} more"] if more > 0 else [])])


def _objects(plan: Plan) -> Table:
    table = _table("app", "objects")
    for app in plan.apps:
        counts = sorted(Counter(item.kind for item in app.objects).items())
        _row(table, app.name, ", ".join(kind if count == 1 else f"{count} {kind}" for kind, count in counts))
    return table


def _addresses(plan: Plan) -> Table:
    table = _table("app", "address", "through")
    for address in plan.addresses:
        _row(table, address.app, address.url, address.through, style="" if address.outside else "dim")
    return table


def _statements(statements: Sequence[PolicyStatement]) -> Group:
    holders: list[RenderableType] = []
    for holder, group in groupby(statements, key=lambda statement: statement.holder):
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for statement in group:
            style = "red" if statement.effect == "Deny" else ""
            table.add_row(Text(verb(statement), style=style), _statement(statement))
        holders += [Text(holder, style="bold"), Padding(table, (0, 0, 0, 2))]
    return Group(*holders)


def _statement(statement: PolicyStatement) -> Text:
    actions = Text(", ".join(statement.actions))
    whom = [Text(principal) for principal in statement.principals]
    lines = [*whom, Text.assemble(("for ", "dim"), actions)] if whom else [actions]
    lines += [Text.assemble(("on ", "dim"), resource) for resource in statement.resources]
    lines += [Text.assemble(("if ", "dim"), condition) for condition in statement.conditions]
    return Text("\n").join(lines)


def _documents(lengths: Sequence[DocumentLength]) -> list[RenderableType]:
    table = _table("document", "characters", "AWS takes", "room")
    full = [one for one in lengths if one.characters * 2 > one.most]
    for one in full:
        style = "bold red" if one.room < 0 else ""
        _row(table, one.document, str(one.characters), str(one.most), str(one.room), style=style)
    rest = Text(f"{len(lengths) - len(full)} more policies fill less than half of what AWS takes", style="dim")
    return [table, rest] if full else [rest]


def _violated(found: Evaluation) -> Table:
    table = _table("level", "rule", "where")
    for (rule, level), group in groupby(found.violations, key=lambda one: (one.rule, one.level)):
        # A line of 80 columns has no room for file and line, which come with --policies.
        places = list(dict.fromkeys(one.key or one.resource for one in group))
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        _row(table, _level(level), rule.name, f"{places[0]}{more}")
    return table


def _judgement(found: Evaluation) -> Text:
    summary = f"{found.rules} rules, {len(found.mandatory)} violations that stop a deployment"
    advisory = len(found.violations) - len(found.mandatory)
    if advisory:
        summary += f", {advisory} that do not"
    if found.undecided:
        summary += f", {len(found.undecided)} not decided before the update"
    return Text(summary, style="bold red" if found.mandatory else "bold green")


def _policies(found: Evaluation) -> list[RenderableType]:
    table = _table("level", "violation")
    alike = groupby(found.violations, key=lambda one: (one.rule, one.level, one.message, one.remedy))
    for (rule, level, message, remedy), group in alike:
        places = ", ".join(dict.fromkeys(f"{one.where}:" if one.key else one.where for one in group))
        description = Text.assemble((rule.name, "bold"), f"\n{places} {message}", (f"\n{remedy}", "dim"))
        _row(table, _level(level), description)
    return [*([table] if found.violations else []), _judgement(found)]


def _level(level: Level) -> Text:
    return Text(level.value, style="red" if level is Level.MANDATORY else "yellow")


def _order(plan: Plan) -> Table:
    table = _table("start", "end", "", "resource")
    total = plan.schedule.total_seconds or 1
    critical = {step.resource.urn for step in plan.slowest_chain}
    for steps in plan.schedule.bars:
        first = steps[0]
        named = f"{first.resource.kind} {', '.join(step.resource.name for step in steps)}"
        style = "bold" if any(step.resource.urn in critical for step in steps) else "dim"
        _row(table, clock(first.start), clock(first.end), _bar(first.start, first.end, total), named, style=style)
    return table


def _bar(start: float, end: float, total: float) -> str:
    first = round(start / total * BAR_CELLS)
    return " " * first + "━" * max(1, round(end / total * BAR_CELLS) - first)


def _chain(chain: Sequence[ScheduledResource]) -> Table:
    table = _table("start", "end", "takes", "resource", "source of the figure")
    for step in chain:
        times = (clock(step.start), clock(step.end), f"{step.seconds:g} s")
        _row(table, *times, step.resource.label, Text(duration(step.resource).source, style="dim"))
    return table


def _summary(plan: Plan) -> Text:
    serving, total = clock(plan.serving_seconds), clock(plan.schedule.total_seconds)
    longest = sorted(plan.slowest_chain, key=lambda step: -step.seconds)[:MOST_STEPS]
    named = ", ".join(f"{step.resource.label} {clock(step.seconds)}" for step in longest)
    return Text.assemble(
        (f"All apps serve after {serving} min; everything is made after {total} min.", "bold green"),
        (f" Longest: {named}." if named else "", "dim"),
    )
