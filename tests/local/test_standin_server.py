"""The gRPC side, over a real channel: what the engine sees of answers and errors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from infra.local.standin import properties, server
from infra.local.standin.api import Cluster, UnreachableError
from infra.local.standin.configuration import Configuration, ConfigurationError, difference, failures
from tests.local.standin_cluster import FakeServer, Messages

URN = "urn:pulumi:local::nightowl::kubernetes:apps/v1:Deployment::web"
INPUTS = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"replicas": 1},
}
KUBECONFIG = """
current-context: a
contexts: [{name: a, context: {cluster: ca}}, {name: b, context: {cluster: cb}}]
clusters: [{name: ca, cluster: {server: "https://127.0.0.1:1"}}, {name: cb, cluster: {server: "https://127.0.0.1:2"}}]
users: []
"""
Connect = Callable[[Any], provider_pb2_grpc.ResourceProviderStub]


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Generator[Connect]:
    stops: list[Callable[[], Any]] = []

    def start(api: Any) -> provider_pb2_grpc.ResourceProviderStub:
        monkeypatch.setattr(server.Connection, "cluster", lambda _: Cluster(api))
        service = server.Service(Messages(), threading.Event())
        grpc_server = grpc.server(ThreadPoolExecutor(max_workers=4))
        grpc_server.add_generic_rpc_handlers((service.handlers(),))
        port = grpc_server.add_insecure_port("127.0.0.1:0")
        grpc_server.start()
        channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        stops.extend([channel.close, lambda: grpc_server.stop(None).wait()])
        return provider_pb2_grpc.ResourceProviderStub(channel)

    yield start
    for stop in stops:
        stop()


def test_an_object_that_is_not_up_reaches_the_engine_with_its_state_and_reason(connect: Connect):
    stub = connect(FakeServer())
    stub.Configure(provider_pb2.ConfigureRequest())
    request = provider_pb2.CreateRequest(urn=URN, properties=properties.encode(INPUTS), timeout=0.01)

    with pytest.raises(grpc.RpcError) as caught:
        stub.Create(request)

    trailing = dict(caught.value.trailing_metadata())
    status = status_pb2.Status.FromString(trailing["grpc-status-details-bin"])
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert detail.id == "shop/web"
    assert detail.reasons[0].startswith("Deployment shop/web is not ready")
    assert properties.decode(detail.properties)["__inputs"] == INPUTS


def test_a_large_state_fits_into_the_error(connect: Connect):
    stub = connect(FakeServer())
    stub.Configure(provider_pb2.ConfigureRequest())
    big = {**INPUTS, "spec": {"replicas": 1, "template": {"x": ["y" * 100] * 60}}}

    with pytest.raises(grpc.RpcError) as caught:
        stub.Create(provider_pb2.CreateRequest(urn=URN, properties=properties.encode(big), timeout=0.01))
    assert "grpc-status-details-bin" in dict(caught.value.trailing_metadata())


class Lost:
    def send(self, *_: Any, **__: Any) -> Any:
        raise UnreachableError("the Kubernetes API server at https://127.0.0.1:1 does not answer")


def test_errors_are_one_sentence_without_a_traceback(connect: Connect):
    stub = connect(Lost())
    stub.Configure(provider_pb2.ConfigureRequest())

    with pytest.raises(grpc.RpcError) as caught:
        stub.Read(provider_pb2.ReadRequest(urn=URN, id="shop/web", inputs=properties.encode(INPUTS)))
    assert caught.value.details() == "the Kubernetes API server at https://127.0.0.1:1 does not answer"


class Broken:
    def send(self, *_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("by nothing")


def test_a_fault_of_the_stand_in_itself_is_told_as_such(connect: Connect):
    stub = connect(Broken())
    stub.Configure(provider_pb2.ConfigureRequest())

    with pytest.raises(grpc.RpcError, match="stand-in Kubernetes provider has a fault: ZeroDivisionError: by nothing"):
        stub.Read(provider_pb2.ReadRequest(urn=URN, id="shop/web", inputs=properties.encode(INPUTS)))


@pytest.mark.parametrize("call", ["Invoke", "Call", "Construct"])
def test_functions_and_components_are_refused(connect: Connect, call: str):
    requests = {
        "Invoke": provider_pb2.InvokeRequest(tok="kubernetes:yaml:decode"),
        "Call": provider_pb2.CallRequest(tok="kubernetes:x:y"),
        "Construct": provider_pb2.ConstructRequest(type="kubernetes:helm.sh/v4:Chart"),
    }

    with pytest.raises(grpc.RpcError, match=r"does not support the .*install the Kubernetes plugin"):
        getattr(connect(FakeServer()), call)(requests[call])


def test_cancelling_ends_a_wait(connect: Connect):
    stub = connect(FakeServer())
    stub.Configure(provider_pb2.ConfigureRequest())
    pending = stub.Create.future(provider_pb2.CreateRequest(urn=URN, properties=properties.encode(INPUTS), timeout=60))
    stub.Cancel(empty_pb2.Empty())

    with pytest.raises(grpc.RpcError, match="cancelled"):
        pending.result(timeout=5)


def test_a_changed_server_replaces_all_and_a_changed_namespace_does_not(tmp_path: Path):
    old = {"kubeconfig": KUBECONFIG}

    assert list(difference(old, {**old, "context": "b"}).replaces) == ["context"]
    assert not difference(old, {**old, "namespace": "x"}).replaces
    moved = tmp_path / "kubeconfig"
    moved.write_text(KUBECONFIG)
    assert not difference(old, {"kubeconfig": str(moved)}).replaces


def test_the_cluster_identifier_alone_decides_where_it_is_given():
    old = {"kubeconfig": KUBECONFIG, "clusterIdentifier": "one"}

    assert list(difference(old, {**old, "clusterIdentifier": "two"}).replaces) == ["clusterIdentifier"]
    assert not difference(old, {**old, "context": "b"}).replaces


def test_an_unknown_kubeconfig_in_a_preview_is_taken_for_another_cluster():
    changed = difference({"kubeconfig": KUBECONFIG}, {"kubeconfig": properties.UNKNOWN})

    assert list(changed.replaces) == ["kubeconfig"]


def test_a_context_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(ConfigurationError, match="context: 'c' is not in the given text; it has: a, b"):
        Configuration(kubeconfig=KUBECONFIG, context="c").load_kubeconfig()


def test_a_missing_kubeconfig_is_named(tmp_path: Path):
    with pytest.raises(ConfigurationError, match=r"kubeconfig: .*/none cannot be read"):
        Configuration(kubeconfig=str(tmp_path / "none")).load_kubeconfig()


def test_the_environments_kubeconfig_counts_where_none_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG)
    monkeypatch.setenv("KUBECONFIG", str(path))

    assert Configuration().load_kubeconfig()["current-context"] == "a"


def test_keys_that_cannot_be_honoured_are_refused():
    found = failures({"context": "a", "renderYamlToDirectory": "out", "enableServerSideApply": "false"})

    assert sorted(failure.property for failure in found) == ["enableServerSideApply", "renderYamlToDirectory"]
