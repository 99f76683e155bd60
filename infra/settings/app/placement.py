"""Which nodes an app may run on."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from infra.settings.model import Model
from infra.settings.names import SUBDOMAIN
from infra.settings.scalars import UNIQUE, Notation, form

CONDITION_PREFIX = "node.kubernetes.io/"
"""Of the taints by which Kubernetes itself says that a node is lost, full or not ready."""


def check_label_key(value: str) -> str:
    """Accept the key of a label or a taint (Kubernetes documentation, "Labels and Selectors").

    Raises:
        ValueError: anything else.
    """
    prefix, slash, name = value.rpartition("/")
    if not re.fullmatch(r"[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?", name):
        raise ValueError("is not the key of a label: up to 63 letters, digits, dashes, dots and underscores")
    if slash and not re.fullmatch(SUBDOMAIN, prefix):
        raise ValueError("is not the key of a label: before the slash comes a DNS name")
    return value


def _check_taint_key(value: str) -> str:
    if check_label_key(value).startswith(CONDITION_PREFIX):
        raise ValueError("says that a node is ill, and would keep the app there; see availability.evictAfter")
    return value


NodeLabel = Annotated[str, AfterValidator(check_label_key), Notation("label")]
_check_label_value = form(
    r"([A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?)?",
    "is not the value of a label: up to 63 letters, digits, dashes, dots and underscores",
)
LabelValue = Annotated[str, AfterValidator(_check_label_value), Notation("text")]
TaintKey = Annotated[str, AfterValidator(_check_taint_key), Notation("taint")]


class PlacementSettings(Model):
    """The nodes that the app's pods may run on; by default all that keep no pods away."""

    labels: dict[NodeLabel, LabelValue] = {}
    """Labels that a node must have, all of them."""
    tolerate: Annotated[tuple[TaintKey, ...], UNIQUE] = ()
    """Keys of taints that do not keep the app away, whatever their value and effect."""
