"""What of `permissions` a stack on EKS takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infra.settings.app.application import Application
from infra.settings.eks.delivery import DeliverySettings
from infra.settings.model import FieldError


def policy_errors(delivery: DeliverySettings, apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find policies by ARN where a pipeline deploys: the boundary of its roles must say each action."""
    if delivery.github is None:
        return
    for app, settings in apps.items():
        for index, permission in enumerate(settings.permissions):
            if permission.policy is not None:
                message = "does not go with delivery.github, whose boundary must say each action; write actions"
                yield FieldError(("apps", app, "permissions", index, "policy"), f"{message} and resources")
