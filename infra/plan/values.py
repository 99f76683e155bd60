"""Property values as the engine receives them, as plain Python."""

from __future__ import annotations

from typing import Any, cast

from google.protobuf import json_format

SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
CONCEALED_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"
RESOURCE_SIGNATURE = "5cf8f73096256a8f31e491e813e4eb8e"
"""How the engine marks a value that JSON cannot hold (Pulumi SDK 3.272, `runtime/rpc.py`)."""

HIDDEN = "(secret)"


def plain_struct(struct: Any) -> dict[str, Any]:
    """Convert a protobuf Struct into a dict, its values as `plain_value` does."""
    return plain_value(json_format.MessageToDict(struct))


def plain_value(value: Any) -> Any:
    """Convert a value: whole numbers to int, secrets to `(secret)`, resources to their URN, assets to their text."""
    if isinstance(value, dict):
        plain = {str(key): plain_value(item) for key, item in cast("dict[Any, Any]", value).items()}
        signature = plain.get(SIGNATURE_KEY)
        if signature == CONCEALED_SIGNATURE:
            return HIDDEN
        if signature == RESOURCE_SIGNATURE:
            return plain["urn"]
        return plain if signature is None else f"({signature})"
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in cast("list[Any]", value)]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def without_references(request: Any) -> Any:
    """Copy a RegisterResourceRequest, with the URN of each resource among its inputs in the resource's place.

    A component that a plug-in makes may take whole resources as inputs. Pulumi's mocks rebuild each of them on the
    thread that answers the registration, and look up its state on an event loop of that thread; the program's own loop
    may meet the look-up before it is done, and fails. The answers need no resource there.
    """
    plain = type(request)()
    plain.CopyFrom(request)
    for value in plain.object.fields.values():
        _name_resources(value)
    return plain


def _name_resources(value: Any) -> None:
    if value.HasField("list_value"):
        for item in value.list_value.values:
            _name_resources(item)
    elif value.HasField("struct_value"):
        fields = value.struct_value.fields
        if SIGNATURE_KEY in fields and fields[SIGNATURE_KEY].string_value == RESOURCE_SIGNATURE:
            value.string_value = fields["urn"].string_value
        else:
            for item in fields.values():
                _name_resources(item)
