"""What of `permissions` a stack on EKS takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from infra.settings.app.permissions import Permissions
from infra.settings.eks.delivery import DeliverySettings
from infra.settings.model import FieldError


class Holder(Protocol):
    """Whatever has `permissions`."""

    @property
    def permissions(self) -> Permissions:
        """What its pods may do."""
        ...


def policy_errors(delivery: DeliverySettings, section: str, holders: Mapping[str, Holder]) -> Iterator[FieldError]:
    """Find policies by ARN where a pipeline deploys: the boundary of its roles must say each action."""
    if delivery.github is None:
        return
    for name, settings in holders.items():
        for index, permission in enumerate(settings.permissions):
            if permission.policy is not None:
                message = "does not go with delivery.github, whose boundary must say each action; write actions"
                yield FieldError((section, name, "permissions", index, "policy"), f"{message} and resources")
