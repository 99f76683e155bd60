"""Pulumi's wire form of property values, as plain Python values and back.

Two kinds of value have no JSON form: a secret, which arrives as a marked map, and a value that is not known before
the update, which arrives as a fixed text. Here they are `Secret` and `UNKNOWN`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, cast

from google.protobuf import struct_pb2

# Constants of the provider protocol, as in `pulumi.runtime.rpc`.
SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
HIDDEN_VALUE_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT_VALUE_SIGNATURE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class Marker(Enum):
    """Values that have no JSON form."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Marker.UNKNOWN
"""A value that the engine cannot know before the update has run."""


@dataclass(frozen=True)
class Secret:
    """A value the engine encrypts in the state and never shows. Its text form hides the value."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(...)"


def decode(struct: struct_pb2.Struct) -> dict[str, Any]:
    """The map in `struct`, with `Secret` and `UNKNOWN` in it, and whole numbers as `int`."""
    return {key: _decode_value(value) for key, value in struct.fields.items()}


def _decode_value(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "struct_value":
            return _decode_map(decode(value.struct_value))
        case "list_value":
            return [_decode_value(item) for item in value.list_value.values]
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "string_value":
            return UNKNOWN if value.string_value == UNKNOWN_TEXT else value.string_value
        case _:
            return None


def _decode_map(fields: dict[str, Any]) -> Any:
    match fields.get(SIGNATURE_KEY):
        case str() as signature if signature == HIDDEN_VALUE_SIGNATURE:
            return Secret(fields.get("value"))
        case str() as signature if signature == OUTPUT_VALUE_SIGNATURE:
            value = fields.get("value", UNKNOWN)
            return Secret(value) if fields.get("secret") else value
        case _:
            return fields


def encode(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """The wire form of `values`."""
    struct = struct_pb2.Struct()
    for key, value in values.items():
        struct.fields[key].CopyFrom(_encode_value(value))
    return struct


def _encode_value(value: Any) -> struct_pb2.Value:
    match value:
        case Secret():
            return _encode_value({SIGNATURE_KEY: HIDDEN_VALUE_SIGNATURE, "value": value.value})
        case dict():
            return struct_pb2.Value(struct_value=encode(cast(dict[str, Any], value)))
        case list():
            items = [_encode_value(item) for item in cast(list[Any], value)]
            return struct_pb2.Value(list_value=struct_pb2.ListValue(values=items))
        case _:
            return _encode_scalar(value)


def _encode_scalar(value: Any) -> struct_pb2.Value:
    match value:
        case Marker.UNKNOWN:
            return struct_pb2.Value(string_value=UNKNOWN_TEXT)
        case bool():
            return struct_pb2.Value(bool_value=value)
        case int() | float():
            return struct_pb2.Value(number_value=value)
        case str():
            return struct_pb2.Value(string_value=value)
        case _:
            return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)


def reveal(value: Any) -> Any:
    """`value` without its secret marks, at every depth. The result must never be printed."""
    match value:
        case Secret():
            return reveal(value.value)
        case dict():
            return {key: reveal(item) for key, item in cast(dict[str, Any], value).items()}
        case list():
            return [reveal(item) for item in cast(list[Any], value)]
        case _:
            return value


def has_unknown(value: Any) -> bool:
    """Whether any part of `value` is not known yet."""
    return _any_part(value, lambda part: part is UNKNOWN)


def has_secret(value: Any) -> bool:
    """Whether any part of `value` is a secret."""
    return _any_part(value, lambda part: isinstance(part, Secret))


def _any_part(value: Any, test: Callable[[Any], bool]) -> bool:
    if test(value):
        return True
    match value:
        case Secret():
            return _any_part(value.value, test)
        case dict():
            return any(_any_part(item, test) for item in cast(dict[str, Any], value).values())
        case list():
            return any(_any_part(item, test) for item in cast(list[Any], value))
        case _:
            return False


def hide_secrets(values: dict[str, Any], like: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with a secret mark wherever `like` has one, and on all data of a Kubernetes Secret.

    Lists are marked whole, because their order may differ between the two.
    """
    hidden: dict[str, Any] = {}
    is_secret_object = values.get("kind") == "Secret"
    for key, value in values.items():
        pattern = like.get(key)
        if isinstance(value, Secret):
            hidden[key] = value
        elif is_secret_object and key in ("data", "stringData"):
            hidden[key] = Secret(value)
        elif isinstance(value, dict) and isinstance(pattern, dict):
            hidden[key] = hide_secrets(cast(dict[str, Any], value), cast(dict[str, Any], pattern))
        else:
            hidden[key] = Secret(value) if has_secret(pattern) else value
    return hidden
