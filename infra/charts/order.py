"""In which order objects are made, so that none needs what is not there yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from infra.charts.hooks import Hooked
from infra.charts.objects import KubernetesObject, scopes
from infra.values import words

BESIDE_PODS = frozenset(words("APIService MutatingWebhookConfiguration ValidatingWebhookConfiguration"))
"""What pods of the same chart serve, and often complete as they start: neither may wait for the other."""


def layers(objects: Hooked) -> list[Sequence[KubernetesObject]]:
    """Return the objects in layers, each of which waits for the one before it; none is empty.

    Definitions and namespaces; hooks of before; what pods need; pods and what they serve; custom resources of the kinds
    that these objects define, whose controllers run by then; hooks of after. A custom resource of another's kind is one
    of the things that pods may need, such as a certificate.
    """
    own = scopes(objects.plain)
    first = [one for one in objects.plain if _is_first(one)]
    with_pods = [one for one in objects.plain if one.has_pods or one.kind in BESIDE_PODS]
    custom = [one for one in objects.plain if (one.group, one.kind) in own]
    rest = _without(objects.plain, first, with_pods, custom)
    return [layer for layer in (first, *objects.before, rest, with_pods, custom, *objects.after) if layer]


def _is_first(one: KubernetesObject) -> bool:
    return one.is_definition or (one.kind == "Namespace" and one.group == "core")


def _without(objects: Iterable[KubernetesObject], *others: Sequence[KubernetesObject]) -> list[KubernetesObject]:
    taken = {id(one) for other in others for one in other}
    return [one for one in objects if id(one) not in taken]
