"""Registrations whose inputs name other resources instead of being them.

A component that a plug-in makes may take whole resources as inputs. Pulumi's mocks rebuild each of them on the thread
that answers the registration, and look up its state on an event loop of that thread; the program's own loop may meet
the look-up before it is done, and fails. The answers need no resource there, so each is replaced by its URN.
"""

from __future__ import annotations

from typing import Any

from infra.plan.values import RESOURCE_SIGNATURE, SIGNATURE_KEY


def without_references(request: Any) -> Any:
    """Copy a RegisterResourceRequest, with the URN of each resource among its inputs in the resource's place."""
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
