"""The engine's driver, with a small shell script in the place of the Pulumi CLI."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from infra.engine.command import EngineCommand
from infra.engine.driver import Engine
from infra.engine.outcome import (
    DeploymentFailedError,
    InterruptedRunError,
    OnProgress,
    ResourceProgress,
    RunResult,
    StackLockedError,
    StackMissingError,
)
from infra.engine.report import EngineReport, clean_message
from infra.engine.workspace import Workspace, stack_name
from infra.local.paths import ClusterPaths
from infra.local.workspace import cluster_workspace

READY_SECONDS = 60
URN = "urn:pulumi:local::nightowl::nightowl:apps:App$kubernetes:apps/v1:Deployment::web"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return cluster_workspace(ClusterPaths(name="one", root=tmp_path / "one"), tmp_path / "pulumi-resource-kubernetes")


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
        path.write_text(f'#!/bin/sh\n[ "$1" = version ] && echo v3.274.1 && exit 0\n{body}\n')
        path.chmod(0o755)
        return path

    return make


def works_for_30_seconds(ready: Path) -> str:
    """What a CLI does that only a signal ends in time; a signal that is lost fails the test, and does not hang it."""
    return f" echo > {ready}; for _ in $(seq 600); do sleep 0.05; done; exit 1;;"


def nothing() -> None:
    """A program without resources."""


def test_the_stack_is_named_by_its_file(tmp_path: Path):
    assert stack_name(tmp_path / "Pulumi.local.yaml") == "local"
    with pytest.raises(DeploymentFailedError, match=r"its name must be Pulumi\.<stack>\.yaml"):
        stack_name(tmp_path / "local.yaml")


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
    make_cli: MakeCli, workspace: Workspace, stack_file: Path
):
    driver = Engine(workspace=workspace, pulumi_binary=make_cli("echo 'error: disk full' >&2; exit 255"))

    with pytest.raises(DeploymentFailedError) as caught:
        driver.deploy(stack_file, nothing)
    assert caught.value.messages == ("disk full",)


def test_a_locked_stack_says_what_to_do(make_cli: MakeCli, workspace: Workspace, stack_file: Path):
    cli = make_cli("echo 'error: the stack is currently locked by 1 lock(s)' >&2; exit 255")

    with pytest.raises(StackLockedError, match="another run is at work on this stack"):
        Engine(workspace=workspace, pulumi_binary=cli).destroy(stack_file)


def test_ctrl_c_interrupts_the_engine_once_and_says_that_the_work_done_is_kept(
    make_cli: MakeCli, workspace: Workspace, stack_file: Path, tmp_path: Path
):
    cli = make_cli(
        f'case "$*" in *destroy*) trap "echo got >> {tmp_path}/signals; exit 255" INT;'
        f"{works_for_30_seconds(tmp_path / 'running')} esac"
    )
    ctrl_c = threading.Thread(target=press_ctrl_c_once, args=(tmp_path / "running",))
    ctrl_c.start()
    told: list[ResourceProgress] = []

    with pytest.raises(InterruptedRunError, match="what was done is recorded"):
        Engine(workspace=workspace, pulumi_binary=cli).destroy(stack_file, on_progress=told.append)
    ctrl_c.join()
    assert (tmp_path / "signals").read_text() == "got\n"
    assert "press Ctrl-C again" in told[-1].message


def test_ctrl_c_before_the_wait_for_the_engine_begins_is_not_lost(
    make_cli: MakeCli, workspace: Workspace, stack_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    class PressedEarly(ThreadPoolExecutor):
        def submit(self, *arguments: Any, **more: Any) -> Future[Any]:
            future = super().submit(*arguments, **more)
            press_ctrl_c_once(tmp_path / "running")
            return future

    monkeypatch.setattr("infra.engine.driver.ThreadPoolExecutor", PressedEarly)
    cli = make_cli(
        f'case "$*" in *destroy*) trap "echo got >> {tmp_path}/signals; exit 255" INT;'
        f"{works_for_30_seconds(tmp_path / 'running')} esac"
    )

    with pytest.raises(InterruptedRunError, match="what was done is recorded"):
        Engine(workspace=workspace, pulumi_binary=cli).destroy(stack_file)
    assert (tmp_path / "signals").read_text() == "got\n"


def test_what_else_ends_the_wait_stops_the_engine(
    make_cli: MakeCli, workspace: Workspace, stack_file: Path, tmp_path: Path
):
    cli = make_cli(
        f'case "$*" in *destroy*) trap "echo got >> {tmp_path}/signals; exit 255" INT;'
        f"{works_for_30_seconds(tmp_path / 'running')} esac"
    )

    def told(_: ResourceProgress) -> None:
        raise BrokenPipeError

    ctrl_c = threading.Thread(target=press_ctrl_c_once, args=(tmp_path / "running",))
    ctrl_c.start()
    with pytest.raises(BrokenPipeError):
        Engine(workspace=workspace, pulumi_binary=cli).destroy(stack_file, on_progress=told)
    ctrl_c.join()
    assert set((tmp_path / "signals").read_text().split()) == {"got"}


def test_ctrl_c_when_the_engine_has_ended_stops_the_caller(
    make_cli: MakeCli, workspace: Workspace, stack_file: Path, monkeypatch: pytest.MonkeyPatch
):
    class PressedLate(ThreadPoolExecutor):
        def shutdown(self, *arguments: Any, **more: Any) -> None:
            super().shutdown(*arguments, **more)
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("infra.engine.driver.ThreadPoolExecutor", PressedLate)
    with pytest.raises(KeyboardInterrupt):
        Engine(workspace=workspace, pulumi_binary=make_cli("exit 0")).prepare(stack_file)


def test_ctrl_c_between_two_commands_of_the_engine_stops_too(make_cli: MakeCli, tmp_path: Path):
    command = EngineCommand(make_cli("touch ran"))
    command.interrupt()

    with pytest.raises(automation.CommandError, match="interrupted"):
        command.run(["up"], str(tmp_path), {})
    assert not (tmp_path / "ran").exists()


def press_ctrl_c_once(running: Path) -> None:
    wait_until_exists(running)
    os.kill(os.getpid(), signal.SIGINT)


def wait_until_exists(file: Path) -> None:
    waited = threading.Event()
    deadline = time.monotonic() + READY_SECONDS
    while not file.exists() and time.monotonic() < deadline:
        waited.wait(0.02)


def test_the_users_kubeconfig_is_back_after_a_run(
    make_cli: MakeCli, workspace: Workspace, stack_file: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("KUBECONFIG", "/home/me/config")
    with pytest.raises(DeploymentFailedError):
        Engine(workspace=workspace, pulumi_binary=make_cli("exit 1")).destroy(stack_file)

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
    assert clean_message(text) == clean


def event(**content: Any) -> automation.EngineEvent:
    return automation.EngineEvent.from_json({"sequence": 1, "timestamp": 1, **content})


def diagnostic(message: str, severity: str = "error", **more: Any) -> automation.EngineEvent:
    return event(diagnosticEvent={"message": message, "color": "raw", "severity": severity, "urn": URN, **more})


def step(op: str) -> dict[str, Any]:
    return {"op": op, "urn": URN, "type": "kubernetes:apps/v1:Deployment", "provider": "", "keys": [], "diffs": []}


def test_each_error_is_told_once_and_the_engines_summary_not_at_all():
    events = EngineReport(on_progress=lambda _: None)
    for message in ("a: refused", "a: refused\n", "update failed", "an unhandled error occurred: a: refused"):
        events.handle(diagnostic(message))

    assert events.errors == ["a: refused"]


def violation(level: str, **more: Any) -> automation.EngineEvent:
    pack = {"policyPackName": "p", "policyPackVersion": "1", "policyPackVersionTag": "1", "policyName": "no-root"}
    return event(policyEvent={"message": "runs as root", "color": "raw", "enforcementLevel": level, **pack, **more})


def test_what_a_policy_refuses_is_told_as_an_error_with_the_resource_and_the_policy():
    events = EngineReport(on_progress=lambda _: None)
    for one in ("mandatory", "mandatory", "advisory"):
        events.handle(violation(one, resourceUrn=URN))
    events.handle(violation("mandatory"))

    assert events.errors == ["web: runs as root (policy no-root)", "runs as root (policy no-root)"]
    assert events.warnings == ["web: runs as root (policy no-root)"]


def test_progress_names_the_resource_and_what_it_waits_for():
    told: list[ResourceProgress] = []
    events = EngineReport(on_progress=told.append)
    events.handle(event(resourcePreEvent={"metadata": step("create")}))
    events.handle(diagnostic("1 of 3 pods", severity="info", ephemeral=True))
    events.handle(event(resOutputsEvent={"metadata": step("create")}))
    events.handle(event(resourcePreEvent={"metadata": step("same")}))

    kind = "kubernetes:apps/v1:Deployment"
    assert told == [
        ResourceProgress(op="create", type=kind, name="web", status="started"),
        ResourceProgress(op="", type=kind, name="web", status="running", message="1 of 3 pods"),
        ResourceProgress(op="create", type=kind, name="web", status="done"),
    ]


def test_what_is_left_where_it_is_is_not_told_as_deleted():
    told: list[ResourceProgress] = []
    events = EngineReport(on_progress=told.append)
    for kept in (True, False):
        deleted = {**step("delete"), "logical": True, "old": {"retainOnDelete": kept}}
        events.handle(event(resourcePreEvent={"metadata": deleted}))
        events.handle(event(resOutputsEvent={"metadata": deleted}))

    assert [one.message for one in told if one.status == "done"] == ["stays; only the stack forgets it", ""]
    assert [one.stays for one in events.steps] == [True, False]


def test_an_outcome_counts_what_changed():
    outcome = RunResult(changes={"same": 7, "create": 1, "update": 2}, seconds=1.0, outputs={})

    assert outcome.changed == 3


def test_the_terminals_ctrl_c_does_not_reach_the_engine_directly(make_cli: MakeCli, tmp_path: Path):
    command = EngineCommand(make_cli("ps -o sid= -p $$"))

    assert int(command.run(["up"], str(tmp_path), {}).stdout) != os.getsid(0)


def records(make_cli: MakeCli, folder: Path, body: str = "") -> Path:
    """A CLI that notes its arguments, and then does what `body` says."""
    return make_cli(f'echo "$*" >> {folder}/calls\n{body}')


def calls(folder: Path) -> list[str]:
    lines = (folder / "calls").read_text().splitlines()
    return [line.removeprefix("--non-interactive ") for line in lines]


def test_a_preview_of_a_stack_that_does_not_exist_says_so_and_makes_none(
    make_cli: MakeCli, workspace: Workspace, stack_file: Path, tmp_path: Path
):
    cli = records(make_cli, tmp_path, "echo \"error: no stack named 'local' found\" >&2; exit 255")

    with pytest.raises(StackMissingError, match="the backend has no such stack"):
        Engine(workspace=workspace, pulumi_binary=cli).preview(stack_file, nothing)
    assert calls(tmp_path) == ["stack select --stack local"]


def test_to_destroy_a_stack_that_does_not_exist_is_nothing_to_do(
    make_cli: MakeCli, workspace: Workspace, stack_file: Path, tmp_path: Path
):
    cli = records(make_cli, tmp_path, "echo \"error: no stack named 'local' found\" >&2; exit 255")
    outcome = Engine(workspace=workspace, pulumi_binary=cli).destroy(stack_file)

    assert outcome.changed == 0
    assert calls(tmp_path) == ["stack select --stack local"]


UPDATED = (
    'case "$*" in *history*) echo \'[{"version": 1, "kind": "update", "startTime": "2026-11-23T00:00:00.000Z",'
    ' "message": "", "environment": {}, "result": "succeeded", "config": {}}]\';;'
    ' *output*) echo \'{"host": "app.example.com", "token": "[secret]"}\';; esac'
)
"""A CLI that has updated a stack with a secret among its outputs."""


def test_a_stack_whose_state_is_here_is_deployed_without_looking_for_it(
    make_cli: MakeCli, workspace: Workspace, stack_file: Path, tmp_path: Path
):
    state = ClusterPaths(name="one", root=tmp_path / "one").state / ".pulumi" / "stacks" / "nightowl" / "local.json"
    state.parent.mkdir(parents=True)
    state.write_text("{}")
    Engine(workspace=workspace, pulumi_binary=records(make_cli, tmp_path, UPDATED)).deploy(stack_file, nothing)

    assert calls(tmp_path)[0].startswith("up ")


def test_outputs_are_read_once_and_never_with_their_secrets(
    make_cli: MakeCli, workspace: Workspace, stack_file: Path, tmp_path: Path
):
    cli = records(make_cli, tmp_path, UPDATED)
    outcome = Engine(workspace=workspace, pulumi_binary=cli).deploy(stack_file, nothing)

    assert outcome.outputs == {"host": "app.example.com", "token": "[secret]"}
    assert [call for call in calls(tmp_path) if "output" in call.split()] == ["stack output --json --stack local"]
    assert not [call for call in calls(tmp_path) if "--show-secrets" in call]


def test_a_cli_is_asked_for_its_version_once(tmp_path: Path):
    binary = tmp_path / "pulumi"
    binary.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/calls\necho v3.274.1\n')
    binary.chmod(0o755)

    assert EngineCommand(binary).version == EngineCommand(binary).version
    assert calls(tmp_path) == ["version"]


def test_a_lock_names_who_holds_it_as_the_cli_tells_it(make_cli: MakeCli, workspace: Workspace, stack_file: Path):
    said = (
        "error: the stack is currently locked by 1 lock(s).\\n  s3://b/1.json: created by me@vm (pid 7) at 2026-11-23"
    )
    cli = make_cli(f"printf '{said}' >&2; exit 255")

    with pytest.raises(StackLockedError, match=r"locked by me@vm \(process 7\) since 2026-11-23"):
        Engine(workspace=workspace, pulumi_binary=cli).destroy(stack_file)


def test_where_time_is_short_the_engine_is_told_to_stop_at_once_without_a_second_ctrl_c(
    make_cli: MakeCli, workspace: Workspace, stack_file: Path, tmp_path: Path
):
    (tmp_path / "signals").touch()
    cli = make_cli(
        f'case "$*" in *destroy*) trap "echo got >> {tmp_path}/signals" INT; echo > {tmp_path}/running;'
        f' while [ "$(cat {tmp_path}/signals)" != "$(printf "got\\ngot")" ]; do sleep 0.05; done; exit 255;; esac'
    )
    ctrl_c = threading.Thread(target=press_ctrl_c_once, args=(tmp_path / "running",))
    ctrl_c.start()
    told: list[ResourceProgress] = []

    with pytest.raises(InterruptedRunError):
        Engine(workspace=workspace, pulumi_binary=cli, stop_seconds=1).destroy(stack_file, on_progress=told.append)
    ctrl_c.join()
    assert (tmp_path / "signals").read_text() == "got\ngot\n"
    assert "the steps under way have 1 s to end" in told[-1].message


def test_recover_takes_off_the_locks_and_clears_what_is_pending(
    make_cli: MakeCli, workspace: Workspace, stack_file: Path, tmp_path: Path
):
    state = ClusterPaths(name="one", root=tmp_path / "one").state
    lock = state / ".pulumi" / "locks" / "organization" / "nightowl" / "local" / "1.json"
    lock.parent.mkdir(parents=True)
    lock.write_text(
        json.dumps({"pid": 7, "username": "me", "hostname": "elsewhere", "timestamp": "2026-11-23T17:35:01Z"})
    )
    pending = {"pending_operations": [{"type": "creating", "resource": {"urn": URN, "type": "kubernetes:x"}}]}
    exported = f"'{json.dumps({'version': 3, 'deployment': pending})}'"
    update = {
        "version": 1, "kind": "refresh", "startTime": "2026-11-23T00:00:00.000Z", "message": "", "environment": {},
        "result": "succeeded", "config": {},
    }  # fmt: skip
    cli = records(
        make_cli,
        tmp_path,
        f'case "$*" in *export*) [ -f {tmp_path}/fresh ] && echo "{{}}" || echo {exported};;'
        f" *history*) echo '{json.dumps([update])}';; *refresh*) touch {tmp_path}/fresh;; esac",
    )
    recovery = Engine(workspace=workspace, pulumi_binary=cli).recover(stack_file)

    assert [holder.user for holder in recovery.locks] == ["me"]
    assert recovery.pending == ("creating kubernetes:x web",)
    assert recovery.remaining == ()
    made = calls(tmp_path)
    assert made[1].startswith("cancel ")
    assert "local" in made[1]
    assert made[2] == "stack export --stack local"
    assert made[3].startswith("refresh ")
    assert "--clear-pending-creates" in made[3]


def test_recover_leaves_a_sound_stack_alone(make_cli: MakeCli, workspace: Workspace, stack_file: Path, tmp_path: Path):
    cli = records(make_cli, tmp_path, 'case "$*" in *export*) echo "{}";; esac')
    recovery = Engine(workspace=workspace, pulumi_binary=cli).recover(stack_file)

    assert (recovery.locks, recovery.pending, recovery.remaining) == ((), (), ())
    assert calls(tmp_path) == ["stack select --stack local", "stack export --stack local"]


@pytest.mark.parametrize(
    ("given", "change"),
    [
        (
            {**step("update"), "detailedDiff": {"spec.b": {"diffKind": "update"}, "spec.a": {"diffKind": "add"}}},
            ("+ spec.a", "spec.b"),
        ),
        ({**step("replace"), "detailedDiff": {"spec.b": {"diffKind": "delete-replace"}}}, ("- spec.b (replaces)",)),
        ({**step("update"), "diffs": ["spec", "data"]}, ("data", "spec")),
        ({**step("create"), "detailedDiff": {"spec.b": {"diffKind": "add"}}}, ()),
    ],
)
def test_a_planned_change_names_the_keys_that_differ_and_no_value(given: dict[str, Any], change: tuple[str, ...]):
    events = EngineReport(on_progress=lambda _: None)
    secret = {"inputs": {"password": "hunter2"}, "urn": URN, "type": "x", "id": "", "parent": "", "provider": ""}
    events.handle(event(resourcePreEvent={"metadata": {**given, "logical": True, "old": secret, "new": secret}}))

    (found,) = events.steps
    assert found.detailed == change
    assert "hunter2" not in repr(found)


def test_the_halves_of_a_replacement_refreshes_and_the_stack_itself_are_no_changes_of_their_own():
    events = EngineReport(on_progress=lambda _: None)
    for op, logical in (
        ("create-replacement", False),
        ("replace", True),
        ("delete-replaced", False),
        ("refresh", True),
    ):
        events.handle(event(resourcePreEvent={"metadata": {**step(op), "logical": logical}}))
    stack = {**step("update"), "type": "pulumi:pulumi:Stack", "logical": True}
    events.handle(event(resourcePreEvent={"metadata": stack}))

    assert [change.op for change in events.steps] == ["replace"]


class Bystander:
    """A watch that stops the run as soon as it begins to work, and knows why it fails."""

    def __init__(self, running: Path) -> None:
        self.running = running

    def __call__(self, notify: OnProgress, stop: Callable[[], None]) -> Bystander:
        self.stop = stop
        return self

    def __enter__(self) -> Bystander:
        def stop_once_it_runs() -> None:
            wait_until_exists(self.running)
            self.stop()

        threading.Thread(target=stop_once_it_runs).start()
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def on_progress(self, step: ResourceProgress) -> None:
        pass

    def explain_failure(self) -> list[str]:
        return ["pod web-1: InvalidImageName"]


def test_a_watch_can_end_a_run_and_its_reasons_come_first(
    make_cli: MakeCli, workspace: Workspace, stack_file: Path, tmp_path: Path
):
    cli = make_cli(
        f'case "$1 $2" in "--non-interactive up") trap "echo \'error: cancelled\' >&2; exit 255" INT;'
        f"{works_for_30_seconds(tmp_path / 'running')} esac"
    )

    with pytest.raises(DeploymentFailedError) as caught:
        Engine(workspace=workspace, pulumi_binary=cli).deploy(
            stack_file, nothing, watch=Bystander(tmp_path / "running")
        )

    assert caught.value.messages == ("pod web-1: InvalidImageName", "cancelled")
    assert caught.value.exit_code == 1, "nobody interrupted it"
