"""A registry on this machine, as the OCI distribution specification 1.1 and Docker's token specification have them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIGURATION = "application/vnd.oci.image.config.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIGURATION = "application/vnd.docker.container.image.v1+json"
OPAQUE = "opaque"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass
class FakeRegistry:
    """What it has, by path below `/v2/`; `user` and `password` are wanted where `scheme` is given."""

    stored: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    scheme: str = ""
    user: str = ""
    password: str = ""
    answer: tuple[int, dict[str, str]] | None = None
    """Given, the answer to everything."""
    asked: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def store(self, repository: str, kind: str, name: str, media_type: str, document: Any) -> str:
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        digest = digest_of(content)
        self.stored[f"{repository}/{kind}/{digest}"] = (media_type, content)
        if name:
            self.stored[f"{repository}/{kind}/{name}"] = (media_type, content)
        return digest

    def add(
        self,
        repository: str,
        tag: str,
        process: dict[str, Any],
        *,
        architectures: tuple[str, ...] = ("amd64", "arm64"),
        docker: bool = False,
        index: bool = True,
        system: str = "linux",
    ) -> str:
        """Store an image, and return the digest of what its tag names."""
        manifest_type, configuration_type = (
            (DOCKER_MANIFEST, DOCKER_CONFIGURATION) if docker else (OCI_MANIFEST, OCI_CONFIGURATION)
        )
        manifests: list[dict[str, Any]] = []
        digest = ""
        for architecture in architectures:
            configuration = {"architecture": architecture, "os": system, "config": process, "rootfs": {}}
            config = self.store(repository, "blobs", "", "application/octet-stream", configuration)
            manifest = {
                "schemaVersion": 2,
                "mediaType": manifest_type,
                "config": {"mediaType": configuration_type, "digest": config, "size": 1},
                "layers": [{"mediaType": "layer", "digest": f"sha256:{'0' * 64}", "size": 3 * 1024**2}],
            }
            digest = self.store(repository, "manifests", "" if index else tag, manifest_type, manifest)
            platform = {"architecture": architecture, "os": system}
            manifests.append({"mediaType": manifest_type, "digest": digest, "size": 1, "platform": platform})
        if not index:
            return digest
        attestation = {"architecture": "unknown", "os": "unknown"}
        manifests.insert(0, {"mediaType": OCI_MANIFEST, "digest": f"sha256:{'1' * 64}", "platform": attestation})
        kind = DOCKER_LIST if docker else OCI_INDEX
        return self.store(
            repository, "manifests", tag, kind, {"schemaVersion": 2, "mediaType": kind, "manifests": manifests}
        )

    def is_known(self, authorization: str | None) -> bool:
        pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return authorization == f"Basic {pair}"


@contextmanager
def serve(registry: FakeRegistry) -> Iterator[FakeRegistry]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            registry.asked.append(self.path)
            if registry.answer is not None:
                return self._send(registry.answer[0], b"{}", registry.answer[1])
            if self.path.startswith("/token"):
                return self._token(parse_qs(urlsplit(self.path).query))
            if not self._is_let_in():
                return self._send(
                    401, b'{"errors": [{"code": "UNAUTHORIZED"}]}', {"WWW-Authenticate": self._challenge()}
                )
            media_type, content = registry.stored.get(self.path.removeprefix("/v2/"), ("", b""))
            if not media_type:
                return self._send(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')
            return self._send(200, content, {"Content-Type": media_type})

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            if form.get("refresh_token") != [registry.password]:
                return self._send(401, b"{}")
            return self._send(200, json.dumps({"access_token": OPAQUE}).encode())

        def _token(self, query: dict[str, list[str]]) -> None:
            anonymous = not registry.user
            if query["service"] != ["fake"] or not (anonymous or registry.is_known(self.headers["Authorization"])):
                return self._send(401, b"{}")
            return self._send(200, json.dumps({"token": OPAQUE}).encode())

        def _is_let_in(self) -> bool:
            given = self.headers["Authorization"]
            if registry.scheme == "Basic":
                return registry.is_known(given)
            return not registry.scheme or given == f"Bearer {OPAQUE}"

        def _challenge(self) -> str:
            if registry.scheme == "Basic":
                return 'Basic realm="fake"'
            repository = self.path.removeprefix("/v2/").partition("/manifests")[0]
            return f'Bearer realm="http://{registry.host}/token",service="fake",scope="repository:{repository}:pull"'

        def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    registry.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
