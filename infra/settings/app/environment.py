"""Configuration of a container: environment variables and files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Tag

from infra.settings.app.references import VARIABLE_NAME, left_as_written
from infra.settings.model import FieldError, Model
from infra.settings.outputs import OutputReference
from infra.settings.scalars import Notation, form, parse_text

LARGEST_CONFIGURATION_BYTES = 2**20
"""1 MiB: the most that the values of one ConfigMap may hold (MaxSecretSize of k8s.io/kubernetes/pkg/apis/core)."""

PodField = Literal[
    "metadata.name",
    "metadata.namespace",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.podIP",
]
ContainerResource = Literal["limits.cpu", "limits.memory", "requests.cpu", "requests.memory"]


class FieldValue(Model):
    """The value is a field of the pod itself, such as its name or IP."""

    field: PodField
    """Which field."""


class ResourceValue(Model):
    """The value is what the container was given: whole cores (rounded up) or bytes.

    For GOMEMLIMIT, worker counts and the like.
    """

    resource: ContainerResource
    """Which resource."""


def _plain_text(value: Any) -> str:
    if isinstance(value, str | int | float):
        return parse_text(value)
    raise ValueError('is not a text; write one ("" for none), or a mapping with field, resource or output')


def _content(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    raise ValueError("is a mapping, and no file is read from elsewhere; write what is in it, on lines below '|'")


def _is_path(content: str, *, of: str) -> bool:
    """Whether a content is what Compose takes for a file on the machine of whoever deploys."""
    if not content or "://" in content or any(character.isspace() for character in content):
        return False
    has_its_name = PurePosixPath(content).name == PurePosixPath(of).name
    # A word without a dot is a content as well as a name.
    return content.startswith(("./", "../", "~/")) or (has_its_name and ("/" in content or "." in content))


def _form(value: Any) -> str:
    if isinstance(value, FieldValue) or (isinstance(value, Mapping) and "field" in value):
        return "<field>"
    if isinstance(value, ResourceValue) or (isinstance(value, Mapping) and "resource" in value):
        return "<resource>"
    if isinstance(value, OutputReference) or (isinstance(value, Mapping) and "output" in value):
        return "<output>"
    return "<text>"


def _check_path(value: str) -> str:
    is_normal = value.startswith("/") and not value.startswith("//") and str(PurePosixPath(value)) == value
    if not is_normal or value == "/" or ".." in value.split("/") or ":" in value or not value.isprintable():
        raise ValueError("is not an absolute path inside the container, such as /etc/app/config.yaml")
    variable = left_as_written(value)
    if variable is not None:
        raise ValueError(
            f"would hold {variable} as it is written, as Kubernetes expands no variable in a path; write the path"
        )
    return value


_check_variable_name = form(
    VARIABLE_NAME, "is not a variable name: use letters, digits, underscores, dots and dashes, and start with a letter"
)
VariableName = Annotated[str, AfterValidator(_check_variable_name), Notation("variable name")]
VariableText = Annotated[str, BeforeValidator(_plain_text, json_schema_input_type=str | int | bool), Notation("text")]
VariableValue = Annotated[
    Annotated[VariableText, Tag("<text>")]
    | Annotated[FieldValue, Tag("<field>")]
    | Annotated[ResourceValue, Tag("<resource>")]
    | Annotated[OutputReference, Tag("<output>")],
    Discriminator(_form),
]
ContainerPath = Annotated[str, AfterValidator(_check_path), Notation("path")]
Environment = dict[VariableName, VariableValue]
FileContent = Annotated[str, BeforeValidator(_content)]
Files = dict[ContainerPath, FileContent]
"""Absolute path in the container to the file's content; the file is read-only."""


def configuration_errors(env: Environment, files: Files) -> Iterator[FieldError]:
    """Find configuration of one container that is too much for a ConfigMap, and paths in the place of content."""
    for path, content in files.items():
        if _is_path(content, of=path):
            yield FieldError(
                ("files", path),
                "the value is a path, and no file is read from there; write what is in the file, on lines below '|'",
            )
    texts = [value for value in env.values() if isinstance(value, str)]
    size = sum(len(text.encode()) for text in [*texts, *files.values()])
    if size > LARGEST_CONFIGURATION_BYTES:
        message = f"{size} bytes, with env, are more than the 1 MiB that Kubernetes stores; use a volume"
        yield FieldError("files", message)
