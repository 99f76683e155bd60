"""What a stack had made before this run, as the engine has it in its state."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import grpc
import pulumi
from pulumi.runtime import rpc
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor

from infra.values import text

READ_RESOURCES = "pulumi:pulumi:readStackResourceOutputs"
"""The engine's own function: the state of a stack as it was before this run. It answers in previews too."""
READ_ATTEMPTS = 5
BETWEEN_ATTEMPTS_SECONDS = 0.2
"""A state in a file is not whole while the engine writes it, which takes milliseconds."""


@dataclass(frozen=True, kw_only=True)
class MadeResource:
    """A resource of the state: its type, and its outputs with ids in the place of references to resources."""

    type: str
    outputs: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name of an object of Kubernetes."""
        return text(self.outputs, "metadata", "name")


def read_state() -> list[MadeResource]:
    """Read what the running stack had made; nothing before its first run.

    `pulumi.runtime.invoke` would have the resource behind each reference looked up among those of this run, where it
    is not yet: the control plane in the outputs of the cluster's component, for one.
    """
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    request = resource_pb2.ResourceInvokeRequest(tok=READ_RESOURCES, acceptResources=False)
    request.args.update({"stackName": stack})
    response = _ask(request)
    answer = cast("Mapping[str, Any]", rpc.deserialize_properties(getattr(response, "return")))
    # One secret in it, such as the data of a Secret, makes a secret of the whole for the SDK.
    unwrap = cast(Any, rpc).unwrap_rpc_secret
    found = cast("Mapping[str, Mapping[str, Any]]", unwrap(answer.get("outputs")) or {})
    return [MadeResource(type=str(one["type"]), outputs=one.get("outputs") or {}) for one in found.values()]


def _ask(request: resource_pb2.ResourceInvokeRequest) -> Any:
    for _ in range(READ_ATTEMPTS - 1):
        try:
            return cast(Any, get_monitor()).Invoke(request)
        except grpc.RpcError as error:
            if "failed to load checkpoint" not in str(error):
                raise
            time.sleep(BETWEEN_ATTEMPTS_SECONDS)
    return cast(Any, get_monitor()).Invoke(request)
