"""What the provider does with one resource: check, compare, create, read, update and delete it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast

from pulumi.runtime.proto import provider_pb2

from infra.local.standin import diff, drift, immutable, objects, properties, readiness, state, waiting
from infra.local.standin.api import Cluster, RefusedError, UnknownKindError
from infra.local.standin.apply import apply, take_over
from infra.local.standin.configuration import Configuration
from infra.local.standin.engine_log import EngineLog
from infra.local.standin.errors import ProviderError
from infra.local.standin.objects import Manifest, Ref

Properties = dict[str, Any]
Result = TypeVar("Result")

# An object may come a moment before its namespace or its kind; the pauses double, 15 seconds in all.
CREATE_ATTEMPTS = 6
FIRST_RETRY_SECONDS = 0.5

# Kinds whose deletion is not awaited under the skipAwait annotation, and kinds whose health a refresh looks at:
# both as in the real provider.
DELETED_WITHOUT_WAIT = frozenset(
    {"DaemonSet", "Deployment", "Job", "Namespace", "Pod", "ReplicationController", "StatefulSet"}
)
HEALTH_READ = frozenset({"DaemonSet", "Deployment", "Ingress", "Job", "Pod", "Service", "StatefulSet"})
PROPAGATIONS = {"background": "Background", "orphan": "Orphan"}


class UnsupportedError(ProviderError):
    """Something only the real provider can do."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"the stand-in Kubernetes provider does not support {what}; "
            "install the Kubernetes plugin: pulumi plugin install resource kubernetes"
        )


class ExistingError(ProviderError):
    """A new resource meets an object that is there already."""

    def __init__(self, ref: Ref) -> None:
        super().__init__(
            f"{ref} already exists and does not belong to this stack; delete it, choose another name, "
            "or adopt it with `pulumi import`"
        )


class InitFailedError(ProviderError):
    """The object exists but is not up. The engine keeps its state, and the next update tries again."""

    def __init__(self, stored: Stored, error: Exception, inputs: Properties | None = None) -> None:
        self.stored = stored
        self.inputs = inputs
        super().__init__(str(error))


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What the engine keeps of a resource. An empty id means that it is gone, or only previewed."""

    id: str
    outputs: Properties


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a refresh found: the state, and the inputs that the live object amounts to."""

    stored: Stored
    inputs: Properties


class Provider:
    """The operations on one cluster. Safe for use by several threads."""

    def __init__(
        self, configuration: Configuration, cluster: Callable[[], Cluster], log: EngineLog, cancelled: threading.Event
    ) -> None:
        self._configuration = configuration
        self._cluster = cluster
        self._log = log
        self._cancelled = cancelled

    def check(self, urn: str, old: Properties, new: Properties, *, seed: bytes, proposed_name: str) -> Properties:
        """The inputs with a name and the provider's namespace. Raises UnsupportedError, ProviderError."""
        refuse_unsupported(urn)
        metadata = new.get("metadata", {})
        if isinstance(metadata, dict):
            new = self._named(urn, old, new, seed=seed, proposed_name=proposed_name)
            new = self._placed(new)
        return properties.hide_secrets(new, new)

    def _named(self, urn: str, old: Properties, new: Properties, *, seed: bytes, proposed_name: str) -> Properties:
        metadata = objects.section(new, "metadata")
        if metadata.get("name"):
            return new
        if metadata.get("generateName"):
            raise ProviderError(
                "metadata.generateName is not supported with server-side apply; leave it out, "
                "and the name is generated from the resource's name"
            )
        if objects.is_annotated(old, objects.AUTONAMED):
            return objects.with_generated_name(new, objects.ref_of(old).name)
        return objects.with_generated_name(new, proposed_name or objects.generated_name(objects.urn_name(urn), seed))

    def _placed(self, new: Properties) -> Properties:
        namespace = self._configuration.namespace
        if not namespace or objects.section(new, "metadata").get("namespace") or not self._is_namespaced(new):
            return new
        return objects.with_metadata(new, namespace=namespace)

    def _is_namespaced(self, manifest: Mapping[str, Any]) -> bool:
        """Whether the kind has a namespace; a kind that does not exist yet is taken to have one."""
        ref = objects.ref_of(manifest)
        if not self._configuration.known:
            return True
        try:
            return self._cluster().served(ref.api_version, ref.kind).namespaced
        except UnknownKindError:
            return True

    def diff(
        self, old_state: Properties, old_inputs: Properties, new: Properties, *, ignored: Sequence[str]
    ) -> provider_pb2.DiffResponse:
        """What changed between the inputs, and whether that replaces the object."""
        before = state.to_manifest(old_inputs or state.kept_inputs(old_state))
        after = state.to_manifest(new)
        forced_new = immutable.forced_new(
            after,
            mutable_config_maps=self._configuration.mutable_config_maps,
            mutable_secrets=self._configuration.mutable_secrets,
        )
        return diff.response(
            before, after, namespaced=self._is_namespaced(after), forced_new=forced_new, ignored=ignored
        )

    def create(self, urn: str, inputs: Properties, *, timeout_seconds: float) -> Stored:
        """The new object, once it is up. Raises InitFailedError when it exists but is not, ProviderError otherwise."""
        manifest = state.to_manifest(inputs)
        manager = state.field_manager(manifest, {})
        live = self._retried(urn, partial(self._create_once, urn, manifest, manager))
        keep = partial(_stored, manifest=manifest, inputs=inputs, old_state={}, manager=manager)
        return self._awaited(urn, live, manifest, keep, timeout_seconds=timeout_seconds)

    def _create_once(self, urn: str, manifest: Manifest, manager: str) -> Manifest:
        ref = self._ref(manifest)
        if not self._configuration.upsert and self._cluster().get(ref) is not None:
            raise ExistingError(ref)
        return self._apply(urn, manifest, manager)

    def _retried(self, urn: str, attempt: Callable[[], Result]) -> Result:
        for number in range(CREATE_ATTEMPTS - 1):
            try:
                return attempt()
            except (UnknownKindError, RefusedError) as error:
                if isinstance(error, RefusedError) and not error.namespace_missing:
                    raise
                self._log.status(urn, f"attempt {number + 1} failed: {error}")
            if self._cancelled.wait(FIRST_RETRY_SECONDS * 2**number):
                break
        return attempt()

    def preview_create(self, inputs: Properties) -> Stored:
        """What creation would give: the server's own dry run, or the inputs where that cannot be tried yet.

        A replacement meets its predecessor's immutable fields, which a dry run cannot delete first; it is tried
        under another name. Raises ProviderError with the server's refusal.
        """
        manifest = state.to_manifest(inputs)
        if not self._can_try(inputs):
            return Stored(id="", outputs=inputs)
        try:
            live = self._dry_run(manifest, force=True)
        except RefusedError as refusal:
            if not refusal.immutable_field:
                raise
            name = objects.generated_name(objects.ref_of(manifest).name[:40], b"preview")
            live = self._dry_run(objects.with_metadata(manifest, name=name), force=True)
        return _previewed(live, manifest, inputs)

    def update(
        self,
        urn: str,
        resource: str,
        old_state: Properties,
        new: Properties,
        *,
        ignored: Sequence[str],
        timeout_seconds: float,
    ) -> Stored:
        """The changed object, once it is up. Raises InitFailedError when it is not, ProviderError for refusals."""
        manifest = state.to_manifest(new)
        manager = state.field_manager(manifest, old_state)
        live = self._existing(resource, manifest)
        take_over(self._cluster(), live, manager=manager)
        applied = self._apply(urn, with_live_values(manifest, live, ignored), manager)
        self._relinquish(applied, old_manager=state.field_manager({}, old_state), manager=manager)
        keep = partial(_stored, manifest=manifest, inputs=new, old_state=old_state, manager=manager)
        return self._awaited(urn, applied, manifest, keep, timeout_seconds=timeout_seconds)

    def preview_update(
        self, resource: str, old_state: Properties, new: Properties, *, ignored: Sequence[str]
    ) -> Stored:
        """What the update would give, by the server's own dry run. Raises ProviderError with its refusal."""
        manifest = state.to_manifest(new)
        if not self._can_try(new):
            return Stored(id=resource, outputs=new)
        live = self._existing(resource, manifest)
        manager = state.field_manager(manifest, old_state)
        return _previewed(self._dry_run(with_live_values(manifest, live, ignored), manager=manager), manifest, new)

    def _existing(self, resource: str, manifest: Manifest) -> Manifest:
        ref = self._ref(manifest, resource)
        live = self._cluster().get(ref)
        if live is None:
            raise ProviderError(f"{ref} no longer exists; run the update with --refresh to create it again")
        return live

    def _relinquish(self, live: Manifest, *, old_manager: str, manager: str) -> None:
        if old_manager == manager:
            return
        nothing = {key: live[key] for key in ("apiVersion", "kind")} | {"metadata": {"name": live["metadata"]["name"]}}
        self._cluster().apply(nothing, objects.ref_of(live), manager=old_manager, force=False, dry_run=False)

    def read(self, urn: str, resource: str, old_state: Properties, old_inputs: Properties) -> Found:
        """The live object as state and inputs; an empty id when it is gone. Raises InitFailedError if not up."""
        refuse_unsupported(urn)
        manifest = state.to_manifest(old_inputs or state.kept_inputs(old_state))
        api_version, kind = objects.token_kind(urn)
        manifest = {"apiVersion": api_version, "kind": kind, **manifest}
        try:
            live = self._cluster().get(self._ref(manifest, resource))
        except UnknownKindError:
            live = None
        if live is None:
            return Found(stored=Stored(id="", outputs={}), inputs={})
        manager = state.field_manager(manifest, old_state)
        found = self._live_inputs(live, manifest if old_inputs else None, manager)
        stored = _stored(live, manifest=found, inputs=old_inputs, old_state=old_state, manager=manager)
        inputs = state.to_properties(found, old_inputs)
        self._refuse_unhealthy(live, manifest, stored, inputs)
        return Found(stored=stored, inputs=inputs)

    def _live_inputs(self, live: Manifest, manifest: Manifest | None, manager: str) -> Manifest:
        if manifest is None:
            return state.to_manifest({key: value for key, value in live.items() if key != "status"})
        try:
            applied = self._dry_run(manifest, manager=manager, force=True)
        except (RefusedError, UnknownKindError):
            return cast(Manifest, drift.shaped(live, manifest))
        return drift.live_inputs(manifest, live, applied)

    def _refuse_unhealthy(self, live: Manifest, manifest: Manifest, stored: Stored, inputs: Properties) -> None:
        ref = objects.ref_of(live)
        if ref.kind not in HEALTH_READ or objects.is_annotated(manifest, objects.SKIP_AWAIT):
            return
        health = readiness.health(self._cluster(), live)
        if not health.ready:
            reason = "\n  ".join([f"{ref} is not ready ({health.summary})", *health.reasons])
            raise InitFailedError(stored, ProviderError(reason), inputs)

    def delete(self, urn: str, resource: str, old_state: Properties, *, timeout_seconds: float) -> None:
        """Deletes the object and waits until it is gone; an object that is gone already is no error."""
        inputs = state.to_manifest(state.kept_inputs(old_state))
        ref = self._ref(state.to_manifest(old_state), resource)
        propagation = PROPAGATIONS.get(objects.annotation(inputs, objects.DELETION_PROPAGATION).lower(), "Foreground")
        try:
            live = self._cluster().get(ref)
        except UnknownKindError:
            return
        if live is None or not self._cluster().delete(ref, propagation=propagation):
            return
        if ref.kind in DELETED_WITHOUT_WAIT and objects.is_annotated(inputs, objects.SKIP_AWAIT):
            return
        uid = str(objects.section(live, "metadata").get("uid"))
        waiting.until_gone(self._cluster(), ref, uid, self._patience(urn, inputs, timeout_seconds))
        self._log.status(urn, "")

    def _ref(self, manifest: Manifest, resource: str = "") -> Ref:
        """The object's identity; the id of an existing resource knows the name and the namespace."""
        ref = objects.ref_of(manifest)
        namespace, name = objects.parse_id(resource) if resource else (ref.namespace, ref.name)
        if not self._cluster().served(ref.api_version, ref.kind).namespaced:
            namespace = ""
        elif not namespace:
            namespace = ref.namespace or objects.DEFAULT_NAMESPACE
        return Ref(api_version=ref.api_version, kind=ref.kind, namespace=namespace, name=name)

    def _apply(self, urn: str, manifest: Manifest, manager: str) -> Manifest:
        live, warnings = apply(
            self._cluster(), manifest, self._ref(manifest), manager=manager, force=self._configuration.patch_force
        )
        for warning in warnings:
            self._log.warn(urn, warning)
        return live

    def _dry_run(self, manifest: Manifest, *, manager: str = state.MANAGER_PREFIX, force: bool = False) -> Manifest:
        forced = force or self._configuration.patch_force
        return apply(self._cluster(), manifest, self._ref(manifest), manager=manager, force=forced, dry_run=True)[0]

    def _can_try(self, inputs: Properties) -> bool:
        """Whether a dry run is possible: all is known, and the kind and the namespace exist."""
        if properties.has_unknown(inputs) or not self._configuration.known:
            return False
        try:
            ref = self._ref(state.to_manifest(inputs))
        except UnknownKindError:
            return False
        place = Ref(api_version="v1", kind="Namespace", namespace="", name=ref.namespace)
        return not ref.namespace or self._cluster().get(place) is not None

    def _awaited(
        self,
        urn: str,
        live: Manifest,
        manifest: Manifest,
        keep: Callable[[Manifest], Stored],
        *,
        timeout_seconds: float,
    ) -> Stored:
        if objects.is_annotated(manifest, objects.SKIP_AWAIT):
            return keep(live)
        try:
            live = waiting.until_ready(self._cluster(), live, self._patience(urn, manifest, timeout_seconds))
        except waiting.NotReadyError as error:
            raise InitFailedError(keep(error.live), error) from error
        except ProviderError as error:
            raise InitFailedError(keep(live), error) from error
        self._log.status(urn, "")
        return keep(live)

    def _patience(self, urn: str, manifest: Manifest, timeout_seconds: float) -> waiting.Patience:
        return waiting.Patience(
            timeout_seconds=waiting.timeout_seconds(manifest, timeout_seconds),
            cancelled=self._cancelled,
            report=partial(self._log.status, urn),
        )


def refuse_unsupported(urn: str) -> None:
    """Raises UnsupportedError for resource types that are not one Kubernetes object each."""
    api_version, kind = objects.token_kind(urn)
    if api_version.startswith(("helm.sh/", "yaml", "kustomize")):
        raise UnsupportedError(f"{api_version}:{kind}")
    if kind.endswith("Patch"):
        raise UnsupportedError(f"{kind}, a patch of an object that belongs to others")
    if kind.endswith("List"):
        raise UnsupportedError(f"{kind}; declare its items one by one")


def with_live_values(manifest: Manifest, live: Manifest, ignored: Sequence[str]) -> Manifest:
    """`manifest` with the live values of the program's ignoreChanges paths, such as `spec.replicas`.

    Paths through lists keep the values of the last update, which the engine has put there already.
    """
    for path in ignored:
        manifest = _with_live_value(manifest, live, path.split("."))
    return manifest


def _with_live_value(manifest: Manifest, live: Manifest, path: Sequence[str]) -> Manifest:
    first, rest = path[0], path[1:]
    if first not in live or first not in manifest:
        return manifest
    if not rest:
        return {**manifest, first: live[first]}
    inner, live_inner = manifest[first], live[first]
    if not isinstance(inner, dict) or not isinstance(live_inner, dict):
        return manifest
    return {**manifest, first: _with_live_value(cast(Manifest, inner), cast(Manifest, live_inner), rest)}


def _stored(live: Manifest, *, manifest: Manifest, inputs: Properties, old_state: Properties, manager: str) -> Stored:
    outputs = state.outputs(
        live,
        manifest=manifest,
        inputs=inputs,
        api_version=state.initial_api_version(manifest, old_state),
        manager=manager,
    )
    return Stored(id=objects.resource_id(live), outputs=outputs)


def _previewed(live: Manifest, manifest: Manifest, inputs: Properties) -> Stored:
    """The dry run's object under its planned name, without a status: that is known only after the update."""
    name = objects.ref_of(manifest).name
    shown = objects.with_metadata({key: value for key, value in live.items() if key != "status"}, name=name)
    return Stored(id="", outputs=state.to_properties(shown, inputs))
