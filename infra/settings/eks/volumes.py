"""Which volumes an EKS stack can bind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infra.settings.app.application import Application
from infra.settings.model import FieldError

KEPT_CLASS = "gp3-retain"
"""Class of volumes whose disk stays when their claim is deleted."""
DELETED_CLASS = "gp3"
"""Class of volumes whose disk goes with their claim."""


def volume_errors(apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find volumes that would wait for a disk for ever, as an EBS volume is attached to one node."""
    for app, settings in apps.items():
        for name, volume in settings.volumes.items():
            if volume.makes_claim and volume.shared and volume.storage_class in {None, KEPT_CLASS, DELETED_CLASS}:
                yield FieldError(
                    ("apps", app, "volumes", name, "shared"),
                    f"true needs more than {volume.storage_class or 'the default class'}, as one node has an EBS "
                    "volume; name a storageClass of EFS or FSx under storageClass, mount what you made there by claim, "
                    "or let one app with replicas: 1 write",
                )
