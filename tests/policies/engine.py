"""What the engine sends a policy pack, made of a stack by the engine's own rules.

Source: github.com/pulumi/pulumi/pkg/v3 at 3.274.1.

- A resource is shown with its inputs before it is made or changed (`analyzeAll` in resource/deploy/step_generator.go).
- The stack is shown at the end with its outputs, in no order (`AnalyzeResources` there).
- Keys that start with two underscores are left out at every level (resource/plugin/property_filter.go). That is where a
  Kubernetes provider keeps its inputs beside the live object (`checkpointObject` in pulumi-kubernetes' provider.go).
- Where the configuration of a provider is not known in a preview, nothing is asked of it: inputs stay as the program
  wrote them, and outputs are empty (`Check` and `Create` in resource/plugin/provider_plugin.go).
- Options come with either; links to other resources come with the stack alone (resource/plugin/analyzer_plugin.go).
"""

from __future__ import annotations

import copy
import enum
import functools
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2

if TYPE_CHECKING:
    from tests.policies.harness import Request

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the engine writes a value that is not known before the update, of whatever type."""
KUBERNETES = "kubernetes:"
NAMESPACE = "kubernetes:core/v1:Namespace"
KUBERNETES_PROVIDER = "pulumi:providers:kubernetes"
SCALED_REPLICAS = 7
"""What the autoscaler has made of a workload since it was deployed."""


class Moment(enum.Enum):
    """When the stack is shown: it decides what came of what was declared."""

    FIRST_PREVIEW = "first preview"
    """Nothing is there. A cluster that the stack makes is not known, so neither is a provider that reaches it."""
    UPDATE = "update"
    """Everything was just made."""
    LATER = "later"
    """The autoscaler has been at work."""


def analyze_request(request: Request, stack: Mapping[str, Request], moment: Moment = Moment.UPDATE) -> Any:
    return analyzer_pb2.AnalyzeRequest(
        type=request.type,
        properties=_struct(_inputs(request, stack, moment)),
        urn=request.urn,
        name=request.name,
        options=_options(request),
        provider=_provider(request, stack, moment),
    )


def analyze_stack_request(requests: Iterable[Request], moment: Moment = Moment.UPDATE) -> Any:
    stack = {request.urn: request for request in requests}
    # Not the order in which the program declares them.
    shown = [_stack_resource(stack[urn], stack, moment) for urn in sorted(stack)]
    return analyzer_pb2.AnalyzeStackRequest(resources=shown)


def _stack_resource(request: Request, stack: Mapping[str, Request], moment: Moment) -> Any:
    return analyzer_pb2.AnalyzerResource(
        type=request.type,
        properties=_struct(_outputs(request, stack, moment)),
        urn=request.urn,
        name=request.name,
        options=_options(request),
        provider=_provider(request, stack, moment),
        parent=request.parent,
        dependencies=sorted(request.depends_on),
        propertyDependencies={
            key: analyzer_pb2.AnalyzerPropertyDependencies(urns=sorted(urns))
            for key, urns in request.property_dependencies.items()
            if urns
        },
    )


def _inputs(request: Request, stack: Mapping[str, Request], moment: Moment) -> Mapping[str, Any]:
    if moment is not Moment.FIRST_PREVIEW:
        return request.inputs
    if request.type == KUBERNETES_PROVIDER and request.property_dependencies.get("kubeconfig"):
        return {**request.inputs, "kubeconfig": UNKNOWN}
    taken = {stack[urn].type for urn in request.property_dependencies.get("metadata", ()) if urn in stack}
    if NAMESPACE in taken and not _is_reached(request, stack, moment):
        return {**request.inputs, "metadata": {**request.inputs["metadata"], "namespace": UNKNOWN}}
    return request.inputs


def _outputs(request: Request, stack: Mapping[str, Request], moment: Moment) -> Mapping[str, Any]:
    if not request.type.startswith(KUBERNETES):
        arn = UNKNOWN if moment is Moment.FIRST_PREVIEW else "arn:aws:made:::one"
        return {**_inputs(request, stack, moment), "arn": arn}
    return _live_object(request, moment) if _is_reached(request, stack, moment) else {}


def _is_reached(request: Request, stack: Mapping[str, Request], moment: Moment) -> bool:
    """Whether the configuration of its provider is known."""
    provider = stack.get(request.provider)
    return provider is None or UNKNOWN not in _inputs(provider, stack, moment).values()


def _live_object(request: Request, moment: Moment) -> Mapping[str, Any]:
    """What the provider returns: the object as the API server has it, and beside it what was declared."""
    live = copy.deepcopy(request.inputs)
    live.setdefault("metadata", {}).update(uid="0", resourceVersion="1", creationTimestamp="2026-11-26T00:00:00Z")
    kind = request.type.rpartition(":")[2]
    if kind in {"Deployment", "StatefulSet"}:
        live["spec"].setdefault("replicas", 1)
        live["spec"].setdefault("revisionHistoryLimit", 10)
        if moment is Moment.LATER:
            live["spec"]["replicas"] = SCALED_REPLICAS
        live["status"] = {"replicas": live["spec"]["replicas"]}
    return {**live, "__inputs": request.inputs, "__initialApiVersion": "v1", "__fieldManager": "pulumi-kubernetes"}


def _options(request: Request) -> Any:
    return analyzer_pb2.AnalyzerResourceOptions(
        protect=request.protect, ignoreChanges=request.ignore_changes, parent=request.parent
    )


def _provider(request: Request, stack: Mapping[str, Request], moment: Moment) -> Any:
    provider = stack.get(request.provider)
    if provider is None:
        return None
    return analyzer_pb2.AnalyzerProviderResource(
        type=provider.type, properties=_struct(_inputs(provider, stack, moment)), urn=provider.urn, name=provider.name
    )


def _struct(properties: Mapping[str, Any]) -> Any:
    # The way through JSON leaves nothing but what the protocol can carry.
    return _struct_of(json.dumps(_without_internal_keys(properties)))


@functools.lru_cache(maxsize=2048)
def _struct_of(content: str) -> Any:
    """Return the message of a JSON object; mutations of one stack share most of them."""
    struct = struct_pb2.Struct()
    struct.update(json.loads(content))
    return struct


def _without_internal_keys(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_internal_keys(item) for key, item in value.items() if not key.startswith("__")}
    if isinstance(value, list | tuple):
        return [_without_internal_keys(item) for item in value]
    return value
