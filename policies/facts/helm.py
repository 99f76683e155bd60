"""Helm releases of a stack."""

from __future__ import annotations

from infra.values import text
from policies.facts.objects import RELEASE
from policies.facts.stack import Resource, Stack

LOAD_BALANCER_CONTROLLER = "aws-load-balancer-controller"


def releases(stack: Stack, chart: str) -> list[Resource]:
    """Return the Helm releases of that chart."""
    return [release for release in stack.of_type(RELEASE) if is_chart(release, chart)]


def is_chart(release: Resource, chart: str) -> bool:
    """Return whether a Helm release installs that chart, from wherever."""
    return text(release.props, "chart").rpartition("/")[2] == chart
