"""What the policy pack says of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from infra.errors import NightowlError
from infra.plan.graph import Graph
from infra.plan.graph import Resource as Planned
from infra.settings.pull_request import pull_request_number
from infra.system import clock
from policies.evaluation import Evaluation, evaluate
from policies.exceptions_file import read_exceptions
from policies.facts.stack import Resource
from policies.levels import levels_file, read_levels
from policies.problems import PolicyDataError
from policies.rules import ALL_RULES, RULES


def evaluation(graph: Graph, *, today: date | None = None) -> Evaluation:
    """Judge a graph by all rules, at the levels of its stack.

    Raises:
        NightowlError: a levels or exceptions file is not usable.
    """
    try:
        levels = read_levels(levels_file(_environment(graph.stack)), ALL_RULES)
        exceptions = read_exceptions(RULES)
    except PolicyDataError as error:
        raise NightowlError(str(error)) from None
    return evaluate(
        subjects(graph), RULES, levels=levels, exceptions=exceptions, today=clock.today() if today is None else today
    )


def _environment(stack: str) -> str:
    """The environment whose levels hold for a stack: its own name, or `ephemeral` for that of a pull request."""
    return stack if pull_request_number(stack) is None else "ephemeral"


def subjects(graph: Graph) -> tuple[Resource, ...]:
    """Return all resources as the engine shows them to a policy pack: with what is made inside components."""
    inside = {inner.parent: inner.id for inner in graph.inner if inner.parent is not None}
    return tuple(_subject(resource, inside) for resource in (*graph.resources, *graph.inner))


def _subject(planned: Planned, inside: Mapping[str, str]) -> Resource:
    # Outputs of a component are those of what is made inside it, and the engine says so.
    return Resource(
        urn=planned.id,
        type=planned.type,
        name=planned.name,
        props={} if planned.id in inside else planned.inputs,
        protect=planned.protect,
        ignore_changes=planned.ignore_changes,
        parent=planned.parent or "",
        provider=planned.provider or "",
        depends_on=_replaced(planned.depends_on, inside),
        property_dependencies={key: _replaced(urns, inside) for key, urns in planned.takes_from.items()},
    )


def _replaced(urns: frozenset[str], inside: Mapping[str, str]) -> frozenset[str]:
    return frozenset(inside.get(urn, urn) for urn in urns)
