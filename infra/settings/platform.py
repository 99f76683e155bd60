"""`nightowl:platform`: where the applications run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Tag

from infra.settings.eks.platform import EksPlatformSettings
from infra.settings.guest import GuestPlatformSettings
from infra.settings.ingress import IngressSettings
from infra.settings.model import Model, by_kind
from infra.settings.names import Line
from infra.settings.scalars import Switch


class ExistingPlatformSettings(Model):
    """Any cluster that a kubeconfig reaches."""

    kind: Literal["existing"]
    """The kind of platform."""
    context: Line
    """The kubeconfig context. It has no default: the current context of a shell is no safe place to deploy to."""
    kubeconfig: Line | None = None
    """Path of the kubeconfig; by default `KUBECONFIG`, then `~/.kube/config`, as kubectl does."""
    zones: Switch = False
    """Whether every node carries the label `topology.kubernetes.io/zone`. Without it, an even spread over zones is only
    preferred: required, it would keep every pod off a node without the label."""
    ingress: IngressSettings | None = None
    """Without one, an app's `traffic` stops at its Service, which is reachable inside the cluster only."""


PlatformSettings = Annotated[
    Annotated[ExistingPlatformSettings, Tag("<existing>")]
    | Annotated[EksPlatformSettings, Tag("<eks>")]
    | Annotated[GuestPlatformSettings, Tag("<guest>")],
    by_kind("existing"),
]
