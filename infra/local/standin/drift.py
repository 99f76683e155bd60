"""The inputs that a live object amounts to, so that a hand edit of a field the program sets shows as a change.

The yardstick is a dry-run apply of the program's own inputs: where its result equals the live object, the field is as
the program wants it, whatever defaults or spelling (`1000m` for `1`) the server uses; where it differs, somebody edited
the field. Fields of others, such as the HPA's `spec.replicas`, are not in the inputs and so never differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

# The keys by which Kubernetes identifies elements of its lists, most specific first.
ELEMENT_KEYS = ("name", "mountPath", "devicePath", "topologyKey", "containerPort", "port")


def live_inputs(inputs: Mapping[str, Any], live: Mapping[str, Any], applied: Mapping[str, Any]) -> dict[str, Any]:
    """`inputs` with the values of `live` wherever `live` is not what `applied`, the dry run's result, would be."""
    found: dict[str, Any] = {}
    for key, value in inputs.items():
        if live.get(key) == applied.get(key):
            found[key] = value
        elif key in live:
            found[key] = _live_value(value, live[key], applied.get(key))
    return found


def shaped(live: Any, inputs: Any) -> Any:
    """The part of `live` that has the shape of `inputs`: for objects whose inputs cannot be tried."""
    if isinstance(live, dict) and isinstance(inputs, dict):
        fields, wanted = cast(dict[str, Any], live), cast(dict[str, Any], inputs)
        return {key: shaped(fields[key], value) for key, value in wanted.items() if key in fields}
    if isinstance(live, list) and isinstance(inputs, list) and inputs:
        wanted_items = cast(list[Any], inputs)
        return [shaped(item, _twin(item, wanted_items, index)) for index, item in enumerate(cast(list[Any], live))]
    return cast(Any, live)


def _live_value(value: Any, live: Any, applied: Any) -> Any:
    if isinstance(value, dict) and isinstance(live, dict) and isinstance(applied, dict):
        return live_inputs(cast(dict[str, Any], value), cast(dict[str, Any], live), cast(dict[str, Any], applied))
    if isinstance(value, list) and isinstance(live, list) and isinstance(applied, list):
        return _live_list(cast(list[Any], value), cast(list[Any], live), cast(list[Any], applied))
    return cast(Any, live)


def _live_list(values: list[Any], live: list[Any], applied: list[Any]) -> list[Any]:
    found: list[Any] = []
    for index, value in enumerate(values):
        ours, theirs = _twin(value, applied, index), _twin(value, live, index)
        if theirs is not None:
            found.append(value if ours == theirs else _live_value(value, theirs, ours))
    foreign = live[len(values) :] if len(live) > len(applied) else []
    return [*found, *foreign]


def _twin(item: Any, among: list[Any], index: int) -> Any:
    """The element of `among` that is `item`: the one with the same identifying key, else the one at its place."""
    by_place = among[index] if index < len(among) else None
    if not isinstance(item, dict):
        return by_place
    fields = cast(dict[str, Any], item)
    key = next((key for key in ELEMENT_KEYS if key in fields), None)
    if key is None:
        return by_place
    maps = [cast(dict[str, Any], other) for other in among if isinstance(other, dict)]
    same = [other for other in maps if other.get(key) == fields[key]]
    if len(same) > 1:
        return by_place
    return same[0] if same else None
