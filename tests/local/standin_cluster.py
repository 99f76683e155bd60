"""An API server in memory: enough of one to see what the stand-in sends and to decide what it gets back."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.local.standin.api import Reply

KINDS = {
    "/api/v1": {
        "Namespace": ("namespaces", False),
        "Pod": ("pods", True),
        "ConfigMap": ("configmaps", True),
        "Secret": ("secrets", True),
        "Service": ("services", True),
        "Event": ("events", True),
    },
    "/apis/apps/v1": {"Deployment": ("deployments", True), "ReplicaSet": ("replicasets", True)},
    "/apis/discovery.k8s.io/v1": {"EndpointSlice": ("endpointslices", True)},
}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    content_type: str


@dataclass
class FakeServer:
    """Objects by path. `on_apply` may change an applied object, or answer in its place."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    on_apply: Callable[[Request], Reply | dict[str, Any] | None] = lambda _: None
    deleted_after: int = 0
    warnings: tuple[str, ...] = ()

    def send(self, method: str, path: str, *, query: Mapping[str, str], body: Any, content_type: str) -> Reply:
        request = Request(method, path, dict(query), copy.deepcopy(body), content_type)
        self.requests.append(request)
        if path in KINDS:
            return ok({"resources": [{"name": n, "kind": k, "namespaced": s} for k, (n, s) in KINDS[path].items()]})
        match method:
            case "GET":
                return self._get(path)
            case "PATCH" if content_type.startswith("application/apply-patch"):
                return self._apply(request)
            case "PATCH":
                return ok(self.objects[path])
            case _:
                return self._delete(path)

    def sent(self, method: str) -> list[Request]:
        return [request for request in self.requests if request.method == method]

    def _get(self, path: str) -> Reply:
        if path in self.objects:
            found = self.objects[path]
            if found.get("leaving") is not None:
                found["leaving"] -= 1
                if found["leaving"] < 0:
                    del self.objects[path]
            return ok(found)
        plural = path.rpartition("/")[2]
        if any(plural == name for kinds in KINDS.values() for name, _ in kinds.values()):
            return ok({"items": [value for key, value in self.objects.items() if key.startswith(path + "/")]})
        return refused(404, "NotFound", f"{path} not found")

    def _apply(self, request: Request) -> Reply:
        answer = self.on_apply(request)
        if isinstance(answer, Reply):
            return answer
        applied = answer or {**self.objects.get(request.path, {}), **request.body}
        namespace = request.path.partition("/namespaces/")[2].partition("/")[0]
        metadata = {"uid": "u1", "resourceVersion": "1", **applied["metadata"]}
        if namespace and not request.path.endswith(f"/api/v1/namespaces/{namespace}"):
            metadata["namespace"] = namespace
        applied = {**applied, "metadata": metadata}
        if "dryRun" not in request.query:
            self.objects[request.path] = applied
        return Reply(status=200, body=copy.deepcopy(applied), warnings=self.warnings)

    def _delete(self, path: str) -> Reply:
        if path not in self.objects:
            return refused(404, "NotFound", "gone")
        self.objects[path]["leaving"] = self.deleted_after
        return ok({})


@dataclass
class Messages:
    """Remembers what the provider tells the engine."""

    statuses: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def status(self, urn: str, message: str) -> None:
        self.statuses.append(message)

    def warn(self, urn: str, message: str) -> None:
        self.warnings.append(message)


def ok(body: dict[str, Any]) -> Reply:
    return Reply(status=200, body=copy.deepcopy(body))


def refused(status: int, reason: str, message: str, **details: Any) -> Reply:
    return Reply(status=status, body={"reason": reason, "message": message, "details": details})
