"""What of a job's environment reaches the engine and its plugins."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.engine.command import EngineCommand

TOKENS = {
    "GITHUB_TOKEN": "t",
    "GH_TOKEN": "t",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t",
    "ACTIONS_ID_TOKEN_REQUEST_URL": "https://example.org",
    "ACTIONS_RUNTIME_TOKEN": "t",
    "PULUMI_ACCESS_TOKEN": "t",
}


def environment_of_an_engine(folder: Path) -> dict[str, str]:
    """Run a command of an engine that writes down its environment."""
    cli = folder / "pulumi"
    cli.write_text(f"#!/bin/sh\nenv > {folder}/$1\necho v3.274.1\n")
    cli.chmod(0o755)
    EngineCommand(cli).run(["destroy"], str(folder), {"PULUMI_BACKEND_URL": "file:///state"})
    for command in ("version", "--non-interactive"):
        lines = (folder / command).read_text().splitlines()
        found = {name: value for name, _, value in (line.partition("=") for line in lines)}
        assert not TOKENS.keys() & found.keys(), command
    return found


@pytest.mark.parametrize("job", ["true", ""], ids=["job", "laptop"])
def test_no_token_of_github_reaches_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, job: str) -> None:
    for name, value in {**TOKENS, "GITHUB_ACTIONS": job, "AWS_SESSION_TOKEN": "s"}.items():
        monkeypatch.setenv(name, value)
    found = environment_of_an_engine(tmp_path)
    assert (found["AWS_SESSION_TOKEN"], found["PULUMI_BACKEND_URL"]) == ("s", "file:///state")


def test_in_a_job_the_engine_gets_what_it_needs_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = ("SOME_SECRET", "RUNNER_TEMP", "CODEBUILD_BUILD_ID", "INPUT_X")
    for name in (*secrets, "https_proxy"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    found = environment_of_an_engine(tmp_path)
    assert not set(secrets) & found.keys()
    assert found["https_proxy"] == "x"


def test_on_a_laptop_a_kubeconfig_may_start_a_program_that_reads_variables_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", "/home/me/gcloud")
    assert environment_of_an_engine(tmp_path)["CLOUDSDK_CONFIG"] == "/home/me/gcloud"
