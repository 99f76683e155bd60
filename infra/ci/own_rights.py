"""What of a stack the pipeline itself works with and cannot change: its roles, their policies and the boundary."""

from __future__ import annotations

from collections.abc import Iterable

from infra.engine.outcome import StepChange
from infra.urns import urn_types

DELIVERY_COMPONENT = "nightowl:eks:Delivery"
IAM_PREFIX = "aws:iam/"


def own_rights(steps: Iterable[StepChange]) -> tuple[StepChange, ...]:
    """Pick the changes that would touch the pipeline's own rights, which are denied to it."""
    return tuple(step for step in steps if step.type.startswith(IAM_PREFIX) and _is_of_delivery(step.urn))


def _is_of_delivery(urn: str) -> bool:
    """Whether a resource is below the component; a URN has the types of all parents, joined by `$`."""
    return DELIVERY_COMPONENT in urn_types(urn)[:-1]
