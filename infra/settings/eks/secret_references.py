"""What an app of an EKS stack can ask of AWS Secrets Manager."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from infra.settings.app.application import Application
from infra.settings.eks.pull_secrets import KEEPER
from infra.settings.model import FieldError

_SECRET_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")
"""Secrets Manager API, CreateSecret, `Name`."""
_NOT_A_NAME = "is not the name of a secret in AWS Secrets Manager, such as prod/web/session-key"


def secret_errors(apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find references that name no secret, or one that is mounted already: the provider takes each once."""
    for app, settings in apps.items():
        whole: dict[str, str] = {}
        for name, secret in settings.secrets.items():
            place = ("apps", app, "secrets", name)
            reference = str(secret.ref)
            if isinstance(secret.ref, str) and not _SECRET_NAME.fullmatch(reference):
                yield FieldError(place, _NOT_A_NAME)
            elif secret.key is None and not secret.tls and whole.setdefault(reference, name) != name:
                yield FieldError((*place, "ref"), f"{reference} is secret {whole[reference]} already; remove one")
        for index, reference in enumerate(settings.pull_secrets):
            if not _SECRET_NAME.fullmatch(reference):
                yield FieldError(("apps", app, "pullSecrets", index), _NOT_A_NAME)


def keeper_errors(apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find an app of the name that the worker has which keeps pull secrets."""
    if KEEPER in apps and any(settings.pull_secrets for settings in apps.values()):
        message = f"the name {KEEPER} is that of the worker that keeps the pullSecrets of the apps; choose another"
        yield FieldError(("apps", KEEPER), message)
