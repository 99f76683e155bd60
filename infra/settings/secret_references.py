"""References of secrets on an existing cluster: Secrets of the namespace of the apps, and their keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from infra.settings.app.application import Application
from infra.settings.app.secrets import SecretSettings
from infra.settings.model import FieldError
from infra.settings.names import SUBDOMAIN
from infra.settings.outputs import OutputReference


def object_errors(apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find references that name no Secret, or none of its keys; locations are below the root."""
    for app, settings in apps.items():
        for name, secret in settings.secrets.items():
            for error in _secret_errors(secret):
                yield error.below("apps", app, "secrets", name)
        for index, name in enumerate(settings.pull_secrets):
            if not _is_object(name):
                message = f"{name!r} is not the name of a Secret in the apps' namespace"
                yield FieldError(("apps", app, "pullSecrets", index), message)


def _secret_errors(secret: SecretSettings) -> Iterator[FieldError]:
    if isinstance(secret.ref, OutputReference):
        if secret.key is None and not secret.tls:
            yield FieldError("key", f"is required: which key of the Secret that {secret.ref} names")
        return
    if secret.tls:
        if not _is_object(secret.ref):
            message = "is not the name of a Secret of type kubernetes.io/tls in the apps' namespace"
            yield FieldError("ref", f"{secret.ref!r} {message}")
        return
    if not is_key_reference(secret.ref):
        yield FieldError(
            "ref",
            f"{secret.ref!r} is not a reference; write <Secret>/<key>, the name of a Secret in the apps' namespace and "
            "one of its keys",
        )
    if secret.key is not None:
        message = "goes with kind: eks only; a Secret has keys of its own, so write <Secret>/<key> as ref"
        yield FieldError("key", message)


def is_key_reference(reference: str) -> bool:
    """Whether a reference is `<Secret>/<key>`."""
    secret, _, key = reference.partition("/")
    return _is_object(secret) and re.fullmatch(r"[-._a-zA-Z0-9]{1,253}", key) is not None


def _is_object(name: str) -> bool:
    return re.fullmatch(SUBDOMAIN, name) is not None
