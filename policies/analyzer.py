"""The pack's gRPC service: the engine's requests in, diagnostics out (pulumi's proto/pulumi/analyzer.proto).

The policy host of the SDK would convert the whole stack anew for each rule, and hide from a rule what it was shown of
the same resource before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2, plugin_pb2
from pulumi_policy.deserialize import deserialize_properties

from policies.evaluation import Evaluation, Undecided, Violation
from policies.facts.stack import Resource
from policies.levels import Level, Levels, default_level
from policies.pack import NAME, Pack
from policies.rule import Rule, Scope, Severity
from policies.rules import ALL_RULES

SERVICE = "pulumirpc.Analyzer"
MESSAGE_SIZE_BYTES = 400 * 1024 * 1024
"""The limit of the engine itself (pulumi's sdk/go/common/util/rpcutil/serve.go)."""

PROTO_LEVELS = {level: analyzer_pb2.EnforcementLevel.Value(level.name) for level in Level}
LEVELS = {
    **{value: level for level, value in PROTO_LEVELS.items()},
    # Nothing here remedies by itself, which the engine counts as mandatory.
    analyzer_pb2.REMEDIATE: Level.MANDATORY,
}
PROTO_SEVERITIES = {one: analyzer_pb2.PolicySeverity.Value(f"POLICY_SEVERITY_{one.name}") for one in Severity}


def serve(pack: Pack) -> None:
    """Answer the engine until it ends this process; its port is the first line of standard output."""
    server = grpc.server(
        ThreadPoolExecutor(max_workers=4),
        options=[
            ("grpc.max_receive_message_length", MESSAGE_SIZE_BYTES),
            ("grpc.max_send_message_length", MESSAGE_SIZE_BYTES),
        ],
    )
    server.add_generic_rpc_handlers((handlers(pack),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    # The engine ends its plugins by an interrupt.
    with contextlib.suppress(KeyboardInterrupt):
        server.wait_for_termination()


def handlers(pack: Pack) -> grpc.GenericRpcHandler:
    """Return the gRPC handlers of the protocol's methods; all others are answered as not implemented."""
    methods: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
        "GetPluginInfo": _method(empty_pb2.Empty, lambda _: plugin_pb2.PluginInfo()),
        "GetAnalyzerInfo": _method(empty_pb2.Empty, lambda _: analyzer_info()),
        "ConfigureStack": _method(
            analyzer_pb2.AnalyzerStackConfigureRequest, lambda _: analyzer_pb2.AnalyzerStackConfigureResponse()
        ),
        "Configure": _method(analyzer_pb2.ConfigureAnalyzerRequest, lambda request: configure(pack, request)),
        "Remediate": _method(analyzer_pb2.AnalyzeRequest, lambda _: analyzer_pb2.RemediateResponse()),
        "Analyze": _method(analyzer_pb2.AnalyzeRequest, lambda request: analyze(pack, request)),
        "AnalyzeStack": _method(analyzer_pb2.AnalyzeStackRequest, lambda request: analyze_stack(pack, request)),
    }
    return grpc.method_handlers_generic_handler(SERVICE, methods)


def analyzer_info() -> analyzer_pb2.AnalyzerInfo:
    """Return all rules with what each tells about itself."""
    return analyzer_pb2.AnalyzerInfo(name=NAME, supportsConfig=True, policies=[_policy(rule) for rule in ALL_RULES])


def configure(pack: Pack, request: analyzer_pb2.ConfigureAnalyzerRequest) -> empty_pb2.Empty:
    """Set the levels; the engine has filled in those that no file speaks of."""
    pack.levels = Levels(
        by_rule={name: LEVELS[config.enforcementLevel] for name, config in request.policyConfig.items()}
    )
    return empty_pb2.Empty()


def analyze(pack: Pack, request: analyzer_pb2.AnalyzeRequest) -> analyzer_pb2.AnalyzeResponse:
    """Judge one resource, before it is made or changed, by its inputs."""
    return _response(pack.judge_resource(_resource(request)))


def analyze_stack(pack: Pack, request: analyzer_pb2.AnalyzeStackRequest) -> analyzer_pb2.AnalyzeResponse:
    """Judge the whole stack, after a preview or an update."""
    return _response(pack.judge_stack([_stack_resource(one) for one in request.resources]))


def _method(request_type: Any, answer: Callable[[Any], Message]) -> grpc.RpcMethodHandler[Any, Any]:
    def handle(request: Any, _context: Any) -> Message:
        return answer(request)

    return grpc.unary_unary_rpc_method_handler(
        handle, request_deserializer=request_type.FromString, response_serializer=_serialized
    )


def _serialized(reply: Any) -> bytes:
    return reply.SerializeToString()


def _policy(rule: Rule) -> analyzer_pb2.PolicyInfo:
    resource = rule.scope is Scope.RESOURCE
    return analyzer_pb2.PolicyInfo(
        name=rule.name,
        description=rule.protects_from,
        enforcementLevel=PROTO_LEVELS[default_level(rule)],
        policy_type=analyzer_pb2.POLICY_TYPE_RESOURCE if resource else analyzer_pb2.POLICY_TYPE_STACK,
        severity=PROTO_SEVERITIES[rule.severity],
        framework=analyzer_pb2.PolicyComplianceFramework(name="; ".join(rule.frameworks)) if rule.frameworks else None,
        remediation_steps=rule.remediation,
        url=rule.url,
    )


def _resource(request: analyzer_pb2.AnalyzeRequest | analyzer_pb2.AnalyzerResource) -> Resource:
    return Resource(
        urn=request.urn,
        type=request.type,
        name=request.name,
        props=_Properties(request.properties),
        protect=request.options.protect,
        ignore_changes=tuple(request.options.ignoreChanges),
        parent=request.options.parent,
        provider=request.provider.urn,
    )


def _stack_resource(request: analyzer_pb2.AnalyzerResource) -> Resource:
    return replace(
        _resource(request),
        parent=request.parent,
        depends_on=frozenset(request.dependencies),
        property_dependencies={key: frozenset(one.urns) for key, one in request.propertyDependencies.items()},
    )


class _Properties(Mapping[str, Any]):
    """The properties of a resource, converted when they are first read: at the end of a run most were declared."""

    def __init__(self, struct: Struct) -> None:
        self._struct = struct

    @cached_property
    def _values(self) -> Mapping[str, Any]:
        return deserialize_properties(json_format.MessageToDict(self._struct))

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _response(found: Evaluation) -> analyzer_pb2.AnalyzeResponse:
    violations = [_diagnostic(one, violation_text(one), one.level) for one in found.violations]
    undecided = [
        _diagnostic(one, f"{one.resource}: undecided, as {one.message}", Level.ADVISORY) for one in found.undecided
    ]
    return analyzer_pb2.AnalyzeResponse(diagnostics=[*violations, *undecided])


def violation_text(violation: Violation) -> str:
    """Write what the engine shows about a violation."""
    if violation.key:
        return f"{violation.text}\n{violation.remedy}"
    return f"{violation.reason}\n{violation.resource}: {violation.message}\n{violation.remedy}"


def _diagnostic(found: Violation | Undecided, message: str, level: Level) -> analyzer_pb2.AnalyzeDiagnostic:
    return analyzer_pb2.AnalyzeDiagnostic(
        policyName=found.rule.name,
        policyPackName=NAME,
        description=found.rule.protects_from,
        message=message,
        urn=found.urn,
        enforcementLevel=PROTO_LEVELS[level],
        severity=PROTO_SEVERITIES[found.rule.severity],
    )
