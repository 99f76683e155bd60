"""Creating, restarting and deleting a local cluster."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Literal

from infra.local.cluster.description import describe, read_ports, write_ports
from infra.local.cluster.errors import ClusterError
from infra.local.cluster.karpenter import start_karpenter
from infra.local.cluster.kubeconfig import write_kubeconfig
from infra.local.cluster.kwokctl import configuration_yaml
from infra.local.cluster.manifests import initial_objects_yaml
from infra.local.cluster.ports import Ports, choose_ports
from infra.local.cluster.processes import kill_all, processes_of
from infra.local.cluster.programs import environment, kubectl
from infra.local.cluster.readiness import Probe, last_log_lines, wait_until
from infra.local.cluster.volumes import start_provisioner
from infra.local.paths import ClusterPaths
from infra.system.commands import CommandFailedError, run
from infra.system.lock import LockHeldError, hold
from infra.system.private_folder import make_private_folder
from infra.toolchain.resolve import Tools

KWOKCTL_SECONDS = 300
"""The longest that kwokctl may take, downloads included."""
APPLY_SECONDS = 60
PORT_ATTEMPTS = 3
PORT_TAKEN = "address already in use"

Creation = Literal["created", "restarted", "unchanged"]
"""What `create` found to do."""
OnStep = Callable[[str, float], None]
"""What is called after a step of the work, with its name and the seconds that it took."""


def create(
    paths: ClusterPaths,
    tools: Tools,
    on_step: OnStep,
    meanwhile: Callable[[], None] = lambda: None,
    *,
    api_port: int | None = None,
) -> Creation:
    """Bring the cluster up: create it, restart what died of it, or find it as it should be.

    What an interrupted creation left behind is removed first. Returns when the API server is ready and has the first
    objects; `wait_until_ready` waits for the rest. `meanwhile` is done beside it, once the cluster has its folder. The
    API server gets the port `api_port`, or a free one.
    Raises ClusterError.
    """
    if re.search(r"\s", str(paths.root)):
        raise ClusterError(
            f"the folder {paths.root} has a space in its name, which kwokctl cannot handle. Set XDG_STATE_HOME to a "
            "folder without one."
        )
    with _exclusive(paths, paths.lock), _files_explained(paths):
        ports = read_ports(paths)
        if ports is None:
            _create(paths, tools, api_port, on_step, meanwhile)
            return "created"
        if api_port not in {None, ports.apiserver}:
            raise ClusterError(
                f"cluster {paths.name} exists with other options (api_port: {ports.apiserver} is not {api_port}). "
                "Delete it first, or choose another name."
            )
        with _beside(meanwhile):
            return _restart_if_needed(paths, tools, ports, on_step)


def wait_until_ready(paths: ClusterPaths, tools: Tools, on_step: OnStep) -> None:
    """Wait for what a created cluster still lacks: its nodes, the node autoscaler and the metrics API.

    What ends meanwhile is started again. Raises ClusterError.
    """
    ports = read_ports(paths)
    if ports is None:
        raise ClusterError(f"cluster {paths.name} was deleted while it started")
    probe = _probe(paths, ports)
    start_components = partial(_start_missing_components, paths, tools)
    restart_karpenter = partial(start_karpenter, paths, tools, ports)
    try:
        for step, is_ready, component, revive in (
            ("nodes ready", probe.base_nodes_are_ready, "kwok-controller", start_components),
            ("node autoscaler ready", probe.karpenter_is_ready, "karpenter", restart_karpenter),
            ("metrics ready", probe.metrics_are_served, "metrics-server", start_components),
        ):
            with _files_explained(paths), _step(step, on_step):
                wait_until(is_ready, component=component, paths=paths, revive=revive)
    except ClusterError as error:
        if PORT_TAKEN in str(error):
            # Its ports are its own for good: only another cluster gets others.
            paths.record.unlink(missing_ok=True)
        raise


def delete(paths: ClusterPaths) -> bool:
    """End every process of the cluster and remove all its files, whatever state it is in.

    Returns False if there was nothing. Raises ClusterError.
    """
    if not paths.root.exists() and not processes_of(paths.root):
        return False
    with deploying(paths), _exclusive(paths, paths.lock), _files_explained(paths):
        _remove(paths, lambda _step, _seconds: None)
        paths.lock.unlink()
        paths.deployment_lock.unlink()
    return True


def deploying(paths: ClusterPaths) -> AbstractContextManager[None]:
    """Keep the cluster while something is deployed to it: nobody else deploys meanwhile, and nobody deletes it.

    Raises ClusterError if somebody else does.
    """
    return _exclusive(paths, paths.deployment_lock)


@contextmanager
def _exclusive(paths: ClusterPaths, path: Path) -> Generator[None]:
    """Hold a lock of the cluster, or refuse at once if another process does."""
    with ExitStack() as stack:
        try:
            make_private_folder(path.parent)
            stack.enter_context(hold(path))
        except OSError as error:
            raise ClusterError(
                f"the folder {path.parent} cannot be written ({error.strerror}). Make it writable, or set "
                "XDG_STATE_HOME to a folder that is."
            ) from error
        except LockHeldError as error:
            raise ClusterError(
                f"cluster {paths.name} is being created, deployed to or deleted by another nightowl "
                f"(process {error.holder}). Wait for it to end, then run the command again."
            ) from error
        yield


def _create(
    paths: ClusterPaths, tools: Tools, api_port: int | None, on_step: OnStep, meanwhile: Callable[[], None]
) -> None:
    for attempts_left in reversed(range(PORT_ATTEMPTS)):
        if paths.root.exists() or processes_of(paths.root):
            _remove(paths, on_step)
        try:
            ports = choose_ports(api_port)
            make_private_folder(paths.root)
            with _beside(meanwhile):
                _start(paths, tools, ports, on_step)
                # Before the other work is asked for its result: if that fails, the cluster stays for the next run.
                write_ports(paths, ports)
        except ClusterError as error:
            if PORT_TAKEN not in str(error) or api_port is not None or not attempts_left:
                raise
        else:
            return


def _start(paths: ClusterPaths, tools: Tools, ports: Ports, on_step: OnStep) -> None:
    with _step("control plane", on_step):
        paths.kwokctl_configuration.write_text(configuration_yaml(tools, ports, certificates=paths.certificates))
        _kwokctl(paths, tools, "create", "cluster", "--kubeconfig=", f"--config={paths.kwokctl_configuration}")
        write_kubeconfig(paths.kubeconfig, certificates=paths.certificates, api_port=ports.apiserver)
        _wait_for_api_server(paths, ports)
    with _step("nodes and autoscaler", on_step):
        # Karpenter's kinds, and kwok's of usage: until they are established, no object of them can be made.
        kinds = [f"--filename={tools.assets / folder}" for folder in ("karpenter-crds", "karpenter-kwok-crds")]
        _kubectl(paths, tools, "apply", "--server-side", *kinds)
        _kubectl(paths, tools, "wait", "--for=condition=Established", "--all", "customresourcedefinitions")
        _kubectl(paths, tools, "apply", "--server-side", "--filename=-", stdin_text=initial_objects_yaml())
        start_karpenter(paths, tools, ports)
        start_provisioner(paths, ports)


def _restart_if_needed(paths: ClusterPaths, tools: Tools, ports: Ports, on_step: OnStep) -> Creation:
    missing = [name for name, pid in describe(paths).components.items() if pid is None]
    if not missing:
        _wait_for_api_server(paths, ports)
        return "unchanged"
    with _step(f"restart of {', '.join(missing)}", on_step):
        _start_missing_components(paths, tools)
        _wait_for_api_server(paths, ports)
        if "karpenter" in missing:
            start_karpenter(paths, tools, ports)
        if "volume-provisioner" in missing:
            start_provisioner(paths, ports)
    return "restarted"


def _start_missing_components(paths: ClusterPaths, tools: Tools) -> None:
    _remove_stale_process_ids(paths)
    _kwokctl(paths, tools, "start", "cluster")


def _remove(paths: ClusterPaths, on_step: OnStep) -> None:
    """Remove the record first: interrupted from here on, the cluster counts as half made."""
    paths.record.unlink(missing_ok=True)
    with _step("processes ended", on_step):
        kill_all(paths.root)
    with _step("files removed", on_step):
        if paths.root.exists():
            shutil.rmtree(paths.root)


def _kubectl(paths: ClusterPaths, tools: Tools, *arguments: str, stdin_text: str = "") -> None:
    try:
        kubectl(paths, tools, *arguments, stdin_text=stdin_text, within_seconds=APPLY_SECONDS)
    except CommandFailedError as error:
        raise ClusterError(f"the cluster's first objects cannot be created: {error}\n{error.last_lines}") from error


def _kwokctl(paths: ClusterPaths, tools: Tools, *arguments: str) -> None:
    variables = environment(paths)
    variables["PATH"] = f"{tools.kubectl.parent}{os.pathsep}{variables.get('PATH', os.defpath)}"
    command = [str(tools.kwokctl), f"--name={paths.name}", *arguments]
    try:
        # Certificates, keys and a second kubeconfig of the administrator are among what it writes.
        run(command, environment=variables, timeout_seconds=KWOKCTL_SECONDS, owner_only=True)
    except CommandFailedError as error:
        logs = "\n".join(_failed_component_logs(paths))
        raise ClusterError(f"the control plane does not start: {error}\n{error.last_lines}\n{logs}") from error


def _failed_component_logs(paths: ClusterPaths) -> list[str]:
    alive = {process.name for process in processes_of(paths.root)}
    started = sorted(path.stem for path in (paths.components / "pids").glob("*.pid"))
    return [f"{name} ended:\n{last_log_lines(paths, name)}" for name in started if name not in alive]


def _remove_stale_process_ids(paths: ClusterPaths) -> None:
    """Forget process ids that belong to other programs by now: kwokctl would take those for its own."""
    alive = {process.pid for process in processes_of(paths.root)}
    for path in (paths.components / "pids").glob("*.pid"):
        if not path.read_text().strip().isdigit() or int(path.read_text()) not in alive:
            path.unlink()


def _wait_for_api_server(paths: ClusterPaths, ports: Ports) -> None:
    wait_until(_probe(paths, ports).api_is_ready, component="kube-apiserver", paths=paths)


def _probe(paths: ClusterPaths, ports: Ports) -> Probe:
    return Probe(ports=ports, certificates=paths.certificates)


@contextmanager
def _files_explained(paths: ClusterPaths) -> Generator[None]:
    """Turn a full disk or an unwritable folder into a message about the cluster's folder."""
    try:
        yield
    except OSError as error:
        raise ClusterError(
            f"a file of cluster {paths.name} cannot be written or removed: {error.filename or paths.root}: "
            f"{error.strerror}. Check the free space and the rights of {paths.root.parent}."
        ) from error


@contextmanager
def _beside(work: Callable[[], None]) -> Generator[None]:
    """Do `work` on another thread, and have it done at the end."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="meanwhile") as pool:
        done = pool.submit(work)
        yield
        done.result()


@contextmanager
def _step(step: str, on_step: OnStep) -> Generator[None]:
    started = time.monotonic()
    yield
    on_step(step, time.monotonic() - started)
