"""What the policy pack says of a plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from infra.errors import NightowlError
from infra.plan.graph import Graph, Resource
from infra.settings.layers import Layers
from infra.settings.pull_request import pull_request_number
from infra.system import clock
from policies.evaluation import Evaluation, evaluate
from policies.exceptions_file import EXCEPTIONS, read_exceptions
from policies.levels import SHIPPED, levels_file, read_levels
from policies.problems import PolicyDataError
from policies.rules import ALL_RULES, RULES


def policies_folder(project: Path | None) -> Path:
    """Find the levels and exceptions of a project: its folder `policies`, or those of Nightowl where it has none."""
    own = None if project is None else project / "policies"
    return own if own is not None and own.is_dir() else SHIPPED


def evaluation(
    graph: Graph, folder: Path = SHIPPED, *, layers: Layers | None = None, today: date | None = None
) -> Evaluation:
    """Judge a graph by all rules, at the levels of its stack; for that of a pull request they are those of `ephemeral`.

    `folder` has the levels and the exceptions, and `layers` say where the keys of the stack stand.

    Raises:
        NightowlError: a levels or exceptions file is not usable.
    """
    environment = graph.stack if pull_request_number(graph.stack) is None else "ephemeral"
    try:
        levels = read_levels(levels_file(environment, folder), ALL_RULES)
        exceptions = read_exceptions(RULES, folder / EXCEPTIONS)
    except PolicyDataError as error:
        raise NightowlError(str(error)) from None
    found = evaluate(
        subjects(graph), RULES, levels=levels, exceptions=exceptions, today=clock.today() if today is None else today
    )
    if layers is None:
        return found
    placed = [replace(one, place=layers.place_of(one.key)) if one.key else one for one in found.violations]
    return replace(found, violations=placed)


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
