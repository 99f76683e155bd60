"""Creating, restarting and deleting a local cluster."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from infra.local.cluster.description import Record, describe, read_record, write_record
from infra.local.cluster.errors import ClusterError
from infra.local.cluster.karpenter import start_karpenter
from infra.local.cluster.kubeconfig import write_kubeconfig
from infra.local.cluster.kwokctl import configuration_yaml
from infra.local.cluster.layout import Layout
from infra.local.cluster.lock import exclusive
from infra.local.cluster.manifests import initial_objects_yaml
from infra.local.cluster.options import ClusterOptions
from infra.local.cluster.ports import choose_ports
from infra.local.cluster.processes import kill_all, processes_of
from infra.local.cluster.programs import environment, kubectl
from infra.local.cluster.readiness import Probe, last_log_lines, wait_until
from infra.local.paths import ClusterPaths
from infra.system.commands import CommandFailedError, run
from infra.system.private_folder import make_private_folder
from infra.toolchain.resolve import Tools

KWOKCTL_SECONDS = 300
"""The longest that kwokctl may take, downloads included."""
APPLY_SECONDS = 60
PORT_ATTEMPTS = 3
PORT_TAKEN = "address already in use"


class Creation(StrEnum):
    """What `create` found to do."""

    CREATED = "created"
    RESTARTED = "restarted"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, kw_only=True)
class ClusterEvent:
    """A step of the work: announced with `done` False, and again with `done` True and the seconds it took."""

    step: str
    done: bool
    seconds: float = 0.0


OnClusterEvent = Callable[[ClusterEvent], None]


def create(
    paths: ClusterPaths,
    tools: Tools,
    options: ClusterOptions,
    on_event: OnClusterEvent,
    meanwhile: Callable[[], None] = lambda: None,
) -> Creation:
    """Make the cluster usable: create it, restart what died of it, or find it as it should be.

    What an interrupted creation left behind is removed first. Returns when the API server is ready and has the first
    objects; `wait_until_ready` waits for the rest. `meanwhile` is done beside it, once the cluster has its folder.
    Raises ClusterError.
    """
    layout = Layout(paths)
    _require_path_without_space(paths)
    with exclusive(layout), _files_explained(paths):
        record = read_record(layout)
        if record is None:
            _create(layout, tools, options, on_event, meanwhile)
            return Creation.CREATED
        _require_same_options(paths, record.options, options)
        with _beside(meanwhile):
            return _restart_if_needed(layout, tools, record, on_event)


def wait_until_ready(paths: ClusterPaths, tools: Tools, on_event: OnClusterEvent) -> None:
    """Wait for what a created cluster still lacks: its nodes, the node autoscaler and the metrics API.

    What ends meanwhile is started again. Raises ClusterError.
    """
    layout = Layout(paths)
    record = read_record(layout)
    if record is None:
        raise ClusterError(f"cluster {paths.name} was deleted while it started")
    with _files_explained(paths):
        try:
            _wait_until_ready(layout, tools, record, on_event)
        except ClusterError as error:
            if PORT_TAKEN in str(error):
                # Its ports are its own for good: only another cluster gets others.
                layout.record.unlink(missing_ok=True)
            raise


def delete(paths: ClusterPaths, on_event: OnClusterEvent = lambda _: None) -> bool:
    """End every process of the cluster and remove all its files, whatever state it is in.

    Returns False if there was nothing. Raises ClusterError.
    """
    layout = Layout(paths)
    if not paths.root.exists() and not processes_of(paths.root):
        return False
    with deploying(paths), exclusive(layout), _files_explained(paths):
        _remove(layout, on_event)
        layout.lock.unlink()
        layout.deployment_lock.unlink()
    return True


@contextmanager
def deploying(paths: ClusterPaths) -> Generator[None]:
    """Keep the cluster while something is deployed to it: nobody else deploys meanwhile, and nobody deletes it.

    Raises ClusterError if somebody else does.
    """
    layout = Layout(paths)
    with exclusive(layout, layout.deployment_lock):
        yield


def _create(
    layout: Layout,
    tools: Tools,
    options: ClusterOptions,
    on_event: OnClusterEvent,
    meanwhile: Callable[[], None],
) -> None:
    for attempt in range(1, PORT_ATTEMPTS + 1):
        if layout.paths.root.exists() or processes_of(layout.paths.root):
            _remove(layout, on_event)
        try:
            _create_once(layout, tools, options, on_event, meanwhile)
        except ClusterError as error:
            if PORT_TAKEN not in str(error) or options.api_port is not None or attempt == PORT_ATTEMPTS:
                raise
        else:
            return


def _create_once(
    layout: Layout,
    tools: Tools,
    options: ClusterOptions,
    on_event: OnClusterEvent,
    meanwhile: Callable[[], None],
) -> None:
    record = Record(options=options, ports=choose_ports(options.api_port))
    make_private_folder(layout.paths.root)
    with _beside(meanwhile):
        _start(layout, tools, record, on_event)
        # Before the other work is asked for its result: if that fails, the cluster stays, and the next run finds it.
        write_record(layout, record)


def _start(layout: Layout, tools: Tools, record: Record, on_event: OnClusterEvent) -> None:
    certificates = layout.components / "pki"
    with _step("control plane", on_event):
        layout.kwokctl_configuration.write_text(configuration_yaml(tools, record.ports, certificates=certificates))
        _kwokctl(layout, tools, "create", "cluster", "--kubeconfig=", f"--config={layout.kwokctl_configuration}")
        write_kubeconfig(layout.paths.kubeconfig, certificates=certificates, api_port=record.ports.apiserver)
        wait_until(_probe(layout, record).api_is_ready, component="kube-apiserver", layout=layout)
    with _step("nodes and autoscaler", on_event):
        _apply_autoscaler_types(layout, tools)
        _apply(layout, tools, initial_objects_yaml(record.options))
        start_karpenter(layout, tools, record.ports)


def _restart_if_needed(layout: Layout, tools: Tools, record: Record, on_event: OnClusterEvent) -> Creation:
    missing = [item.name for item in describe(layout.paths).components if item.pid is None]
    if not missing:
        wait_until(_probe(layout, record).api_is_ready, component="kube-apiserver", layout=layout)
        return Creation.UNCHANGED
    with _step(f"restart of {', '.join(missing)}", on_event):
        _start_missing_components(layout, tools)
        wait_until(_probe(layout, record).api_is_ready, component="kube-apiserver", layout=layout)
        if "karpenter" in missing:
            start_karpenter(layout, tools, record.ports)
    return Creation.RESTARTED


def _start_missing_components(layout: Layout, tools: Tools) -> None:
    _remove_stale_process_ids(layout)
    _kwokctl(layout, tools, "start", "cluster")


def _wait_until_ready(layout: Layout, tools: Tools, record: Record, on_event: OnClusterEvent) -> None:
    probe = _probe(layout, record)

    def start_components() -> None:
        _start_missing_components(layout, tools)

    def restart_karpenter() -> None:
        start_karpenter(layout, tools, record.ports)

    with _step("nodes ready", on_event):
        wait_until(probe.base_nodes_are_ready, component="kwok-controller", layout=layout, revive=start_components)
    with _step("node autoscaler ready", on_event):
        wait_until(probe.karpenter_is_ready, component="karpenter", layout=layout, revive=restart_karpenter)
    with _step("metrics ready", on_event):
        wait_until(probe.metrics_are_served, component="metrics-server", layout=layout, revive=start_components)


def _remove(layout: Layout, on_event: OnClusterEvent) -> None:
    """Remove the record first: interrupted from here on, the cluster counts as half made."""
    layout.record.unlink(missing_ok=True)
    with _step("processes ended", on_event):
        kill_all(layout.paths.root)
    with _step("files removed", on_event):
        if layout.paths.root.exists():
            shutil.rmtree(layout.paths.root)


def _apply_autoscaler_types(layout: Layout, tools: Tools) -> None:
    """Register Karpenter's kinds, and wait until objects of them and of kwok's usage kind can be created."""
    folders = [tools.assets / "karpenter-crds", tools.assets / "karpenter-kwok-crds"]
    _kubectl(layout, tools, "apply", "--server-side", *(f"--filename={folder}" for folder in folders))
    _kubectl(layout, tools, "wait", "--for=condition=Established", "--all", "customresourcedefinitions")


def _apply(layout: Layout, tools: Tools, objects: str) -> None:
    _kubectl(layout, tools, "apply", "--server-side", "--filename=-", stdin_text=objects)


def _kubectl(layout: Layout, tools: Tools, *arguments: str, stdin_text: str = "") -> None:
    try:
        kubectl(layout, tools, *arguments, stdin_text=stdin_text, within_seconds=APPLY_SECONDS)
    except CommandFailedError as error:
        raise ClusterError(f"the cluster's first objects cannot be created: {error}\n{error.last_lines}") from error


def _kwokctl(layout: Layout, tools: Tools, *arguments: str) -> None:
    variables = environment(layout)
    variables["PATH"] = f"{tools.kubectl.parent}{os.pathsep}{variables.get('PATH', os.defpath)}"
    command = [str(tools.kwokctl), f"--name={layout.paths.name}", *arguments]
    try:
        # Certificates, keys and a second kubeconfig of the administrator are among what it writes.
        run(command, environment=variables, timeout_seconds=KWOKCTL_SECONDS, owner_only=True)
    except CommandFailedError as error:
        logs = "\n".join(_failed_component_logs(layout))
        raise ClusterError(f"the control plane does not start: {error}\n{error.last_lines}\n{logs}") from error


def _failed_component_logs(layout: Layout) -> list[str]:
    alive = {process.name for process in processes_of(layout.paths.root)}
    started = sorted(path.stem for path in (layout.components / "pids").glob("*.pid"))
    return [f"{name} ended:\n{last_log_lines(layout, name)}" for name in started if name not in alive]


def _remove_stale_process_ids(layout: Layout) -> None:
    """Forget process ids that belong to other programs by now: kwokctl would take those for its own."""
    alive = {process.pid for process in processes_of(layout.paths.root)}
    for path in (layout.components / "pids").glob("*.pid"):
        if not path.read_text().strip().isdigit() or int(path.read_text()) not in alive:
            path.unlink()


def _probe(layout: Layout, record: Record) -> Probe:
    return Probe(ports=record.ports, certificates=layout.components / "pki")


def _require_path_without_space(paths: ClusterPaths) -> None:
    if re.search(r"\s", str(paths.root)):
        raise ClusterError(
            f"the folder {paths.root} has a space in its name, which kwokctl cannot handle. Set XDG_STATE_HOME to a "
            "folder without one."
        )


def _require_same_options(paths: ClusterPaths, existing: ClusterOptions, wanted: ClusterOptions) -> None:
    differing = [
        f"{name}: {getattr(existing, name)} is not {getattr(wanted, name)}"
        for name in wanted.model_fields_set
        if getattr(existing, name) != getattr(wanted, name)
    ]
    if differing:
        raise ClusterError(
            f"cluster {paths.name} exists with other options ({'; '.join(differing)}). Delete it first, or choose "
            "another name."
        )


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
def _step(step: str, on_event: OnClusterEvent) -> Generator[None]:
    started = time.monotonic()
    on_event(ClusterEvent(step=step, done=False))
    yield
    on_event(ClusterEvent(step=step, done=True, seconds=time.monotonic() - started))
