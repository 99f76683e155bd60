"""What a chart makes up anew at each rendering, such as a random token or a certificate of its own.

Helm keeps such a value where its chart looks the object up in the cluster. Here the value of the first rendering stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from infra.charts.objects import KubernetesObject
from infra.values import words

MADE_UP_IN = frozenset(words("APIService MutatingWebhookConfiguration Secret ValidatingWebhookConfiguration"))
"""Kinds that hold what Helm's random functions make. A chart without them is rendered once."""


def may_be_unsteady(objects: Sequence[KubernetesObject]) -> bool:
    """Whether another rendering of the same chart could be another one."""
    return any(one.kind in MADE_UP_IN for one in objects)


def unsteady(first: Sequence[KubernetesObject], again: Sequence[KubernetesObject]) -> dict[int, list[str]]:
    """Return the property paths at which two renderings differ, by the index of the object.

    Objects are told by type, namespace and name; one that the second rendering lacks has a name that is made up.
    """
    known = {_identity(one): one for one in again}
    found: dict[int, list[str]] = {}
    for index, one in enumerate(first):
        other = known.get(_identity(one))
        paths = [] if other is None else list(_differences(one.body, other.body))
        if paths:
            found[index] = paths
    return found


def without_twin(first: Sequence[KubernetesObject], again: Sequence[KubernetesObject]) -> list[KubernetesObject]:
    """Return the objects of the first rendering whose name the second one does not have."""
    known = {_identity(one) for one in again}
    return [one for one in first if _identity(one) not in known]


def _identity(one: KubernetesObject) -> tuple[str, str, str]:
    return one.type, one.namespace, one.name


def _differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Return paths as the engine's `ignoreChanges` takes them: `spec.containers[0].env`, `data["a.b"]`."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        left, right = cast("Mapping[str, Any]", one), cast("Mapping[str, Any]", other)
        for key in sorted(left.keys() & right.keys()):
            yield from _differences(left[key], right[key], _below(path, key))
        for key in sorted(left.keys() ^ right.keys()):
            yield _below(path, key)
    elif isinstance(one, list) and isinstance(other, list) and len(cast(list[Any], one)) == len(cast(list[Any], other)):
        for index, (left, right) in enumerate(zip(cast(list[Any], one), cast(list[Any], other), strict=True)):
            yield from _differences(left, right, f"{path}[{index}]")
    elif one != other:
        yield path


def _below(path: str, key: str) -> str:
    if not key.replace("_", "").replace("-", "").isalnum():
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key
