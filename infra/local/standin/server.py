"""The provider's gRPC service: the engine's requests in, answers and readable errors out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib import metadata
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2, empty_pb2
from google.protobuf.message import Message
from pulumi.runtime.proto import plugin_pb2, provider_pb2, status_pb2

from infra.local.standin import configuration, properties
from infra.local.standin.api import Cluster, HttpTransport
from infra.local.standin.configuration import Configuration, ConfigurationError
from infra.local.standin.engine_log import EngineLog
from infra.local.standin.errors import ProviderError
from infra.local.standin.provider import InitFailedError, Provider, UnsupportedError

SERVICE = "pulumirpc.ResourceProvider"
PACKAGE = "pulumi_kubernetes"
STATUS_DETAILS = "grpc-status-details-bin"
"""The trailing metadata in which gRPC carries the details of an error."""


class Service:
    """The provider protocol for one engine. `log` shows messages there; `cancelled` ends all waits."""

    def __init__(self, log: EngineLog, cancelled: threading.Event) -> None:
        self._log = log
        self._cancelled = cancelled
        self._provider = self._configured(Configuration(known=False))

    def handlers(self) -> grpc.GenericRpcHandler:
        """The gRPC handlers of the protocol's methods; all others are answered as not implemented."""
        requests = provider_pb2
        methods: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
            "Handshake": _method(requests.ProviderHandshakeRequest, lambda _: handshake()),
            "GetPluginInfo": _method(empty_pb2.Empty, lambda _: plugin_info()),
            "GetSchema": _method(requests.GetSchemaRequest, lambda _: schema()),
            "Attach": _method(plugin_pb2.PluginAttach, lambda _: empty_pb2.Empty()),
            "CheckConfig": _method(requests.CheckRequest, check_config),
            "DiffConfig": _method(requests.DiffRequest, diff_config),
            "Configure": _method(requests.ConfigureRequest, self.configure),
            "Check": _method(requests.CheckRequest, self.check),
            "Diff": _method(requests.DiffRequest, self.diff),
            "Create": _method(requests.CreateRequest, self.create),
            "Update": _method(requests.UpdateRequest, self.update),
            "Read": _method(requests.ReadRequest, self.read),
            "Delete": _method(requests.DeleteRequest, self.delete),
            "Invoke": _method(requests.InvokeRequest, lambda asked: _refuse(f"the function {asked.tok}")),
            "Call": _method(requests.CallRequest, lambda asked: _refuse(f"the method {asked.tok}")),
            "Construct": _method(requests.ConstructRequest, lambda asked: _refuse(f"the component {asked.type}")),
            "Cancel": _method(empty_pb2.Empty, lambda _: self.cancel()),
        }
        return grpc.method_handlers_generic_handler(SERVICE, methods)

    def _configured(self, settings: Configuration) -> Provider:
        connection = Connection(settings)
        return Provider(settings, connection.cluster, self._log, self._cancelled)

    def configure(self, request: provider_pb2.ConfigureRequest) -> provider_pb2.ConfigureResponse:
        """Takes the configuration; the API server is asked at the first use."""
        self._provider = self._configured(Configuration.of(properties.decode(request.args)))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    def check(self, request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
        """The inputs with the name and namespace they were left without."""
        checked = self._provider.check(
            request.urn,
            properties.decode(request.olds),
            properties.decode(request.news),
            seed=request.randomSeed,
            proposed_name=request.autonaming.proposed_name,
        )
        return provider_pb2.CheckResponse(inputs=properties.encode(checked))

    def diff(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
        """The changed paths, and whether they replace the object."""
        return self._provider.diff(
            properties.decode(request.olds),
            properties.decode(request.old_inputs),
            properties.decode(request.news),
            ignored=request.ignoreChanges,
        )

    def create(self, request: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse:
        """Creates the object, or previews that."""
        inputs = properties.decode(request.properties)
        if request.preview:
            stored = self._provider.preview_create(inputs)
        else:
            stored = self._provider.create(request.urn, inputs, timeout_seconds=request.timeout)
        return provider_pb2.CreateResponse(id=stored.id, properties=properties.encode(stored.outputs))

    def update(self, request: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse:
        """Changes the object, or previews that."""
        old, new = properties.decode(request.olds), properties.decode(request.news)
        ignored = request.ignoreChanges
        if request.preview:
            stored = self._provider.preview_update(request.id, old, new, ignored=ignored)
        else:
            stored = self._provider.update(
                request.urn, request.id, old, new, ignored=ignored, timeout_seconds=request.timeout
            )
        return provider_pb2.UpdateResponse(properties=properties.encode(stored.outputs))

    def read(self, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        """The live object, for a refresh or an import."""
        old_state, old_inputs = properties.decode(request.properties), properties.decode(request.inputs)
        found = self._provider.read(request.urn, request.id, old_state, old_inputs)
        if not found.stored.id:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=request.id,
            properties=properties.encode(found.stored.outputs),
            inputs=properties.encode(found.inputs),
        )

    def delete(self, request: provider_pb2.DeleteRequest) -> empty_pb2.Empty:
        """Deletes the object and waits until it is gone."""
        old_state = properties.decode(request.properties)
        self._provider.delete(request.urn, request.id, old_state, timeout_seconds=request.timeout)
        return empty_pb2.Empty()

    def cancel(self) -> empty_pb2.Empty:
        """Ends all waits at once; the objects keep the state they have."""
        self._cancelled.set()
        return empty_pb2.Empty()


def handshake() -> provider_pb2.ProviderHandshakeResponse:
    """Tells the engine what this provider understands: secrets, and names proposed by the engine."""
    return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, supports_autonaming_configuration=True)


def plugin_info() -> plugin_pb2.PluginInfo:
    """The version of the real provider that this one stands in for."""
    return plugin_pb2.PluginInfo(version=metadata.version(PACKAGE))


def schema() -> provider_pb2.GetSchemaResponse:
    """An empty schema: the program's own package knows the resource types."""
    return provider_pb2.GetSchemaResponse(schema='{"name": "kubernetes"}')


def check_config(request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
    """The provider's inputs, and those that cannot be honoured."""
    failures = configuration.failures(properties.decode(request.news))
    return provider_pb2.CheckResponse(inputs=request.news, failures=failures)


def diff_config(request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
    """Whether the changed configuration means another cluster."""
    old = request.old_inputs if request.old_inputs.fields else request.olds
    return configuration.difference(properties.decode(old), properties.decode(request.news))


class Connection:
    """The API server of a configuration, connected at the first use."""

    def __init__(self, settings: Configuration) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._cluster: Cluster | None = None

    def cluster(self) -> Cluster:
        """The cluster. Raises ConfigurationError."""
        with self._lock:
            if self._cluster is None:
                self._cluster = self._connect()
            return self._cluster

    def _connect(self) -> Cluster:
        if not self._settings.known:
            raise ConfigurationError("kubeconfig: it is not known yet which cluster the provider talks to")
        kubeconfig = self._settings.load_kubeconfig()
        return Cluster(HttpTransport(kubeconfig, self._settings.context or None, self._settings.cluster or None))


def _method(request_type: Any, answer: Callable[[Any], Message]) -> grpc.RpcMethodHandler[Any, Any]:
    """One method of the service; errors become gRPC statuses whose text is fit to be shown."""

    def handle(request: Any, context: Any) -> Message:
        try:
            return answer(request)
        except InitFailedError as error:
            _abort_initialized(context, error)
        except ProviderError as error:
            _abort(context, error)
        except Exception as error:
            fault = ProviderError(f"the stand-in Kubernetes provider has a fault: {type(error).__name__}: {error}")
            _abort(context, fault)

    return grpc.unary_unary_rpc_method_handler(
        handle,
        request_deserializer=request_type.FromString,
        response_serializer=_serialized,
    )


def _serialized(reply: Any) -> bytes:
    return reply.SerializeToString()


def _refuse(what: str) -> NoReturn:
    raise UnsupportedError(what)


def _abort(context: Any, error: ProviderError) -> NoReturn:
    context.abort(grpc.StatusCode.UNKNOWN, str(error))
    raise error


def _abort_initialized(context: Any, error: InitFailedError) -> NoReturn:
    """Answers that the object exists but is not up, with the state to keep."""
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=error.stored.id,
            properties=properties.encode(error.stored.outputs),
            inputs=None if error.inputs is None else properties.encode(error.inputs),
            reasons=[str(error)],
        )
    )
    code = grpc.StatusCode.UNKNOWN
    status = status_pb2.Status(code=code.value[0], message=str(error), details=[detail])
    context.set_trailing_metadata(((STATUS_DETAILS, status.SerializeToString()),))
    context.abort(code, str(error))
    raise error
