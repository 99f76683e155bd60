"""Messages to the Pulumi engine, which shows them beside the resource they are about."""

from __future__ import annotations

import contextlib
from typing import Any, Protocol, cast

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

LOG_TIMEOUT_SECONDS = 5


class EngineLog(Protocol):
    """Takes messages about resources."""

    def status(self, urn: str, message: str) -> None:
        """Shows a passing state, such as the progress of a rollout."""
        ...

    def warn(self, urn: str, message: str) -> None:
        """Shows a warning that stays in the output."""
        ...


class GrpcEngineLog:
    """Messages over gRPC to the engine that started this provider. A lost message is never an error."""

    def __init__(self, address: str) -> None:
        self._log = cast(Any, engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))).Log
        self._shown: dict[str, str] = {}

    def status(self, urn: str, message: str) -> None:
        """Shows `message` until the next one; the same message is not sent twice."""
        if self._shown.get(urn) == message:
            return
        self._shown[urn] = message
        self._send(engine_pb2.INFO, urn, message, ephemeral=True)

    def warn(self, urn: str, message: str) -> None:
        """Shows a warning."""
        self._send(engine_pb2.WARNING, urn, message, ephemeral=False)

    def _send(self, severity: engine_pb2.LogSeverity.ValueType, urn: str, message: str, *, ephemeral: bool) -> None:
        request = engine_pb2.LogRequest(severity=severity, urn=urn, message=message, ephemeral=ephemeral)
        with contextlib.suppress(grpc.RpcError):
            self._log(request, timeout=LOG_TIMEOUT_SECONDS)


class SilentLog:
    """Drops all messages: for a provider that no engine has started."""

    def status(self, urn: str, message: str) -> None:
        """Drops the message."""

    def warn(self, urn: str, message: str) -> None:
        """Drops the message."""
