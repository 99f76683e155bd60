"""A plan renders charts by the provider that is on the machine, and says what it cannot know."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc
from typing_extensions import override

from infra.charts.rendering import NO_CLUSTER
from infra.plan.plan import Plan, plan_of_file
from infra.settings.problems import SettingsError
from tests.charts.samples import body

STACK = """
config:
  nightowl:platform: { kind: existing, context: test }
  nightowl:apps: {}
  nightowl:charts:
    keda: { repository: "https://charts.example.com", version: 1.2.3, permissions: [{ sqs: jobs }] }
"""


class _Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Stands for Pulumi's Kubernetes provider."""

    def __init__(self) -> None:
        self.kubeconfig = ""
        self.refusal = ""

    @override
    def Configure(self, request: Any, _context: Any) -> Any:
        self.kubeconfig = request.variables["kubernetes:config:kubeconfig"]
        return provider_pb2.ConfigureResponse()

    @override
    def Invoke(self, request: Any, context: Any) -> Any:
        if self.refusal:
            context.abort(grpc.StatusCode.UNKNOWN, self.refusal)
        name = json.loads(request.args["jsonOpts"])["release_name"]
        found: Any = struct_pb2.Struct()
        found.update({"result": [body("ServiceAccount", name), body("Deployment", name, "apps/v1")]})
        return provider_pb2.InvokeResponse(**{"return": found})


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Provider]:
    """A program that says where a provider answers, and is one no longer than it is asked."""
    server = grpc.server(ThreadPoolExecutor(max_workers=2))
    answering = _Provider()
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(answering, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    program = tmp_path / "provider"
    program.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\necho {port}\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setattr("infra.plan.helm.provider_program", lambda: program)
    yield answering
    server.stop(None).wait()


@pytest.fixture
def plan(tmp_path: Path) -> Callable[[], Plan]:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(STACK)
    return lambda: plan_of_file(file, "dev")


def test_a_chart_is_rendered_without_a_cluster_and_the_provider_ends_with_the_plan(
    provider: _Provider, plan: Callable[[], Plan], tmp_path: Path
) -> None:
    names = {one.name for one in plan().graph.of_type("kubernetes:apps/v1:Deployment")}
    assert names == {"keda/keda"}
    assert provider.kubeconfig == NO_CLUSTER
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_repository_that_is_out_of_reach_leaves_the_rest_of_the_plan(
    provider: _Provider, plan: Callable[[], Plan]
) -> None:
    provider.refusal = "failed to pull chart: dial tcp: lookup charts.example.com: no such host"
    planned = plan()
    (warning,) = planned.graph.warnings
    place, _, rest = warning.partition(": ")
    assert place.endswith("/Pulumi.dev.yaml:6")
    assert rest.startswith("nightowl:charts.keda: its objects are not judged here, as its repository cannot be reached")
    assert [one.holder for one in planned.access] == ["charts.keda"]


def test_a_chart_that_helm_refuses_is_refused_by_the_plan(provider: _Provider, plan: Callable[[], Plan]) -> None:
    provider.refusal = 'failed to pull chart: chart "keda" version "1.2.3" not found'
    with pytest.raises(SettingsError, match=r"/Pulumi\.[a-z]+\.yaml:[0-9]+: nightowl:charts\.keda: ") as refused:
        plan()
    assert str(refused.value).endswith('keda: failed to pull chart: chart "keda" version "1.2.3" not found')


def test_without_a_provider_the_plan_says_how_to_get_one(plan: Callable[[], Plan]) -> None:
    [warning] = plan().graph.warnings
    assert "Pulumi's Kubernetes provider is not on this machine; `pulumi plugin install resource kubernetes" in warning
