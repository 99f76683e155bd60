"""`nightowl:namespace`: the namespace that holds the applications of the stack."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from infra.settings.app.placement import LabelValue
from infra.settings.eks.node_labels import LabelKey
from infra.settings.model import Model
from infra.settings.names import Name
from infra.settings.scalars import Bytes, Millicores, Switch, WholeNumber


def _own_namespace(value: str) -> str:
    if value == "default" or value.startswith("kube-"):
        raise ValueError("belongs to the cluster; choose a namespace of your own")
    return value


class QuotaSettings(Model):
    """The most that the namespace may request.

    What is left out is computed from the apps' own maxima; it grows with them, and does not shrink. What is given must
    have room for the pods of an app that is renamed or removed too, as they go last.
    """

    cpu: Millicores | None = None
    """Sum of the CPU requests."""
    memory: Bytes | None = None
    """Sum of the memory limits, and of the requests."""
    pods: Annotated[WholeNumber, Field(ge=1)] | None = None
    """Number of pods, those that are just starting or stopping included."""


class NamespaceSettings(Model):
    """Name, labels and limits of the namespace."""

    name: Annotated[Name, AfterValidator(_own_namespace)] = "apps"
    """Name of the namespace; it is made by the stack and removed with it, unless it is `existing`."""
    existing: Switch = False
    """Whether somebody else made it, such as for Secrets that must be there before the apps: the stack sets its labels
    and rules and leaves it behind when it goes; with `kind: existing` only."""
    labels: dict[LabelKey, LabelValue] = {}
    """Labels on the namespace, besides the project's and the platform's own."""
    quota: QuotaSettings = QuotaSettings()
    """The most that the namespace may request."""
    network_policies: Switch = True
    """`false` leaves out all that `allowTo` and `allowFrom` say: every pod talks to everybody, and everybody to it. For
    a cluster whose own policies decide."""
