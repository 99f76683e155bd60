"""Secrets: where they are kept, never what they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Discriminator, Tag

from infra.settings.app.environment import VariableName
from infra.settings.model import FieldError, Model, Rule
from infra.settings.names import LONGEST_NAME
from infra.settings.outputs import OutputReference, text_or_output
from infra.settings.scalars import Notation, Switch, form

LONGEST_SECRET_REFERENCE = 256
"""Characters. References of AWS Secrets Manager, Parameter Store and Kubernetes are shorter, most keys are longer."""


def check_secret_reference(value: str) -> str:
    """Accept a reference. The platform finds whether it exists; what looks like a secret itself is refused before.

    Raises:
        ValueError: empty, with white space, or too long.
    """
    if not value:
        raise ValueError("is empty; write where the secret is kept")
    if len(value) > LONGEST_SECRET_REFERENCE or "\n" in value:
        raise ValueError("looks like a secret itself; store it, revoke it if it was shared, and write where it is kept")
    if not value.isprintable() or " " in value:
        raise ValueError("has white space; write where the secret is kept, such as name/key")
    return value


_check_secret_name = form(
    rf"(?=.{{1,{LONGEST_NAME}}}$)[._]?[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?",
    "is not the name of a file: use letters, digits, dashes, underscores and dots, end with a letter or a digit, "
    f"at most {LONGEST_NAME} characters",
)
SecretName = Annotated[str, AfterValidator(_check_secret_name), Notation("file name")]
"""Images have names of their own in mind, such as `/run/secrets/postgres_password`, `ca.crt` and `.pgpass`."""
_check_json_key = form(r"[A-Za-z0-9_.-]{1,128}", "is not a key: use letters, digits, dashes, underscores and dots")
JsonKey = Annotated[str, AfterValidator(_check_json_key), Notation("key")]


Reference = Annotated[
    Annotated[str, AfterValidator(check_secret_reference), Notation("reference"), Tag("<text>")]
    | Annotated[OutputReference, Tag("<output>")],
    Discriminator(text_or_output),
]


class SecretSettings(Model):
    """One secret. A bare text is its reference, read by the platform.

    It is mounted as the file `/run/secrets/<name>`, where Docker Compose puts it too.
    """

    ref: Reference
    """Where the secret is kept: `<Secret>/<key>` on an existing cluster, its name in AWS Secrets Manager on EKS. As
    `{output: NAME}`, the name or the ARN of a secret in AWS Secrets Manager, or the name of a Secret."""
    key: JsonKey | None = None
    """One key of a secret that is a JSON object, such as `password` of what RDS makes; with `kind: eks`, or beside an
    output."""
    env: VariableName | None = None
    """Given, the secret is this environment variable instead of a file (on EKS besides the file). Files are safer:
    variables leak into child processes and crash reports, and keep the value with which the pod started."""
    tls: Switch = False
    """A certificate with its key: the files `tls.crt` and `tls.key` in the folder `/run/tls/<name>`. On an existing
    cluster `ref` is then the name of a Secret of type `kubernetes.io/tls`, on EKS that of a secret which is a JSON
    object with these two keys."""

    def _rules(self) -> tuple[Rule, ...]:
        return lambda: self._tls_errors("key", self.key), lambda: self._tls_errors("env", self.env)

    def _tls_errors(self, key: str, value: str | None) -> Iterator[FieldError]:
        if self.tls and value is not None:
            yield FieldError(key, "does not go with tls, which is a certificate and its key, as files; remove one")


def _text_is_reference(value: Any) -> Any:
    return {"ref": value} if isinstance(value, str) else value


Secret = Annotated[SecretSettings, BeforeValidator(_text_is_reference, json_schema_input_type=str)]
PullSecret = Annotated[str, AfterValidator(check_secret_reference), Notation("reference")]
"""Where the credentials for a registry are kept, as a text of the form of Docker's `config.json`."""
