"""Objects made layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s

from infra.charts.objects import KubernetesObject, Scopes, placed
from infra.charts.register import RESOURCE_POLICY, former_types, holds_data, register, resource_name
from infra.platforms.state import MadeResource


@dataclass(frozen=True, kw_only=True)
class Makers:
    """The providers of objects that others wrote."""

    changing: k8s.Provider
    adopting: k8s.Provider
    """Takes over what an earlier run has kept: definitions, claims and namespaces."""

    def of(self, *, kept: bool) -> k8s.Provider:
        """Return the provider of an object that stays, or goes, when it leaves the stack."""
        return self.adopting if kept else self.changing


@dataclass(frozen=True, kw_only=True)
class LayersArgs:
    """Objects in layers, each of which waits for the one before it, and how they are made.

    `unsteady` are the paths whose first values stay, by the identity of the object. `namespace` is that of objects
    without one.
    """

    layers: Sequence[Sequence[KubernetesObject]]
    unsteady: Mapping[int, Sequence[str]] = field(default_factory=dict[int, Sequence[str]])
    namespace: str
    known: Scopes
    keep: bool
    wait: bool
    makers: Makers
    wait_for: Sequence[pulumi.Resource]
    pods_wait_for: Sequence[pulumi.Resource]
    state: Sequence[MadeResource]


def make_layers(owner: str, args: LayersArgs, *, parent: pulumi.Resource) -> None:
    """Make all objects of `owner`."""
    before = list(args.wait_for)
    for layer in args.layers:
        before = [_make(owner, one, args, before, parent) for one in layer]


def _make(
    owner: str, one: KubernetesObject, args: LayersArgs, wait_for: Sequence[pulumi.Resource], parent: pulumi.Resource
) -> pulumi.Resource:
    own = placed(one, args.namespace, args.known)
    kept = one.annotations.get(RESOURCE_POLICY) == "keep" or (args.keep and holds_data(one))
    return register(
        resource_name(owner, own, args.namespace),
        own,
        wait=args.wait,
        former_types=former_types(own, args.state),
        opts=pulumi.ResourceOptions(
            parent=parent,
            provider=args.makers.of(kept=kept),
            retain_on_delete=kept,
            depends_on=[*wait_for, *(args.pods_wait_for if one.has_pods else ())],
            ignore_changes=list(args.unsteady.get(id(one), ())),
        ),
    )
