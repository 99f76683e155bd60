"""The folder and the variables with which the engine works on a local cluster."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
import yaml

from infra.engine.locks import LockHolder
from infra.errors import NightowlError, UsageError
from infra.local import workspace
from infra.local.paths import ClusterPaths
from infra.local.workspace import cluster_workspace, local_engine, note_project, require_own, unfinished_before
from infra.toolchain.resolve import EngineTools

LOCK = {"username": "me", "timestamp": "2026-11-23T17:35:01.123456789+02:00"}
"""A lock as Pulumi's backend writes it, but for its process and host."""


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClusterPaths:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return ClusterPaths(name="one", root=tmp_path / "one")


@pytest.fixture
def provider(tmp_path: Path) -> Path:
    return tmp_path / "provider" / "pulumi-resource-kubernetes"


@pytest.fixture
def stack_file(tmp_path: Path) -> Path:
    path = tmp_path / "stacks" / "Pulumi.local.yaml"
    path.parent.mkdir()
    path.write_text("config:\n  nightowl:apps:\n    web: { port: 80 }\n")
    return path


def test_the_workspace_has_the_project_the_provider_and_the_stacks_configuration(
    paths: ClusterPaths, provider: Path, stack_file: Path
):
    before = stack_file.read_text()
    cluster_workspace(paths, provider).prepare(stack_file)
    project = yaml.safe_load((paths.workspace / "Pulumi.yaml").read_text())
    stack = yaml.safe_load((paths.workspace / "Pulumi.local.yaml").read_text())

    assert project["name"] == "nightowl"
    assert project["plugins"]["providers"][0]["path"] == str(provider.parent)
    assert stack == {"config": {"nightowl:apps": {"web": {"port": 80}}}}
    assert stack_file.read_text() == before


def test_the_salt_of_the_stacks_secrets_outlives_a_run(paths: ClusterPaths, provider: Path, stack_file: Path):
    cluster_workspace(paths, provider).prepare(stack_file)
    target = paths.workspace / "Pulumi.local.yaml"
    target.write_text("encryptionsalt: v1:abc\nconfig: {nightowl:old: 1}\n")
    cluster_workspace(paths, provider).prepare(stack_file)

    written = yaml.safe_load(target.read_text())
    assert written == {"encryptionsalt": "v1:abc", "config": {"nightowl:apps": {"web": {"port": 80}}}}


def test_the_passphrase_is_made_once_and_only_its_owner_reads_it(paths: ClusterPaths, provider: Path, stack_file: Path):
    cluster_workspace(paths, provider).prepare(stack_file)
    first = paths.passphrase.read_text()
    cluster_workspace(paths, provider).prepare(stack_file)

    assert paths.passphrase.read_text() == first
    assert len(first) >= 32
    assert stat.S_IMODE(paths.passphrase.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("config: [1]", "config: is not a mapping"),
        ("config: {a: b", r"Pulumi\.local\.yaml:1: "),
        ("config:\n  nightowl:pw:\n    secure: v1:abc", "encrypted values cannot be read on a local cluster"),
        ("config:\n  nightowl:a:\n    b: [{secure: v1:abc}]", "encrypted values cannot be read on a local cluster"),
        (None, r"Pulumi\.local\.yaml: there is no such file"),
    ],
)
def test_a_stack_file_that_cannot_be_used_is_refused(
    paths: ClusterPaths, provider: Path, stack_file: Path, content: str | None, message: str
):
    stack_file.unlink()
    if content is not None:
        stack_file.write_text(content)

    with pytest.raises(NightowlError, match=message):
        cluster_workspace(paths, provider).prepare(stack_file)


def test_a_name_that_only_sounds_encrypted_is_accepted(paths: ClusterPaths, provider: Path, stack_file: Path):
    stack_file.write_text("config:\n  nightowl:apps: {web: {env: {insecure: 'true', note: 'secure: no'}}}")

    cluster_workspace(paths, provider).prepare(stack_file)


def test_the_environment_of_a_cluster_names_its_own_files_only(paths: ClusterPaths):
    variables = workspace.environment(paths)

    assert variables["PULUMI_BACKEND_URL"] == f"file://{paths.state}"
    assert variables["KUBECONFIG"] == str(paths.kubeconfig)
    assert variables["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(paths.passphrase)


def test_the_engine_runs_no_plugin_that_this_repository_has_not_checked(paths: ClusterPaths, provider: Path):
    variables = cluster_workspace(paths, provider).environment

    assert variables == {
        **workspace.environment(paths),
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


def test_the_holder_of_a_lock_is_told_with_the_time_in_utc(paths: ClusterPaths, provider: Path):
    lock = paths.state / ".pulumi" / "locks" / "organization" / "nightowl" / "local" / "1.json"
    lock.parent.mkdir(parents=True)
    lock.write_text(json.dumps({**LOCK, "pid": 7, "hostname": "elsewhere"}))

    (holder,) = cluster_workspace(paths, provider).lock_holders("local")

    assert isinstance(holder, LockHolder)
    assert str(holder) == "me@elsewhere (process 7), since 2026-11-23 15:35:01 UTC"


@pytest.mark.parametrize("note", ["", "the Kubernetes provider is release 1"])
def test_a_provider_of_another_release_is_told(paths: ClusterPaths, provider: Path, tmp_path: Path, note: str):
    cli = tmp_path / "pulumi"
    cli.write_text("#!/bin/sh\necho v3.274.1\n")
    cli.chmod(0o755)
    said: list[str] = []
    local_engine(paths, EngineTools(pulumi=cli, provider=provider, provider_note=note), said.append)

    assert said == ([note] if note else [])


def test_only_a_deployment_that_came_to_its_end_is_trusted_without_a_look_at_the_cluster(tmp_path: Path):
    paths = ClusterPaths(name="one", root=tmp_path)
    with unfinished_before(paths, "local") as first:
        assert not first
    interrupted = unfinished_before(paths, "local")
    assert not interrupted.__enter__()
    assert not interrupted.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    with unfinished_before(paths, "another"):
        pass
    with unfinished_before(paths, "local") as third:
        assert third, "the one before was interrupted"
    with unfinished_before(paths, "local") as fourth:
        assert not fourth


def test_a_stack_of_another_project_is_not_taken_over(tmp_path: Path):
    paths = ClusterPaths(name="one", root=tmp_path)
    require_own(paths, "local", "shop")
    note_project(paths, "local", "nightowl")
    require_own(paths, "local", "nightowl")
    require_own(paths, "another", "shop")

    with pytest.raises(UsageError, match=r"is that of the project nightowl.*--name shop makes a cluster of your own"):
        require_own(paths, "local", "shop")
