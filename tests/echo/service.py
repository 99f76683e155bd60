"""The provider plugins `aws`, `eks` and `kubernetes` of an account in memory, as one gRPC service in this process.

The engine attaches to it where PULUMI_DEBUG_PROVIDERS says so, instead of starting plugins. One connection is one
provider of the program.
"""

from __future__ import annotations

import importlib
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.mocks import MockCallArgs
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from infra.plan.answers import UnknownCallError
from tests.echo.account import Account, RefusedError, updated_outputs
from tests.echo.component import construct
from tests.echo.difference import differences, without_indices
from tests.echo.properties import UNKNOWN, decode, encode, reveal
from tests.echo.replacement import deletes_first, replaces

PACKAGES = ("aws", "eks", "kubernetes")
MOST_PARALLEL_REQUESTS = 512
MESSAGE_SIZE_BYTES = 400 * 1024 * 1024


class Service(provider_pb2_grpc.ResourceProviderServicer):
    def __init__(self, account: Account) -> None:
        self.account = account
        self.default_tags: dict[str, Mapping[str, str]] = {}
        """Those of a provider, by its connection."""

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True)

    def Attach(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="1.0.0")

    def GetSchema(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetSchemaResponse(schema="{}")

    def GetMappings(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetMappingsResponse()

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        return _difference("", request)

    def Configure(self, request: Any, context: Any) -> Any:
        tags = plain(request.args).get("defaultTags")
        # The SDK writes a provider's nested inputs as JSON text.
        self.default_tags[context.peer()] = _tags(tags)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, acceptResources=True, supportsPreview=True)

    def Invoke(self, request: Any, context: Any) -> Any:
        answer: dict[str, Any] = {}
        try:
            answer, _ = self.account.answers.call(MockCallArgs(request.tok, plain(request.args), ""))
        except UnknownCallError:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"the echo has no answer to {request.tok}")
        response: dict[str, Any] = {"return": encode(answer)}
        return provider_pb2.InvokeResponse(**response)

    def Construct(self, request: Any, context: Any) -> Any:
        return construct(request)

    def Check(self, request: Any, context: Any) -> Any:
        inputs = plain(request.news)
        if is_taggable(request.type):
            # As the AWS provider does: the tags of the provider and those of the resource together.
            inputs["tagsAll"] = {**self.default_tags.get(context.peer(), {}), **(inputs.get("tags") or {})}
        return provider_pb2.CheckResponse(inputs=encode(inputs))

    def Diff(self, request: Any, context: Any) -> Any:
        return _difference(request.type, request)

    def Create(self, request: Any, context: Any) -> Any:
        inputs = plain(request.properties)
        if request.preview:
            _, outputs = self.account.planned(request.type, request.name, inputs)
            return provider_pb2.CreateResponse(id="", properties=encode(_as_far_as_known(inputs, outputs)))
        with _refusals(context):
            made = self.account.create(request.urn, request.type, request.name, inputs)
            return provider_pb2.CreateResponse(id=made.id, properties=encode(made.outputs))

    def Update(self, request: Any, context: Any) -> Any:
        inputs = plain(request.news)
        if request.preview:
            old = self.account.objects[request.type, request.id]
            outputs = updated_outputs(old, inputs)
            if request.type == "aws:ec2/launchTemplate:LaunchTemplate":
                outputs.update(latestVersion=UNKNOWN, defaultVersion=UNKNOWN)
            return provider_pb2.UpdateResponse(properties=encode(outputs))
        with _refusals(context):
            changed = self.account.update(request.urn, request.type, request.id, inputs)
            return provider_pb2.UpdateResponse(properties=encode(changed.outputs))

    def Read(self, request: Any, context: Any) -> Any:
        with _refusals(context):
            found = self.account.read(request.urn, request.type, request.id)
            if found is None:
                return provider_pb2.ReadResponse()
            return provider_pb2.ReadResponse(id=found.id, properties=encode(found.outputs), inputs=encode(found.inputs))

    def Delete(self, request: Any, context: Any) -> Any:
        with _refusals(context):
            self.account.delete(request.urn, request.type, request.id)
            return empty_pb2.Empty()


@contextmanager
def serving(account: Account) -> Generator[str]:
    """Serve the account; gives the value for PULUMI_DEBUG_PROVIDERS."""
    size = [
        ("grpc.max_receive_message_length", MESSAGE_SIZE_BYTES),
        ("grpc.max_send_message_length", MESSAGE_SIZE_BYTES),
    ]
    server = grpc.server(ThreadPoolExecutor(max_workers=MOST_PARALLEL_REQUESTS), options=size)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Service(account), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield ",".join(f"{package}:{port}" for package in PACKAGES)
    finally:
        server.stop(grace=None).wait()


@cache
def is_taggable(type_: str) -> bool:
    """Whether the provider puts its own tags on resources of the type."""
    if not type_.startswith("aws:"):
        return False
    _, module, kind = type_.split(":")
    package = importlib.import_module(f"pulumi_aws.{module.partition('/')[0]}")
    return hasattr(getattr(package, kind), "tags_all")


def plain(struct: Any) -> dict[str, Any]:
    """Values as they are, secrets too: nothing here is one."""
    return reveal(decode(struct))


def _tags(value: Any) -> Mapping[str, str]:
    return value.get("tags", {}) if isinstance(value, dict) else {}


def _as_far_as_known(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
    return {key: inputs.get(key, UNKNOWN) for key in outputs}


def _difference(type_: str, request: Any) -> Any:
    old = plain(request.old_inputs if request.old_inputs.fields else request.olds)
    new = plain(request.news)
    kinds = provider_pb2.PropertyDiff.Kind
    detailed: dict[str, Any] = {}
    for path, kind in differences(old, new):
        replacing = replaces(type_, without_indices(path))
        detailed[path] = provider_pb2.PropertyDiff(
            kind=kinds.Value(f"{kind}_REPLACE" if replacing else kind), inputDiff=True
        )
    replacing = sorted(path for path in detailed if replaces(type_, without_indices(path)))
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if detailed else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=sorted({path.partition(".")[0].partition("[")[0] for path in detailed}),
        replaces=replacing,
        detailedDiff=detailed,
        hasDetailedDiff=True,
        deleteBeforeReplace=bool(replacing) and deletes_first(type_, old, new),
    )


@contextmanager
def _refusals(context: Any) -> Generator[None]:
    try:
        yield
    except RefusedError as error:
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
