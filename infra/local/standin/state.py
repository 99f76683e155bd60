"""The state of one resource, in the shape in which version 4 of the real provider keeps it.

The state is the live object itself, with three keys beside `metadata` and `spec`: the inputs that made it
(`__inputs`), the apiVersion it was created with (`__initialApiVersion`) and the field manager that applied it
(`__fieldManager`). Pulumi's languages cannot spell `x-kubernetes-*`, so these keys have underscores in the state.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from infra.local.standin import objects, properties
from infra.local.standin.objects import Manifest

INPUTS = "__inputs"
INITIAL_API_VERSION = "__initialApiVersion"
MANAGER = "__fieldManager"
MANAGER_PREFIX = "pulumi-kubernetes"

# The extension keys of a CustomResourceDefinition's schema that pulumi_kubernetes renames.
DASHED_KEYS = (
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
)
TO_UNDERSCORES = {key: key.replace("-", "_") for key in DASHED_KEYS}
TO_DASHES = {underscored: key for key, underscored in TO_UNDERSCORES.items()}

SERVER_METADATA = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
)


def to_manifest(inputs: Mapping[str, Any]) -> Manifest:
    """The object that `inputs` describe: secrets revealed, keys as Kubernetes spells them, no server-set metadata."""
    manifest = cast(Manifest, _renamed(properties.reveal(dict(inputs)), TO_DASHES))
    for key in (INPUTS, INITIAL_API_VERSION, MANAGER):
        manifest.pop(key, None)
    if "metadata" in manifest and isinstance(manifest["metadata"], dict):
        manifest = objects.with_metadata(manifest, **dict.fromkeys(SERVER_METADATA))
    return manifest


def to_properties(manifest: Manifest, like: Mapping[str, Any]) -> dict[str, Any]:
    """`manifest` as Pulumi properties, with secrets hidden where the inputs `like` hide them."""
    return properties.hide_secrets(cast(dict[str, Any], _renamed(manifest, TO_UNDERSCORES)), like)


def outputs(
    live: Manifest, *, manifest: Manifest, inputs: Mapping[str, Any], api_version: str, manager: str
) -> dict[str, Any]:
    """The state to keep: the `live` object, the `manifest` that was applied, and who applied it."""
    return {
        **to_properties(live, inputs),
        INPUTS: to_properties(manifest, inputs),
        INITIAL_API_VERSION: api_version,
        MANAGER: manager,
    }


def kept_inputs(state: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs kept in `state`, or an empty map."""
    kept = state.get(INPUTS)
    if isinstance(kept, properties.Secret):
        kept = kept.value
    return cast(dict[str, Any], kept) if isinstance(kept, dict) else {}


def field_manager(manifest: Manifest, state: Mapping[str, Any], *, seed: bytes = b"") -> str:
    """The manager whose fields these are: the annotation's, else the state's, else a new name of its own."""
    named = objects.annotation(manifest, objects.FIELD_MANAGER)
    kept = properties.reveal(state.get(MANAGER))
    return named or kept or objects.generated_name(MANAGER_PREFIX, seed)


def initial_api_version(manifest: Manifest, state: Mapping[str, Any]) -> str:
    """The apiVersion the object was created with."""
    return str(properties.reveal(state.get(INITIAL_API_VERSION)) or manifest.get("apiVersion") or "")


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    match value:
        case dict():
            fields = cast(dict[str, Any], value)
            return {names.get(key, key): _renamed(item, names) for key, item in fields.items()}
        case list():
            return [_renamed(item, names) for item in cast(list[Any], value)]
        case _:
            return value
