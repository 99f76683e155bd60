from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2_grpc, language_pb2, language_pb2_grpc

from tests.language_host import NAME, language_host

POLICIES = Path(__file__).parent.parent / "policies"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Any]:
    """The host as the engine starts it: by its name, with the engine's address."""
    command = [str(language_host(tmp_path) / NAME), "127.0.0.1:1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield language_pb2_grpc.LanguageRuntimeStub(channel)
        finally:
            process.terminate()
            process.wait()


def request(kind: str, tmp_path: Path) -> Any:
    folder = str(POLICIES)
    return language_pb2.RunPluginRequest(
        pwd=str(tmp_path),
        args=["127.0.0.1:1"],
        env=[f"{key}={value}" for key, value in os.environ.items()],
        kind=kind,
        info=language_pb2.ProgramInfo(root_directory=folder, program_directory=folder, entry_point="."),
    )


def ask_until_it_is_gone(analyzer: Any) -> None:
    while True:
        analyzer.GetAnalyzerInfo(empty_pb2.Empty())


def test_a_policy_pack_is_started_by_the_sdk_and_serves_until_the_call_ends(host: Any, tmp_path: Path) -> None:
    output = host.RunPlugin(request("analyzer", tmp_path))
    port = int(next(output).stdout)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        analyzer = analyzer_pb2_grpc.AnalyzerStub(channel)
        assert analyzer.GetAnalyzerInfo(empty_pb2.Empty()).name == "nightowl"
        output.cancel()
        with pytest.raises(grpc.RpcError, match="UNAVAILABLE"):
            ask_until_it_is_gone(analyzer)


def test_no_other_plugin_is_taken_for_a_policy_pack(host: Any, tmp_path: Path) -> None:
    with pytest.raises(grpc.RpcError, match="UNIMPLEMENTED"):
        list(host.RunPlugin(request("resource", tmp_path)))
