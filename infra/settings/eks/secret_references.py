"""What an app of an EKS stack can ask of AWS Secrets Manager."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from infra.settings.app.application import Application
from infra.settings.model import FieldError

_SECRET_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")
"""Secrets Manager API, CreateSecret, `Name`."""


def secret_errors(apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find references that name no secret, and secrets that would end in the environment.

    The CSI driver brings a secret into a variable only by a copy in the cluster's own store, which is avoided here.
    """
    for app, settings in apps.items():
        for name, secret in settings.secrets.items():
            place = ("apps", app, "secrets", name)
            if not _SECRET_NAME.fullmatch(secret.ref):
                message = "is not the name of a secret in AWS Secrets Manager, such as prod/web/session-key"
                yield FieldError(place, message)
            if secret.env is not None:
                message = "does not go with kind: eks, where secrets are files only; remove it, and read /run/secrets"
                yield FieldError((*place, "env"), f"{message}/{name}")
