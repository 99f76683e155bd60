"""The engine's driver, with a small shell script in the place of the Pulumi CLI."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi import automation

from infra.local import engine
from infra.local.engine import (
    DeploymentFailedError,
    Engine,
    EngineCommand,
    InterruptedRunError,
    Progress,
    StackLockedError,
)
from infra.local.paths import ClusterPaths
from infra.local.provider_plugin import ProviderPlugin

URN = "urn:pulumi:local::nightowl::nightowl:apps:App$kubernetes:apps/v1:Deployment::web"
NEVER_ALIVE_PID = 2**22 + 1


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClusterPaths:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return ClusterPaths(name="one", root=tmp_path / "one")


@pytest.fixture
def plugin(tmp_path: Path) -> ProviderPlugin:
    return ProviderPlugin(kind="stand-in", folder=tmp_path / "plugin", announcement="")


@pytest.fixture
def stack_file(tmp_path: Path) -> Path:
    path = tmp_path / "stacks" / "Pulumi.local.yaml"
    path.parent.mkdir()
    path.write_text("config:\n  nightowl:apps:\n    web: { port: 80 }\n")
    return path


MakeCli = Callable[[str], Path]


@pytest.fixture
def make_cli(tmp_path: Path) -> MakeCli:
    def make(body: str) -> Path:
        path = tmp_path / "pulumi"
        path.write_text(f'#!/bin/sh\n[ "$1" = version ] && echo v3.250.0 && exit 0\n{body}\n')
        path.chmod(0o755)
        return path

    return make


def nothing() -> None:
    """A program without resources."""


def test_the_workspace_has_the_project_the_plugin_and_the_stacks_configuration(
    paths: ClusterPaths, plugin: ProviderPlugin, stack_file: Path
):
    before = stack_file.read_text()
    engine.write_workspace(paths, stack_file, plugin)
    project = yaml.safe_load((paths.workspace / "Pulumi.yaml").read_text())
    stack = yaml.safe_load((paths.workspace / "Pulumi.local.yaml").read_text())

    assert project["name"] == "nightowl"
    assert project["plugins"]["providers"][0]["path"] == str(plugin.folder)
    assert stack == {"config": {"nightowl:apps": {"web": {"port": 80}}}}
    assert stack_file.read_text() == before


def test_the_salt_of_the_stacks_secrets_outlives_a_run(paths: ClusterPaths, plugin: ProviderPlugin, stack_file: Path):
    engine.write_workspace(paths, stack_file, plugin)
    target = paths.workspace / "Pulumi.local.yaml"
    target.write_text("encryptionsalt: v1:abc\nconfig: {nightowl:old: 1}\n")
    engine.write_workspace(paths, stack_file, plugin)

    written = yaml.safe_load(target.read_text())
    assert written == {"encryptionsalt": "v1:abc", "config": {"nightowl:apps": {"web": {"port": 80}}}}


def test_the_passphrase_is_made_once_and_only_its_owner_reads_it(
    paths: ClusterPaths, plugin: ProviderPlugin, stack_file: Path
):
    engine.write_workspace(paths, stack_file, plugin)
    first = paths.passphrase.read_text()
    engine.write_workspace(paths, stack_file, plugin)

    assert paths.passphrase.read_text() == first
    assert len(first) >= 32
    assert stat.S_IMODE(paths.passphrase.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("config: [1]", "config must be a map of keys, not a list"),
        ("config: {a: b", "is not YAML"),
        ("config:\n  nightowl:pw:\n    secure: v1:abc", "encrypted values cannot be read on a local cluster"),
        ("config:\n  nightowl:a:\n    b: [{secure: v1:abc}]", "encrypted values cannot be read on a local cluster"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_stack_file_that_cannot_be_used_is_refused(
    paths: ClusterPaths, plugin: ProviderPlugin, stack_file: Path, content: str | None, message: str
):
    stack_file.unlink()
    if content is not None:
        stack_file.write_text(content)

    with pytest.raises(DeploymentFailedError, match=message) as caught:
        engine.write_workspace(paths, stack_file, plugin)
    assert str(stack_file) in str(caught.value)


def test_a_name_that_only_sounds_encrypted_is_accepted(paths: ClusterPaths, plugin: ProviderPlugin, stack_file: Path):
    stack_file.write_text("config:\n  nightowl:apps: {web: {env: {insecure: 'true', note: 'secure: no'}}}")

    engine.write_workspace(paths, stack_file, plugin)


def test_the_stack_is_named_by_its_file(tmp_path: Path):
    assert engine.stack_name(tmp_path / "Pulumi.local.yaml") == "local"
    with pytest.raises(DeploymentFailedError, match=r"its name must be Pulumi\.<stack>\.yaml"):
        engine.stack_name(tmp_path / "local.yaml")


def test_a_cli_that_does_not_run_is_named(tmp_path: Path):
    with pytest.raises(DeploymentFailedError, match="/none is not a Pulumi CLI that runs here"):
        EngineCommand(tmp_path / "none")


def test_the_callers_pulumi_variables_do_not_reach_the_engine(
    make_cli: MakeCli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "mine")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://mine")
    command = EngineCommand(make_cli("env"))
    output = command.run(["up"], str(tmp_path), {"PULUMI_BACKEND_URL": "file:///own"}).stdout

    assert "PULUMI_CONFIG_PASSPHRASE=" not in output
    assert "PULUMI_BACKEND_URL=file:///own" in output


def test_without_a_report_of_the_engine_the_last_words_of_the_cli_are_told(
    make_cli: MakeCli, paths: ClusterPaths, plugin: ProviderPlugin, stack_file: Path
):
    driver = Engine(paths=paths, pulumi_binary=make_cli("echo 'error: disk full' >&2; exit 255"), plugin=plugin)

    with pytest.raises(DeploymentFailedError) as caught:
        driver.deploy(stack_file, nothing)
    assert caught.value.messages == ("disk full",)


def test_a_locked_stack_says_what_to_do(
    make_cli: MakeCli, paths: ClusterPaths, plugin: ProviderPlugin, stack_file: Path
):
    cli = make_cli("echo 'error: the stack is currently locked by 1 lock(s)' >&2; exit 255")

    with pytest.raises(StackLockedError, match="another run is at work on this stack"):
        Engine(paths=paths, pulumi_binary=cli, plugin=plugin).destroy(stack_file)


def test_ctrl_c_interrupts_the_engine_once_and_says_that_the_work_done_is_kept(
    make_cli: MakeCli, paths: ClusterPaths, plugin: ProviderPlugin, stack_file: Path, tmp_path: Path
):
    cli = make_cli(
        f'case "$*" in *destroy*) trap "echo got >> {tmp_path}/signals; exit 255" INT; echo > {tmp_path}/running;'
        " while :; do sleep 0.05; done;; esac"
    )
    ctrl_c = threading.Thread(target=press_ctrl_c_once, args=(tmp_path / "running",))
    ctrl_c.start()
    told: list[Progress] = []

    with pytest.raises(InterruptedRunError, match="what was done is recorded"):
        Engine(paths=paths, pulumi_binary=cli, plugin=plugin).destroy(stack_file, on_progress=told.append)
    ctrl_c.join()
    assert (tmp_path / "signals").read_text() == "got\n"
    assert "press Ctrl-C again" in told[-1].message


def test_ctrl_c_between_two_commands_of_the_engine_stops_too(make_cli: MakeCli, tmp_path: Path):
    command = EngineCommand(make_cli("touch ran"))
    command.interrupt()

    with pytest.raises(automation.CommandError, match="interrupted"):
        command.run(["up"], str(tmp_path), {})
    assert not (tmp_path / "ran").exists()


def press_ctrl_c_once(running: Path) -> None:
    waited = threading.Event()
    while not running.exists():
        waited.wait(0.02)
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(
    ("holder", "stale"),
    [
        ({"pid": NEVER_ALIVE_PID, "hostname": socket.gethostname()}, True),
        ({"pid": os.getpid(), "hostname": socket.gethostname()}, False),
        ({"pid": NEVER_ALIVE_PID, "hostname": "elsewhere"}, False),
        ({}, False),
    ],
    ids=["dead", "alive", "other machine", "unreadable"],
)
def test_only_the_lock_of_a_dead_run_on_this_machine_is_stale(paths: ClusterPaths, holder: dict[str, Any], stale: bool):
    lock = paths.state / ".pulumi" / "locks" / "organization" / "nightowl" / "local" / "1.json"
    lock.parent.mkdir(parents=True)
    lock.write_text(json.dumps(holder))

    assert engine.has_only_stale_locks(paths, "local") is stale


def test_the_users_kubeconfig_is_back_after_a_run(
    make_cli: MakeCli, paths: ClusterPaths, plugin: ProviderPlugin, stack_file: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("KUBECONFIG", "/home/me/config")
    with pytest.raises(DeploymentFailedError):
        Engine(paths=paths, pulumi_binary=make_cli("exit 1"), plugin=plugin).destroy(stack_file)

    assert os.environ["KUBECONFIG"] == "/home/me/config"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("<{%reset%}>nightowl:apps: unknown<{%reset%}>\n", "nightowl:apps: unknown"),
        ("an unhandled error occurred: nightowl:apps: unknown", "nightowl:apps: unknown"),
        ("1 error occurred:\n\t* Deployment shop/web failed\n\n", "Deployment shop/web failed"),
        ("2 errors occurred:\n\t* one\n\t* two\n", "one\ntwo"),
        ("Preview failed: Pod shop/a: Forbidden", "Pod shop/a: Forbidden"),
        (
            'python inline source runtime error: oh\nTraceback:\n  File "a.py", line 1, in f\n    x\nValueError: oh',
            'the program failed at "a.py", line 1, in f: ValueError: oh',
        ),
    ],
)
def test_messages_are_freed_of_the_engines_dressing(text: str, clean: str):
    assert engine.clean_message(text) == clean


def event(**content: Any) -> automation.EngineEvent:
    return automation.EngineEvent.from_json({"sequence": 1, "timestamp": 1, **content})


def diagnostic(message: str, severity: str = "error", **more: Any) -> automation.EngineEvent:
    return event(diagnosticEvent={"message": message, "color": "raw", "severity": severity, "urn": URN, **more})


def step(op: str) -> dict[str, Any]:
    return {"op": op, "urn": URN, "type": "kubernetes:apps/v1:Deployment", "provider": "", "keys": [], "diffs": []}


def test_each_error_is_told_once_and_the_engines_summary_not_at_all():
    events = engine.EngineReport(on_progress=lambda _: None)
    for message in ("a: refused", "a: refused\n", "update failed", "an unhandled error occurred: a: refused"):
        events.take(diagnostic(message))

    assert events.errors == ["a: refused"]


def test_progress_names_the_resource_and_what_it_waits_for():
    told: list[Progress] = []
    events = engine.EngineReport(on_progress=told.append)
    events.take(event(resourcePreEvent={"metadata": step("create")}))
    events.take(diagnostic("1 of 3 pods", severity="info", ephemeral=True))
    events.take(event(resOutputsEvent={"metadata": step("create")}))
    events.take(event(resourcePreEvent={"metadata": step("same")}))

    kind = "kubernetes:apps/v1:Deployment"
    assert told == [
        Progress(op="create", type=kind, name="web", status="started"),
        Progress(op="", type=kind, name="web", status="running", message="1 of 3 pods"),
        Progress(op="create", type=kind, name="web", status="done"),
    ]


def test_an_outcome_counts_what_changed():
    outcome = engine.Outcome(changes={"same": 7, "create": 1, "update": 2}, seconds=1.0, outputs={})

    assert outcome.changed == 3


def test_the_terminals_ctrl_c_does_not_reach_the_engine_directly(make_cli: MakeCli, tmp_path: Path):
    command = EngineCommand(make_cli("ps -o sid= -p $$"))

    assert int(command.run(["up"], str(tmp_path), {}).stdout) != os.getsid(0)


def test_the_environment_of_a_cluster_names_its_own_files_only(paths: ClusterPaths):
    variables = engine.environment(paths)

    assert variables["PULUMI_BACKEND_URL"] == f"file://{paths.state}"
    assert variables["KUBECONFIG"] == str(paths.kubeconfig)
    assert variables["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(paths.passphrase)
