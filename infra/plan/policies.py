"""What the policy pack says of a plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from infra.errors import NightowlError
from infra.plan.graph import Graph, Resource
from infra.settings.pull_request import pull_request_number
from infra.system import clock
from policies.evaluation import Evaluation, evaluate
from policies.exceptions_file import read_exceptions
from policies.levels import levels_file, read_levels
from policies.problems import PolicyDataError
from policies.rules import ALL_RULES, RULES


def evaluation(graph: Graph, *, today: date | None = None) -> Evaluation:
    """Judge a graph by all rules, at the levels of its stack; for that of a pull request they are those of `ephemeral`.

    Raises:
        NightowlError: a levels or exceptions file is not usable.
    """
    environment = graph.stack if pull_request_number(graph.stack) is None else "ephemeral"
    try:
        levels = read_levels(levels_file(environment), ALL_RULES)
        exceptions = read_exceptions(RULES)
    except PolicyDataError as error:
        raise NightowlError(str(error)) from None
    return evaluate(
        subjects(graph), RULES, levels=levels, exceptions=exceptions, today=clock.today() if today is None else today
    )


def subjects(graph: Graph) -> tuple[Resource, ...]:
    """Return all resources as the engine shows them to a policy pack: with what is made inside components.

    Outputs of such a component are those of what is made inside it, and the engine says so. The component itself has no
    properties there.
    """
    inside = {inner.parent: inner.urn for inner in graph.inner}

    def shown(urns: frozenset[str]) -> frozenset[str]:
        return frozenset(inside.get(urn, urn) for urn in urns)

    return tuple(
        replace(
            resource,
            props={} if resource.urn in inside else resource.props,
            depends_on=shown(resource.depends_on),
            property_dependencies={key: shown(urns) for key, urns in resource.property_dependencies.items()},
        )
        for resource in (*graph.resources, *graph.inner)
    )
