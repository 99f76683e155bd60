"""Charts of a plan: rendered by the provider that would render them at `up`, where it is on this machine."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import grpc
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from infra.charts.rendering import NO_CLUSTER, TEMPLATE, UNRENDERED

NO_ENGINE = "127.0.0.1:1"
"""The address of the engine, to which the provider would write its log."""
FETCH_SECONDS = 60
"""How long a chart may take to come: a plan does not wait for a network that answers nothing."""
MESSAGE_SIZE_BYTES = 400 * 1024 * 1024
"""The limit of the engine itself (pulumi's sdk/go/common/util/rpcutil/serve.go)."""
_NO_NETWORK = re.compile(r"dial tcp|no such host|cannot be reached|timeout|connection refused|proxyconnect")

Template = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Answers the provider's function: with the objects of a chart, or why there are none."""


@contextmanager
def helm() -> Generator[Template]:
    """Yield what renders charts. The provider starts with the first one, and ends with the plan."""
    with ExitStack() as ending:

        @cache
        def start(program: Path) -> Any:
            return ending.enter_context(_provider(program))

        def template(arguments: Mapping[str, Any]) -> dict[str, Any]:
            program = provider_program()
            if program is None:
                install = f"pulumi plugin install resource kubernetes {version('pulumi_kubernetes')}"
                return {UNRENDERED: f"Pulumi's Kubernetes provider is not on this machine; `{install}` brings it"}
            return _render(start(program), arguments)

        yield template


def provider_program() -> Path | None:
    """Return the Kubernetes provider's program if it is on this machine."""
    # Imported where there are charts only, as it takes a tenth of a second.
    from infra.toolchain.resolve import find_provider

    return find_provider()


def _render(provider: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Render a chart. Raises grpc.RpcError with Helm's reason, as the engine would, but for want of a network."""
    struct = struct_pb2.Struct()
    cast(Any, struct).update(dict(arguments))
    try:
        answer = provider.Invoke(provider_pb2.InvokeRequest(tok=TEMPLATE, args=struct), timeout=FETCH_SECONDS)
    except grpc.RpcError as error:
        failure = cast(Any, error)
        if failure.code() is grpc.StatusCode.DEADLINE_EXCEEDED or _NO_NETWORK.search(failure.details() or ""):
            return {UNRENDERED: "its repository cannot be reached from here"}
        raise
    return json_format.MessageToDict(getattr(answer, "return"))


@contextmanager
def _provider(program: Path) -> Generator[Any]:
    process = subprocess.Popen(
        [str(program), NO_ENGINE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
    )
    try:
        # Its port is the first line that it writes (pulumi's pkg/resource/plugin).
        port = int((process.stdout.readline() if process.stdout else "").strip() or 0)
        options = [("grpc.max_receive_message_length", MESSAGE_SIZE_BYTES)]
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
            stub = cast(Any, provider_pb2_grpc).ResourceProviderStub(channel)
            stub.Configure(
                provider_pb2.ConfigureRequest(variables={"kubernetes:config:kubeconfig": NO_CLUSTER}),
                timeout=FETCH_SECONDS,
            )
            yield stub
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
