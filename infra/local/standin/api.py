"""Requests to one Kubernetes API server, and its refusals as one readable sentence each.

The kubernetes client gives connection, TLS and credentials; requests and answers are plain JSON maps, because a
provider handles kinds it has never heard of. Discovery is kept in memory only: a file cache, as the client's dynamic
part writes, would outlive a cluster and mislead the next one on the same port.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast
from urllib.parse import quote, urlencode

import urllib3
from kubernetes import config

from infra.local.standin.errors import ProviderError
from infra.local.standin.objects import DEFAULT_NAMESPACE, Manifest, Ref, group_of

CONNECT_TIMEOUT_SECONDS = 5
READ_TIMEOUT_SECONDS = 60
JSON = "application/json"
APPLY_PATCH = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """The API server's answer to one request."""

    status: int
    body: Manifest
    warnings: tuple[str, ...] = ()


class Transport(Protocol):
    """Sends one request. Raises `UnreachableError` where no answer comes."""

    def send(self, method: str, path: str, *, query: Mapping[str, str], body: Any, content_type: str) -> Reply:
        """The answer to `method` on `path`."""
        ...


class RefusedError(ProviderError):
    """The API server refused a request. Its text is the server's own reason and message."""

    def __init__(self, reply: Reply, what: str) -> None:
        self.status = reply.status
        self.reason = str(reply.body.get("reason") or f"HTTP {reply.status}")
        self.message = str(reply.body.get("message") or "no message")
        self.details = cast(dict[str, Any], reply.body.get("details") or {})
        super().__init__(f"{what}: {self.reason}: {self.message}")

    @property
    def namespace_missing(self) -> bool:
        """Whether the refusal is that the object's namespace does not exist."""
        return self.status == 404 and self.details.get("kind") == "namespaces"

    @property
    def immutable_field(self) -> bool:
        """Whether the refusal is that a field cannot change on an existing object."""
        return self.status == 422 and "field is immutable" in self.message


class UnreachableError(ProviderError):
    """No API server answered."""


class UnknownKindError(ProviderError):
    """The API server does not serve this kind."""

    def __init__(self, api_version: str, kind: str) -> None:
        super().__init__(
            f"the API server does not serve kind {kind} of {api_version}; "
            "create its CustomResourceDefinition first, or correct apiVersion and kind"
        )


@dataclass(frozen=True, kw_only=True)
class Served:
    """How the API server serves one kind."""

    plural: str
    namespaced: bool


class Cluster:
    """One API server. Safe for use by several threads."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._served: dict[tuple[str, str], Served] = {}
        self._discovery = threading.Lock()

    def served(self, api_version: str, kind: str) -> Served:
        """How `kind` is served. Only kinds that exist are remembered: new ones are found. Raises UnknownKindError."""
        key = (api_version, kind)
        with self._discovery:
            if key not in self._served:
                self._served |= self._discover(api_version)
            if key not in self._served:
                raise UnknownKindError(api_version, kind)
            return self._served[key]

    def _discover(self, api_version: str) -> dict[tuple[str, str], Served]:
        reply = self._send("GET", _group_path(api_version))
        if reply.status == 404:
            return {}
        resources: list[Manifest] = _accepted(reply, f"discovery of {api_version}").get("resources") or []
        return {
            (api_version, resource["kind"]): Served(plural=resource["name"], namespaced=bool(resource["namespaced"]))
            for resource in resources
            if "/" not in resource["name"]
        }

    def get(self, ref: Ref) -> Manifest | None:
        """The live object, or None where there is none."""
        reply = self._send("GET", self._path(ref))
        return None if reply.status == 404 else _accepted(reply, str(ref))

    def list(
        self, api_version: str, kind: str, *, namespace: str = "", label_selector: str = "", field_selector: str = ""
    ) -> Sequence[Manifest]:
        """The objects of a kind, in one namespace or all."""
        query = {"labelSelector": label_selector, "fieldSelector": field_selector}
        path = self._collection(api_version, kind, namespace)
        reply = self._send("GET", path, query={key: value for key, value in query.items() if value})
        return cast(list[Manifest], _accepted(reply, f"list of {kind}").get("items") or [])

    def apply(
        self, manifest: Manifest, ref: Ref, *, manager: str, force: bool, dry_run: bool
    ) -> tuple[Manifest, tuple[str, ...]]:
        """Server-side apply: the resulting object, and the server's warnings. Raises RefusedError."""
        query = {"fieldManager": manager, "force": str(force).lower(), "fieldValidation": "Strict"}
        if dry_run:
            query["dryRun"] = "All"
        reply = self._send("PATCH", self._path(ref), query=query, body=manifest, content_type=APPLY_PATCH)
        return _accepted(reply, str(ref)), reply.warnings

    def patch_json(self, ref: Ref, operations: Sequence[Mapping[str, Any]]) -> Manifest:
        """The object after a JSON patch. Raises RefusedError."""
        reply = self._send("PATCH", self._path(ref), body=list(operations), content_type=JSON_PATCH)
        return _accepted(reply, str(ref))

    def delete(self, ref: Ref, *, propagation: str) -> bool:
        """Asks for deletion; False where the object is gone already. Raises RefusedError."""
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        reply = self._send("DELETE", self._path(ref), body=body)
        if reply.status == 404:
            return False
        _accepted(reply, str(ref))
        return True

    def _path(self, ref: Ref) -> str:
        return f"{self._collection(ref.api_version, ref.kind, ref.namespace or DEFAULT_NAMESPACE)}/{quote(ref.name)}"

    def _collection(self, api_version: str, kind: str, namespace: str) -> str:
        served = self.served(api_version, kind)
        scope = f"/namespaces/{quote(namespace)}" if served.namespaced and namespace else ""
        return f"{_group_path(api_version)}{scope}/{served.plural}"

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = JSON,
    ) -> Reply:
        return self._transport.send(method, path, query=query or {}, body=body, content_type=content_type)


class HttpTransport:
    """Requests over the kubernetes client's connection pool, with the credentials of a kubeconfig."""

    def __init__(self, kubeconfig: Mapping[str, Any], context: str | None, cluster: str | None = None) -> None:
        chosen = context or str(kubeconfig.get("current-context"))
        settings = with_cluster(kubeconfig, chosen, cluster) if cluster else dict(kubeconfig)
        connect = cast(Any, config).new_client_from_config_dict
        self._client = connect(settings, context=chosen, persist_config=False)

    def send(self, method: str, path: str, *, query: Mapping[str, str], body: Any, content_type: str) -> Reply:
        """The answer of the API server. Raises UnreachableError."""
        configuration = self._client.configuration
        url = f"{configuration.host}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Accept": JSON, "Content-Type": content_type, **self._credentials()}
        timeout = urllib3.Timeout(connect=CONNECT_TIMEOUT_SECONDS, read=READ_TIMEOUT_SECONDS)
        try:
            answer = self._client.rest_client.pool_manager.request(
                method,
                url,
                headers=headers,
                body=None if body is None else json.dumps(body).encode(),
                timeout=timeout,
                retries=urllib3.Retry(connect=2, read=0 if method != "GET" else 2, redirect=0, backoff_factor=0.2),
            )
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(_why_unreachable(str(configuration.host), error)) from error
        warnings = tuple(_warning_text(text) for text in answer.headers.getlist("Warning"))
        return Reply(status=int(answer.status), body=_json_map(bytes(answer.data)), warnings=warnings)

    def _credentials(self) -> dict[str, str]:
        settings = cast(Mapping[str, Mapping[str, str]], self._client.configuration.auth_settings())
        return {setting["key"]: setting["value"] for setting in settings.values() if setting.get("value")}


def with_cluster(kubeconfig: Mapping[str, Any], context: str, cluster: str) -> dict[str, Any]:
    """`kubeconfig` in which `context` means `cluster`."""
    contexts = [
        {**entry, "context": {**entry["context"], "cluster": cluster}} if entry["name"] == context else entry
        for entry in cast(list[dict[str, Any]], kubeconfig["contexts"])
    ]
    return {**kubeconfig, "contexts": contexts}


def _group_path(api_version: str) -> str:
    return f"/apis/{api_version}" if group_of(api_version) else f"/api/{api_version}"


def _accepted(reply: Reply, what: str) -> Manifest:
    if reply.status >= 300:
        raise RefusedError(reply, what)
    return reply.body


def _json_map(data: bytes) -> Manifest:
    try:
        parsed: Any = json.loads(data)
    except ValueError:
        return {"message": data.decode(errors="replace").strip()}
    return cast(Manifest, parsed) if isinstance(parsed, dict) else {"message": str(parsed)}


def _warning_text(header: str) -> str:
    """The text of a Warning header such as `299 - "text"`."""
    _, _, quoted = header.partition('"')
    return quoted.rstrip('"').replace('\\"', '"') or header


def _why_unreachable(host: str, error: Exception) -> str:
    cause = getattr(error, "reason", None) or error
    reason = str(cause).rpartition(">: ")[2] or str(cause)
    remedy = "start the cluster, or correct kubeconfig and context"
    return f"the Kubernetes API server at {host} does not answer ({reason}); {remedy}"
