"""Property values as the engine receives them, as plain Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
CONCEALED_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"
RESOURCE_SIGNATURE = "5cf8f73096256a8f31e491e813e4eb8e"
"""How the engine marks a value that JSON cannot hold (Pulumi SDK 3.272, `runtime/rpc.py`)."""

HIDDEN = "(secret)"


def plain_struct(struct: Any) -> dict[str, Any]:
    """Convert a protobuf Struct into a dict: whole numbers as int, secrets as `(secret)`, resources as their URN."""
    return {key: _plain_proto(value) for key, value in struct.fields.items()}


def plain_value(value: Any) -> Any:
    """Convert a value of the program; a resource or an asset becomes its text."""
    if isinstance(value, dict):
        return _unmarked({str(key): plain_value(item) for key, item in cast("dict[Any, Any]", value).items()})
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in cast("list[Any]", value)]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _plain_proto(value: Any) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _unmarked(plain_struct(value.struct_value))
    if kind == "list_value":
        return [_plain_proto(item) for item in value.list_value.values]
    if kind == "number_value":
        number = float(value.number_value)
        return int(number) if number.is_integer() else number
    return None if kind in {None, "null_value"} else getattr(value, kind)


def _unmarked(value: dict[str, Any]) -> Any:
    signature = value.get(SIGNATURE_KEY)
    if signature == CONCEALED_SIGNATURE:
        return HIDDEN
    if signature == RESOURCE_SIGNATURE:
        return value["urn"]
    return value if signature is None else f"({signature})"


def mapping(value: Any) -> Mapping[str, Any]:
    """Return `value` if it is a mapping, else an empty one."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def sequence(value: Any) -> Sequence[Any]:
    """Return `value` if it is a list, else an empty one."""
    return cast("Sequence[Any]", value) if isinstance(value, list | tuple) else ()


def within(value: Any, *keys: str) -> Any:
    """Return what lies at the end of nested keys, or None."""
    for key in keys:
        value = mapping(value).get(key)
    return value
