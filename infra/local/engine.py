"""The Pulumi engine, driven for one local cluster: the program runs in this process, the state is the cluster's own.

Everything the engine writes is below the cluster's folder and this tool's Pulumi home. The stack files of the project
are read and never written.
"""

from __future__ import annotations

import contextlib
import gc
import inspect
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar, cast

import yaml
from pulumi import automation
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from infra.errors import NightowlError
from infra.local.paths import ClusterPaths
from infra.local.provider_plugin import ProviderPlugin, plugin_version, pulumi_home

PROJECT = "nightowl"
UNCHANGED = frozenset({"same", "read"})
COLOUR_TAG = re.compile(r"<\{%.*?%\}>")
ERROR_COUNT = re.compile(r"^\d+ errors? occurred:\s*")
HIDDEN_OUTPUT = "[secret]"

# What the engine says about the whole run after it has said what went wrong.
SUMMARIES = (
    "update failed",
    "preview failed",
    "destroy failed",
    "refresh failed",
    "BAIL:",
    "resource monitor shut down",
)

# What comes before a message that is told once already, or says nothing.
REPEATING_PREFIXES = ("Preview failed: ", "an unhandled error occurred: ")
PROGRAM_CRASH = "python inline source runtime error:"

# How the engine ends its report on a plugin that wrote nothing before it was gone.
SILENT_PLUGIN_END = "STDOUT and STDERR streams of the plugin:"

Program: TypeAlias = Callable[[], None]
Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One step of the engine: what it does (`create`, `update`, ...) to which resource, and how far it is."""

    op: str
    type: str
    name: str
    status: Literal["started", "running", "done", "failed", "warning"]
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run did: resources by operation, its duration, and the stack's outputs with secrets hidden."""

    changes: Mapping[str, int]
    seconds: float
    outputs: Mapping[str, Any]

    @property
    def changed(self) -> int:
        """The number of resources that the run created, changed or deleted."""
        return sum(count for op, count in self.changes.items() if op not in UNCHANGED)


class DeploymentFailedError(NightowlError):
    """The engine could not do what was asked. `messages` say why, each once, ready to be shown."""

    def __init__(self, messages: list[str]) -> None:
        self.messages = tuple(messages)
        super().__init__("\n".join(messages))


class StackLockedError(DeploymentFailedError):
    """Another run is at work on the stack."""


class InterruptedRunError(DeploymentFailedError):
    """The user stopped the run."""


OnProgress: TypeAlias = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True)
class Engine:
    """The engine for the stacks of one cluster, run by the Pulumi CLI at `pulumi_binary`."""

    paths: ClusterPaths
    pulumi_binary: Path
    plugin: ProviderPlugin

    def deploy(
        self, stack_file: Path, program: Program, *, refresh: bool = False, on_progress: OnProgress | None = None
    ) -> Outcome:
        """Brings the cluster to what `program` declares; with `refresh`, hand edits are found and undone.

        Raises DeploymentFailedError, StackLockedError, InterruptedRunError.
        """

        def work(stack: automation.Stack, events: EngineReport) -> dict[str, Any]:
            result = stack.up(
                program=program, refresh=refresh or None, color="never", on_event=events.take, show_secrets=False
            )
            return _shown(result.outputs)

        return self._run(stack_file, work, on_progress)

    def preview(
        self, stack_file: Path, program: Program, *, refresh: bool = False, on_progress: OnProgress | None = None
    ) -> Outcome:
        """What `deploy` would do; changes nothing. Raises as `deploy` does."""

        def work(stack: automation.Stack, events: EngineReport) -> dict[str, Any]:
            stack.preview(program=program, refresh=refresh or None, color="never", on_event=events.take)
            return {}

        return self._run(stack_file, work, on_progress)

    def destroy(self, stack_file: Path, *, on_progress: OnProgress | None = None) -> Outcome:
        """Deletes all that the stack has on the cluster. Raises as `deploy` does."""

        def work(stack: automation.Stack, events: EngineReport) -> dict[str, Any]:
            stack.destroy(color="never", on_event=events.take, show_secrets=False)
            return {}

        return self._run(stack_file, work, on_progress)

    def _run(
        self,
        stack_file: Path,
        work: Callable[[automation.Stack, EngineReport], dict[str, Any]],
        on_progress: OnProgress | None,
    ) -> Outcome:
        started = time.monotonic()
        name = stack_name(stack_file)
        write_workspace(self.paths, stack_file, self.plugin)
        command = EngineCommand(self.pulumi_binary)
        events = EngineReport(on_progress=on_progress or _ignore)

        def whole() -> dict[str, Any]:
            stack = automation.Stack.create_or_select(name, self._workspace(command))
            if has_only_stale_locks(self.paths, name):
                stack.cancel()
            return work(stack, events)

        with _kubeconfig_in_environment(self.paths.kubeconfig), _abandoned_programs_ignored():
            outputs = _interruptible(whole, command, events)
        return Outcome(changes=events.changes, seconds=time.monotonic() - started, outputs=outputs)

    def _workspace(self, command: EngineCommand) -> automation.LocalWorkspace:
        return automation.LocalWorkspace(
            work_dir=str(self.paths.workspace),
            pulumi_home=str(pulumi_home()),
            env_vars={**environment(self.paths), "PULUMI_SKIP_UPDATE_CHECK": "true"},
            secrets_provider="passphrase",
            pulumi_command=command,
        )


class EngineCommand(automation.PulumiCommand):
    """The Pulumi CLI at any path, out of reach of the terminal's Ctrl-C.

    The CLI takes a second interrupt as an order to abandon the state as it is. A terminal sends Ctrl-C to every
    process of its group, so the CLI gets a session of its own, and exactly the interrupts that `interrupt` sends.
    PULUMI_* variables of the caller's environment, such as another backend or passphrase, do not reach it.
    """

    def __init__(self, binary: Path) -> None:
        self.command = str(binary)
        self._process: subprocess.Popen[str] | None = None
        self._interrupted = False
        self._starting = threading.Lock()
        try:
            text = subprocess.run(
                [self.command, "version"],
                capture_output=True,
                text=True,
                check=True,
                env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            ).stdout
            self.version = VersionInfo.parse(text.strip().removeprefix("v"))
        except (OSError, subprocess.CalledProcessError, ValueError) as error:
            raise DeploymentFailedError([f"{binary} is not a Pulumi CLI that runs here: {error}"]) from error

    def interrupt(self) -> None:
        """Asks the running command to stop; a second time, to stop at once. No further command starts."""
        with self._starting:
            self._interrupted = True
            if self._process is not None and self._process.poll() is None:
                self._process.send_signal(signal.SIGINT)

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: automation.OnOutput | None = None,
        on_error: automation.OnOutput | None = None,
    ) -> automation.CommandResult:
        """The output of one CLI command. Raises CommandError when it fails."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")}
        with self._started(args, cwd, {**inherited, **additional_env, "PULUMI_AUTOMATION_API": "true"}) as process:
            stdout, stderr = process.communicate()
        _each_line(stdout, on_output)
        _each_line(stderr, on_error)
        result = automation.CommandResult(stdout=stdout, stderr=stderr, code=process.returncode)
        if process.returncode != 0:
            raise create_command_error(result)
        return result

    def _started(self, args: list[str], cwd: str, environment: Mapping[str, str]) -> subprocess.Popen[str]:
        with self._starting:
            if self._interrupted:
                raise automation.CommandError(automation.CommandResult(stdout="", stderr="interrupted", code=130))
            self._process = subprocess.Popen(
                [self.command, "--non-interactive", *args],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=cwd,
                env=environment,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
            return self._process


@dataclass(kw_only=True)
class EngineReport:
    """Collects what the engine reports: counts, errors, and progress passed on as it comes."""

    on_progress: OnProgress
    changes: dict[str, int] = field(default_factory=dict[str, int])
    errors: list[str] = field(default_factory=list[str])

    def take(self, event: automation.EngineEvent) -> None:
        """Notes one event of the engine."""
        if event.resource_pre_event:
            self._step(event.resource_pre_event.metadata, "started")
        elif event.res_outputs_event:
            self._step(event.res_outputs_event.metadata, "done")
        elif event.res_op_failed_event:
            self._step(event.res_op_failed_event.metadata, "failed")
        elif event.diagnostic_event:
            self._diagnostic(event.diagnostic_event)
        elif event.summary_event:
            self.changes = {_text(op): count for op, count in event.summary_event.resource_changes.items()}

    def telling_errors(self) -> list[str]:
        """The errors without the engine's remark that a plugin ended, which follows when it stops one itself."""
        return [error for error in self.errors if not error.endswith(SILENT_PLUGIN_END)]

    def _step(self, step: automation.StepEventMetadata, status: Literal["started", "done", "failed"]) -> None:
        op = _text(step.op)
        if op not in UNCHANGED:
            self.on_progress(Progress(op=op, type=step.type, name=_urn_name(step.urn), status=status))

    def _diagnostic(self, event: automation.DiagnosticEvent) -> None:
        message = clean_message(event.message)
        if not message or message.startswith(SUMMARIES):
            return
        if event.severity == "error" and message not in self.errors:
            self.errors.append(message)
        elif event.ephemeral or event.severity == "warning":
            status = "running" if event.ephemeral else "warning"
            urn = event.urn or ""
            progress = Progress(op="", type=_urn_type(urn), name=_urn_name(urn), status=status, message=message)
            self.on_progress(progress)


def environment(paths: ClusterPaths) -> dict[str, str]:
    """The variables with which kubectl and any Pulumi CLI reach the cluster and the state of its stacks."""
    return {
        "KUBECONFIG": str(paths.kubeconfig),
        "PULUMI_BACKEND_URL": paths.state.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(paths.passphrase),
    }


def stack_name(stack_file: Path) -> str:
    """The stack of a file named `Pulumi.<stack>.yaml`. Raises DeploymentFailedError for another name."""
    match = re.fullmatch(r"Pulumi\.([A-Za-z0-9_.-]+)\.ya?ml", stack_file.name)
    if not match:
        raise DeploymentFailedError([f"{stack_file} is not a stack file; its name must be Pulumi.<stack>.yaml"])
    return match.group(1)


def write_workspace(paths: ClusterPaths, stack_file: Path, plugin: ProviderPlugin) -> None:
    """Writes the engine's folder: the project with its plugin, the stack's configuration, and the passphrase.

    The salt that the engine made for the stack's secrets is kept from one run to the next.
    Raises DeploymentFailedError for a stack file that cannot be used here.
    """
    for folder in (paths.root, paths.workspace, paths.state):
        folder.mkdir(parents=True, exist_ok=True)
    _keep_passphrase(paths.passphrase)
    config = _stack_config(stack_file)
    target = paths.workspace / stack_file.with_suffix(".yaml").name
    kept = _yaml_map(target) if target.exists() else {}
    salt = {key: kept[key] for key in ("encryptionsalt",) if key in kept}
    _write_yaml(target, {**salt, "config": config})
    _write_yaml(paths.workspace / "Pulumi.yaml", _project(plugin))


def _project(plugin: ProviderPlugin) -> dict[str, Any]:
    project: dict[str, Any] = {"name": PROJECT, "runtime": "python"}
    if plugin.folder is not None:
        provider = {"name": "kubernetes", "version": plugin_version(), "path": str(plugin.folder)}
        project["plugins"] = {"providers": [provider]}
    return project


def _stack_config(stack_file: Path) -> dict[str, Any]:
    try:
        settings = _yaml_map(stack_file)
    except OSError as error:
        raise DeploymentFailedError([f"{stack_file} cannot be read: {error.strerror}"]) from error
    except yaml.YAMLError as error:
        raise DeploymentFailedError([f"{stack_file} is not YAML: {error}"]) from error
    config: Any = settings.get("config") or {}
    if not isinstance(config, dict):
        raise DeploymentFailedError(
            [f"{stack_file}: config must be a map of keys, not a {type(cast(object, config)).__name__}"]
        )
    if "secure:" in json.dumps(config).replace('"', ""):
        raise DeploymentFailedError(
            [f"{stack_file}: encrypted values cannot be read on a local cluster; refer to a secret by name instead"]
        )
    return cast(dict[str, Any], config)


def _keep_passphrase(path: Path) -> None:
    if path.exists():
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(32))


def has_only_stale_locks(paths: ClusterPaths, stack: str) -> bool:
    """Whether the stack is locked only by runs on this machine that are no longer alive, and so can be unlocked."""
    locks = list((paths.state / ".pulumi" / "locks" / "organization" / PROJECT / stack).glob("*.json"))
    return bool(locks) and all(_is_stale(lock) for lock in locks)


def _is_stale(lock: Path) -> bool:
    try:
        holder = cast(dict[str, Any], json.loads(lock.read_text()))
        if holder.get("hostname") != socket.gethostname():
            return False
        os.kill(int(holder["pid"]), 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError, KeyError):
        return False
    return False


def clean_message(text: str) -> str:
    """A diagnostic of the engine without colour tags, counts and repetitions in front, and without a traceback."""
    plain = COLOUR_TAG.sub("", text).strip()
    for prefix in REPEATING_PREFIXES:
        plain = plain.removeprefix(prefix)
    if plain.startswith(PROGRAM_CRASH):
        return _crash(plain)
    plain = ERROR_COUNT.sub("", plain).removeprefix("* ")
    return plain.replace("\n\t* ", "\n").strip()


def _crash(report: str) -> str:
    """What is at the end of a program's traceback: the place, and the error."""
    lines = [line.strip() for line in report.splitlines() if line.strip()]
    places = [line for line in lines if line.startswith('File "')]
    place = f" at {places[-1].removeprefix('File ')}" if places else ""
    return f"the program failed{place}: {lines[-1]}"


def _interruptible(work: Callable[[], Result], command: EngineCommand, events: EngineReport) -> Result:
    """The result of `work`, done on another thread so that Ctrl-C is turned into a clean stop of the engine."""
    interrupted = threading.Event()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine") as pool:
        future = pool.submit(work)
        while True:
            try:
                return future.result()
            except KeyboardInterrupt:
                interrupted.set()
                command.interrupt()
                message = "stopping after the steps under way; press Ctrl-C again to stop at once"
                events.on_progress(Progress(op="", type="", name="", status="warning", message=message))
            except automation.CommandError as error:
                raise _failure(error, events, interrupted=interrupted.is_set()) from None


def _failure(error: automation.CommandError, events: EngineReport, *, interrupted: bool) -> DeploymentFailedError:
    if interrupted:
        advice = "stopped before the end; what was done is recorded, and the next run continues from there"
        return InterruptedRunError([*events.telling_errors(), advice])
    if isinstance(error, automation.ConcurrentUpdateError):
        return StackLockedError(["another run is at work on this stack; wait for its end, or stop it, and try again"])
    return DeploymentFailedError(events.telling_errors() or [_last_words(error)])


def _last_words(error: automation.CommandError) -> str:
    """What the CLI wrote to standard error, for failures that the engine has not reported."""
    written = str(error).partition("stderr:")[2]
    lines = [clean_message(line).removeprefix("error: ") for line in written.splitlines()]
    return "\n".join(line for line in lines if line) or "the Pulumi engine failed without a message"


def _shown(outputs: automation.OutputMap) -> dict[str, Any]:
    return {name: HIDDEN_OUTPUT if output.secret else output.value for name, output in outputs.items()}


@contextlib.contextmanager
def _kubeconfig_in_environment(kubeconfig: Path) -> Generator[None]:
    """Sets KUBECONFIG for the program, which runs in this process and whose provider reads it there."""
    before = os.environ.get("KUBECONFIG")
    os.environ["KUBECONFIG"] = str(kubeconfig)
    try:
        yield
    finally:
        if before is None:
            del os.environ["KUBECONFIG"]
        else:
            os.environ["KUBECONFIG"] = before


def _each_line(text: str, callback: automation.OnOutput | None) -> None:
    if callback is not None:
        for line in text.splitlines():
            callback(line)


@contextlib.contextmanager
def _abandoned_programs_ignored() -> Generator[None]:
    """Keeps Python from reporting the program that a failed run has left in the middle; the failure is told anyway."""
    before = sys.unraisablehook
    sys.unraisablehook = lambda report: None if inspect.iscoroutine(report.object) else before(report)
    try:
        yield
    finally:
        gc.collect()
        sys.unraisablehook = before


def _urn_name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _urn_type(urn: str) -> str:
    parts = urn.split("::")
    return parts[2].rpartition("$")[2] if len(parts) > 2 else ""


def _text(op: Any) -> str:
    return str(getattr(op, "value", op))


def _yaml_map(path: Path) -> dict[str, Any]:
    loaded: Any = yaml.safe_load(path.read_text())
    return cast(dict[str, Any], loaded) if isinstance(loaded, dict) else {}


def _write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(dict(content), sort_keys=False))


def _ignore(_: Progress) -> None:
    """Shows nothing."""
