"""Pulumi's URNs: `urn:pulumi:STACK::PROJECT::TYPES::NAME`.

TYPES are the types of all parents and the resource's own, joined by `$`. A reference to a provider is the provider's
URN and its id, joined by `::`.
"""

from __future__ import annotations

STACK_TYPE = "pulumi:pulumi:Stack"
"""The type of the resource that every other of a stack stands under."""


def urn_name(urn: str) -> str:
    """Return the logical name of a resource."""
    return urn.rpartition("::")[2]


def urn_type(urn: str) -> str:
    """Return the type token of a resource, such as `aws:ec2/subnet:Subnet`; empty where `urn` is none."""
    return urn_types(urn)[-1]


def urn_types(urn: str) -> list[str]:
    """Return the type tokens of a resource's parents, the outermost first, and last its own."""
    parts = urn.split("::")
    return parts[2].split("$") if len(parts) > 2 else [""]


def provider_urn(reference: str) -> str:
    """Return the URN in a reference to a provider; empty where there is none."""
    return reference.rpartition("::")[0]
