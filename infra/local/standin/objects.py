"""Kubernetes objects as plain maps: their identity, annotations and names."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

Manifest: TypeAlias = dict[str, Any]
"""A Kubernetes object, or a part of one, as the API server's JSON has it."""

AUTONAMED = "pulumi.com/autonamed"
DELETION_PROPAGATION = "pulumi.com/deletionPropagationPolicy"
FIELD_MANAGER = "pulumi.com/patchFieldManager"
PATCH_FORCE = "pulumi.com/patchForce"
SKIP_AWAIT = "pulumi.com/skipAwait"
TIMEOUT = "pulumi.com/timeoutSeconds"

DEFAULT_NAMESPACE = "default"
SUFFIX_DIGITS = 8  # hexadecimal digits of a generated name, as the real provider has


@dataclass(frozen=True, kw_only=True)
class Ref:
    """What identifies one object on the API server. `namespace` is empty for a cluster-wide kind."""

    api_version: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {place}{self.name}"


def ref_of(manifest: Mapping[str, Any]) -> Ref:
    """The identity written in `manifest`."""
    metadata = section(manifest, "metadata")
    return Ref(
        api_version=str(manifest.get("apiVersion") or ""),
        kind=str(manifest.get("kind") or ""),
        namespace=str(metadata.get("namespace") or ""),
        name=str(metadata.get("name") or ""),
    )


def resource_id(manifest: Mapping[str, Any]) -> str:
    """The Pulumi id of an object: `namespace/name`, or `name` for a cluster-wide kind."""
    ref = ref_of(manifest)
    return f"{ref.namespace}/{ref.name}" if ref.namespace else ref.name


def parse_id(resource: str) -> tuple[str, str]:
    """The namespace (maybe empty) and name in a Pulumi id."""
    namespace, separator, name = resource.rpartition("/")
    return (namespace, name) if separator else ("", resource)


def group_of(api_version: str) -> str:
    """The API group of `apps/v1`-like text; empty for the core group."""
    group, separator, _ = api_version.rpartition("/")
    return group if separator else ""


def token_kind(urn: str) -> tuple[str, str]:
    """The apiVersion and kind in a URN's type, such as `kubernetes:apps/v1:Deployment`."""
    token = urn.split("::")[2].rpartition("$")[2]
    _, module, kind = token.split(":", 2)
    return module.removeprefix("core/"), kind


def urn_name(urn: str) -> str:
    """The resource's name in the program."""
    return urn.split("::", 3)[3]


def section(manifest: Mapping[str, Any], *path: str) -> dict[str, Any]:
    """The map at `path`, or an empty one where there is none."""
    found: Any = manifest
    for key in path:
        found = cast(Mapping[str, Any], found).get(key)
        if not isinstance(found, Mapping):
            return {}
    return cast(dict[str, Any], found)


def items(manifest: Mapping[str, Any], *path: str) -> list[dict[str, Any]]:
    """The list of maps at `path`, or an empty one where there is none."""
    found = section(manifest, *path[:-1]).get(path[-1])
    return [cast(dict[str, Any], item) for item in cast(Iterable[Any], found or []) if isinstance(item, dict)]


def annotation(manifest: Mapping[str, Any], key: str) -> str:
    """The annotation's text, or an empty one."""
    value = section(manifest, "metadata", "annotations").get(key)
    return value if isinstance(value, str) else ""


def is_annotated(manifest: Mapping[str, Any], key: str) -> bool:
    """Whether the annotation is `true`."""
    return annotation(manifest, key).lower() == "true"


def with_metadata(manifest: Manifest, **changes: Any) -> Manifest:
    """`manifest` with `changes` in its metadata; a value of None removes the key."""
    metadata = {**section(manifest, "metadata"), **changes}
    return {**manifest, "metadata": {key: value for key, value in metadata.items() if value is not None}}


def with_generated_name(manifest: Manifest, name: str) -> Manifest:
    """`manifest` named `name` and marked as named by Pulumi rather than by the program."""
    annotations = {**section(manifest, "metadata", "annotations"), AUTONAMED: "true"}
    return with_metadata(manifest, name=name, annotations=annotations)


def generated_name(prefix: str, seed: bytes) -> str:
    """`prefix-` and eight digits: the same for the same `seed`, random where the engine gave none."""
    if not seed:
        return f"{prefix}-{secrets.token_hex(SUFFIX_DIGITS // 2)}"
    return f"{prefix}-{hashlib.sha256(prefix.encode() + seed).hexdigest()[:SUFFIX_DIGITS]}"
