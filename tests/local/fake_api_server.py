"""An API server that answers from a table, for commands that read a cluster."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from kubernetes.client import ApiClient, Configuration

Json = dict[str, Any]


@contextmanager
def serving(answers: dict[str, Json]) -> Iterator[ApiClient]:
    """Serve `answers` by path on loopback, an empty list for any other path, and give a client for it.

    An answer of kind `Status` is a refusal with its `code`.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers.get(urlsplit(self.path).path, {"items": []})
            body = json.dumps(answer).encode()
            self.send_response(answer["code"] if answer.get("kind") == "Status" else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    configuration = Configuration()
    configuration.host = f"http://127.0.0.1:{server.server_port}"
    client = ApiClient(configuration)
    try:
        yield client
    finally:
        client.close()
        server.shutdown()
        server.server_close()
