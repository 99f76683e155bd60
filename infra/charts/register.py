"""Objects of any kind as resources of the stack."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pulumi

from infra.charts.objects import KubernetesObject
from infra.platforms.state import MadeResource
from infra.values import mapping, words

SKIP_AWAIT = "pulumi.com/skipAwait"
"""Pulumi's annotation: it goes on as soon as the API server has the object."""
NEVER_AWAITED = frozenset(words("Ingress PersistentVolumeClaim Service"))
"""What becomes ready only with pods that wait for it, or with a load balancer that nobody may have."""
RESOURCE_POLICY = "helm.sh/resource-policy"
"""Helm's annotation: `keep` leaves an object when its chart goes."""
HOLD_DATA = frozenset(words("CustomResourceDefinition Namespace PersistentVolume PersistentVolumeClaim"))
"""With them goes what is in them: a definition takes every object of its kind along."""

LIFE_AFTER_END = "ttlSecondsAfterFinished"


def holds_data(one: KubernetesObject) -> bool:
    """Whether other data goes with an object."""
    return one.is_built_in and one.kind in HOLD_DATA


def resource_name(owner: str, one: KubernetesObject, namespace: str) -> str:
    """Return the name by which the state knows an object of `owner`, whose objects are in `namespace` for the most."""
    elsewhere = [one.namespace] if one.namespace and one.namespace != namespace else []
    return "/".join([owner, *elsewhere, one.name])


def register(
    name: str,
    one: KubernetesObject,
    *,
    wait: bool,
    former_types: Iterable[str] = (),
    opts: pulumi.ResourceOptions,
) -> pulumi.CustomResource:
    """Make an object a resource; `former_types` are those that it may have in the state, of other API versions."""
    if not wait or (one.is_built_in and one.kind in NEVER_AWAITED):
        one = one.with_metadata(annotations={**one.annotations, SKIP_AWAIT: "true"})
    aliases = [pulumi.Alias(type_=former) for former in former_types]
    merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=aliases))
    return pulumi.CustomResource(one.type, name, _inputs(one), merged)


def former_types(one: KubernetesObject, state: Iterable[MadeResource]) -> list[str]:
    """Return the types in a state that are the object's kind in another version of its API."""
    types = {made.type for made in state} - {one.type}
    return sorted(known for known in types if _kind_of(known) == _kind_of(one.type))


def _kind_of(type_: str) -> tuple[str, str]:
    """Return API group and kind of a type: `kubernetes:apps/v1:Deployment` is `apps`, `Deployment`."""
    parts = type_.split(":")
    return (parts[1].partition("/")[0], parts[2]) if len(parts) == 3 and parts[0] == "kubernetes" else ("", type_)


def _inputs(one: KubernetesObject) -> dict[str, Any]:
    """Return the inputs of an object: those of a Secret encrypted in the state, value by value.

    A job stays when it has ended: the cluster would remove it after a time, and the next update run it again.
    """
    inputs = dict(one.body)
    spec = mapping(inputs.get("spec"))
    if one.kind == "Job" and one.is_built_in and LIFE_AFTER_END in spec:
        inputs["spec"] = {key: value for key, value in spec.items() if key != LIFE_AFTER_END}
    if one.kind == "Secret" and one.group == "core":
        for key in ("data", "stringData"):
            if key in inputs:
                inputs[key] = {entry: pulumi.Output.secret(value) for entry, value in mapping(inputs[key]).items()}
    return inputs
