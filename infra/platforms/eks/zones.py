"""The availability zones that a stack uses."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.settings.problems import refusal

ZONES_WITHOUT_CONTROL_PLANE = ("use1-az3", "usw1-az2", "cac1-az3")
"""Zone ids where EKS places no control-plane interface (EKS user guide, network requirements, "Subnet requirements for
clusters"; read 2026-11-23)."""


def zone_names(provider: aws.Provider, count: int) -> tuple[str, ...]:
    """Look up the first `count` zones of the provider's region, in alphabetical order: `("eu-central-1a", ...)`.

    Plain names, not outputs: how many resources there are must be known before any is made. Local and wavelength zones
    are left out (they need an opt-in), and those that EKS cannot use.

    Raises:
        SettingsError: the region has fewer.
    """
    found = aws.get_availability_zones(
        state="available",
        filters=[aws.GetAvailabilityZonesFilterArgs(name="opt-in-status", values=["opt-in-not-required"])],
        exclude_zone_ids=list(ZONES_WITHOUT_CONTROL_PLANE),
        opts=pulumi.InvokeOptions(provider=provider),
    )
    names = tuple(sorted(found.names))
    if len(names) < count:
        raise refusal(
            "nightowl:network.zones",
            f"{count} is more than the {len(names)} zones that EKS can use in this region "
            f"({', '.join(names)}); lower it",
        )
    return names[:count]
