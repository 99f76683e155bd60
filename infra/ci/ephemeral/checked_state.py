"""What of the state of a pull request's stack an engine may read: what was made, and nothing that could be run.

The jobs of a pull request write its state, and who can push a branch writes those jobs. A state can name providers
to download, kubeconfigs that start programs, resources that are pickled code, keys of others to decrypt with. So a
state has the keys and the types that a stack of a pull request records, and the providers are the pipeline's own: of
what the state says of them only their names are kept. Keys: `DeploymentV3` and `ResourceV3` of Pulumi 3.274
(sdk/v3/go/common/apitype/core.go).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from infra.ci.ephemeral.states import UnsafeStateError
from infra.urns import STACK_TYPE

VERSION = 3
CHECKPOINT_KEYS = frozenset({"stack", "latest"})
DEPLOYMENT_KEYS = frozenset({"manifest", "metadata", "pending_operations", "resources", "secrets_providers"})
MANIFEST_KEYS = frozenset({"magic", "time", "version"})
"""When and by which CLI the state was written. It can name plugins by their paths too, which is left out."""
RESOURCE_KEYS = frozenset(
    {
        "additionalSecretOutputs",
        "aliases",
        "created",
        "custom",
        "customTimeouts",
        "delete",
        "dependencies",
        "hideDiff",
        "id",
        "ignoreChanges",
        "importID",
        "initErrors",
        "inputs",
        "modified",
        "outputs",
        "parent",
        "pendingReplacement",
        "propertyDependencies",
        "provider",
        "refreshBeforeUpdate",
        "replaceOnChanges",
        "replaceWith",
        "sourcePosition",
        "stackTrace",
        "taint",
        "type",
        "urn",
    }
)
"""All that Pulumi records of a resource but what makes it run something: hooks, snippets, extensions, views."""

KEEPING_KEYS = frozenset({"deletedWith", "protect", "retainOnDelete"})
"""What would let a resource outlive its stack: not taken over."""

PROVIDER = "pulumi:providers:"
BUILTIN = f"{PROVIDER}pulumi"
"""The engine's own provider, which reads the outputs of the base. It has no plugin and no settings."""
COMPONENTS = "nightowl:"
"""What the types of the program's components begin with: groups in the state, which no provider knows."""

RESOURCE_TYPES = frozenset(
    {
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        "aws:lb/listenerRule:ListenerRule",
        "aws:lb/targetGroup:TargetGroup",
        "aws:route53/record:Record",
        "kubernetes:apps/v1:Deployment",
        "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
        "kubernetes:batch/v1:CronJob",
        "kubernetes:batch/v1:Job",
        "kubernetes:core/v1:ConfigMap",
        "kubernetes:core/v1:LimitRange",
        "kubernetes:core/v1:Namespace",
        "kubernetes:core/v1:PersistentVolumeClaim",
        "kubernetes:core/v1:ResourceQuota",
        "kubernetes:core/v1:Service",
        "kubernetes:core/v1:ServiceAccount",
        "kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding",
        "kubernetes:networking.k8s.io/v1:Ingress",
        "kubernetes:networking.k8s.io/v1:NetworkPolicy",
        "kubernetes:policy/v1:PodDisruptionBudget",
        "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
        "kubernetes:secrets-store.csi.x-k8s.io/v1:SecretProviderClass",
    }
)
"""All that a stack of a pull request makes; a test holds it against the program. None of them runs anything when it is
deleted, as a Helm release, a command or a dynamic resource does."""

SIGNATURE = "4dabf18193072939515e22adb298388d"
ENCRYPTED = "1b47061264138c4ac30d75fd1eb44270"
"""What marks a value as more than data, and that of secrets (sdk/v3/go/common/resource/sig). Others are files and
archives, by a path or an address to read them from, and references."""

URN_PARTS = 4
"""Stack, project, the types from the outermost parent on, and the name."""

DEEPEST = 100
"""Maps and lists within each other; those of a Deployment are 12."""


@dataclass(frozen=True, kw_only=True)
class TrustedProvider:
    """What the pipeline itself gives a provider. `known` are the keys that the program writes into a state."""

    inputs: Mapping[str, str]
    known: Collection[str]


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the pipeline knows of a stack without its state.

    `project` is the name in Pulumi.yaml. `providers` are by package. `secrets` is what encrypts the secrets, as
    Pulumi's `secretsprovider` has it; None for a passphrase.
    """

    project: str
    stack: str
    providers: Mapping[str, TrustedProvider]
    secrets: str | None


def checked_state(data: bytes, expected: Expected) -> bytes:
    """Make of a state one that can be given to an engine: the same, with the pipeline's own providers.

    Raises:
        UnsafeStateError: it has something that no stack of a pull request records; the message names it.
    """
    document = _map(_loaded(data, expected.stack), "the state")
    _require(document.get("version") == VERSION, f"version {document.get('version')!r} and not {VERSION}")
    _only(document, {"version", "checkpoint"}, "the state")
    checkpoint = _map(document.get("checkpoint"), "checkpoint")
    _only(checkpoint, CHECKPOINT_KEYS, "checkpoint")
    named = f"organization/{expected.project}/{expected.stack}"
    _require(checkpoint.get("stack") == named, f"the name of another stack: {checkpoint.get('stack')!r}")
    if checkpoint.get("latest") is None:
        return json.dumps(document).encode()
    latest = _map(checkpoint["latest"], "checkpoint.latest")
    _only(latest, DEPLOYMENT_KEYS, "checkpoint.latest")
    _check_secrets(latest.get("secrets_providers"), expected.secrets)
    manifest = _map(latest.get("manifest") or {}, "manifest")
    pending = [_map(one, "a pending operation") for one in _list(latest.get("pending_operations"), "operations")]
    for operation in pending:
        _only(operation, {"resource", "type"}, "a pending operation")
    changed = {
        **latest,
        "manifest": {key: item for key, item in manifest.items() if key in MANIFEST_KEYS},
        "metadata": {},
        "resources": [_resource(one, expected) for one in _list(latest.get("resources"), "resources")],
        "pending_operations": [{**one, "resource": _resource(one.get("resource"), expected)} for one in pending],
    }
    return json.dumps({**document, "checkpoint": {**checkpoint, "latest": changed}}).encode()


def _loaded(data: bytes, stack: str) -> object:
    try:
        return cast(object, json.loads(data))
    except (ValueError, RecursionError):
        raise UnsafeStateError(f"the state of {stack} is not JSON") from None


def _check_secrets(secrets: object, expected: str | None) -> None:
    if secrets is None:
        return
    provider = _map(secrets, "secrets_providers")
    _only(provider, {"type", "state"}, "secrets_providers")
    state = _map(provider.get("state") or {}, "secrets_providers.state")
    if expected is None:
        _require(provider.get("type") == "passphrase", f"secrets kept by {provider.get('type')!r}")
        _only(state, {"salt"}, "secrets_providers.state")
        return
    _require(provider.get("type") == "cloud", f"secrets kept by {provider.get('type')!r}")
    _only(state, {"url", "encryptedkey"}, "secrets_providers.state")
    _require(state.get("url") == expected, f"secrets kept by {state.get('url')!r} and not by {expected!r}")


def _resource(value: object, expected: Expected) -> dict[str, Any]:
    resource = {key: item for key, item in _map(value, "a resource").items() if key not in KEEPING_KEYS}
    type_ = str(resource.get("type"))
    where = f"the resource {resource.get('urn')!r}"
    _only(resource, RESOURCE_KEYS, where)
    _refuse_deep_or_marked(resource, where, DEEPEST)
    _check_urn(resource.get("urn"), type_, expected)
    if type_.startswith(PROVIDER):
        return _provider(resource, type_, expected)
    is_group = type_ == STACK_TYPE or type_.startswith(COMPONENTS)
    _require(is_group or type_ in RESOURCE_TYPES, f"a resource of the type {type_!r}")
    _require(not (is_group and resource.get("custom")), f"{where}, a group that a provider manages")
    return resource


def _check_urn(urn: object, type_: str, expected: Expected) -> None:
    """Refuse a URN that says another type, as the engine goes by that: a provider of it would be started."""
    parts = urn.split("::", 3) if isinstance(urn, str) else []
    _require(
        len(parts) == URN_PARTS
        and parts[:2] == [f"urn:pulumi:{expected.stack}", expected.project]
        and parts[2].rpartition("$")[2] == type_,
        f"the URN {urn!r} of a resource of the type {type_!r}",
    )


def _provider(resource: dict[str, Any], type_: str, expected: Expected) -> dict[str, Any]:
    inputs = _map(resource.get("inputs") or {}, f"the provider {type_}")
    outputs = _map(resource.get("outputs") or {}, f"the provider {type_}")
    for said in (inputs, outputs):
        # pluginDownloadURL, checksums and parameters stand in there (pkg/v3/resource/deploy/providers/registry.go).
        _require(not said.get("__internal"), f"a provider of its own source: {said.get('__internal')!r}")
    if type_ == BUILTIN:
        _only({**inputs, **outputs}, {"__internal", "version"}, f"the provider {type_}")
        return resource
    trusted = expected.providers.get(type_.removeprefix(PROVIDER))
    if trusted is None:
        raise _unsafe(f"the provider {type_!r}")
    _only({**inputs, **outputs}, {"__internal", *trusted.known, *trusted.inputs}, f"the provider {type_}")
    kept = {key: value for key, value in resource.items() if key != "propertyDependencies"}
    return {**kept, "inputs": {"__internal": {}, **trusted.inputs}, "outputs": dict(trusted.inputs)}


def _refuse_deep_or_marked(value: object, where: str, room: int) -> None:
    _require(room > 0, f"{where}, nested more than {DEEPEST} times")
    if isinstance(value, dict):
        found = cast(dict[str, object], value)
        _require(found.get(SIGNATURE, ENCRYPTED) == ENCRYPTED, f"{where}, with a value that is read from elsewhere")
        for item in found.values():
            _refuse_deep_or_marked(item, where, room - 1)
    elif isinstance(value, list):
        for item in cast(list[object], value):
            _refuse_deep_or_marked(item, where, room - 1)


def _only(found: Mapping[str, Any], known: Collection[str], where: str) -> None:
    unknown = sorted(set(found) - set(known))
    _require(not unknown, f"{', '.join(unknown)} in {where}")


def _map(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _unsafe(f"{type(value).__name__} instead of a map as {where}")
    return cast(dict[str, Any], value)


def _list(value: object, where: str) -> Sequence[object]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise _unsafe(f"{type(value).__name__} instead of a list as {where}")
    return cast(list[object], value)


def _require(fine: object, what: str) -> None:
    if not fine:
        raise _unsafe(what)


def _unsafe(what: str) -> UnsafeStateError:
    return UnsafeStateError(f"the state has what no stack of a pull request records: {what[:300]}")
