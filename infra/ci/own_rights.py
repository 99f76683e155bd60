"""What of a stack the pipeline itself works with and cannot change: its roles, their policies and the boundary."""

from __future__ import annotations

from collections.abc import Iterable

from infra.engine.outcome import StepChange
from infra.urns import urn_types

DELIVERY_COMPONENT = "nightowl:eks:Delivery"
IAM_PREFIX = "aws:iam/"


def own_rights(steps: Iterable[StepChange]) -> tuple[StepChange, ...]:
    """Pick the changes that would touch the pipeline's own rights, which are denied to it.

    The types in a URN are those of all parents, and then the resource's own.
    """
    of_iam = (step for step in steps if step.type.startswith(IAM_PREFIX))
    return tuple(step for step in of_iam if DELIVERY_COMPONENT in urn_types(step.urn)[:-1])
