"""The life of a cluster, with fake programs: kwokctl starts scripts that sleep, kubectl accepts everything."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from infra.local.cluster.description import describe
from infra.local.cluster.errors import ClusterError
from infra.local.cluster.karpenter import start_karpenter
from infra.local.cluster.lifecycle import Creation, create, delete, deploying, wait_until_ready
from infra.local.cluster.ports import FIRST_PORT, LAST_PORT, Ports, choose_ports
from infra.local.cluster.processes import processes_of, wait_until_listed
from infra.local.cluster.readiness import COMPONENTS, Probe
from infra.local.cluster.zones import ZONES
from infra.local.paths import KUBE_CONTEXT, ClusterPaths
from infra.toolchain.resolve import EngineTools, Tools

FAKE_KWOKCTL = """#!/bin/sh
# usage: kwokctl --name=NAME create|start cluster ...
echo "$@" >> "$FAKE_CALLS"
env > "$FAKE_CALLS.env"
home="$KWOK_WORKDIR/clusters/${1#--name=}"
mkdir -p "$home/bin" "$home/pids" "$home/logs" "$home/pki"
for file in ca.crt admin.crt admin.key; do echo "$file" > "$home/pki/$file"; done
if [ -n "$FAKE_KWOKCTL_FAILS" ]; then
  echo 999999999 > "$home/pids/etcd.pid"
  echo "$FAKE_KWOKCTL_FAILS" > "$home/logs/etcd.log"
  echo "Error: failed to start cluster" >&2
  exit 1
fi
for name in etcd kube-apiserver kube-controller-manager kube-scheduler kwok-controller metrics-server; do
  if [ -f "$home/pids/$name.pid" ]; then continue; fi
  ln -sf "$FAKE_SLEEPER" "$home/bin/$name"
  "$home/bin/$name" 300 < /dev/null > "$home/logs/$name.log" 2>&1 &
  echo $! > "$home/pids/$name.pid"
done
"""


class Machine:
    """A user's folders, the fake tools, and what was called."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = root / "calls"
        self.paths = ClusterPaths(name="test", root=root / "clusters" / "test")
        self.steps: list[str] = []
        programs = root / "programs"
        programs.mkdir()
        sleeper = Path("/bin/sleep").resolve()
        monkeypatch.setenv("FAKE_SLEEPER", str(sleeper))
        monkeypatch.setenv("FAKE_CALLS", str(self.calls))
        monkeypatch.setenv("FAKE_KWOKCTL_FAILS", "")
        monkeypatch.setenv("KWOK_RUNTIME", "docker")
        for name, text in {"kwokctl": FAKE_KWOKCTL, "kubectl": "#!/bin/sh\ncat > /dev/null\n"}.items():
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        self.tools = replace(tools(root, programs), karpenter=sleeper)

    def up(self, api_port: int | None = None) -> Creation:
        made = create(self.paths, self.tools, self.on_step, api_port=api_port)
        wait_until_ready(self.paths, self.tools, self.on_step)
        return made

    def on_step(self, step: str, _seconds: float) -> None:
        self.steps.append(step)

    def started(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []

    def pid_of(self, component: str) -> int:
        pids = describe(self.paths).components
        pid = pids[component]
        assert pid is not None
        return pid


def start_fake_karpenter(paths: ClusterPaths, tools: Tools, ports: Ports) -> None:
    paths.karpenter.parent.mkdir(exist_ok=True)
    paths.karpenter.unlink(missing_ok=True)
    paths.karpenter.symlink_to(tools.karpenter)
    pid = os.posix_spawn(str(paths.karpenter), [str(paths.karpenter), "300"], {})
    wait_until_listed(pid)


def tools(root: Path, programs: Path) -> Tools:
    """Tools in a folder of programs, with assets and downloads beside it."""
    return Tools(
        kwokctl=programs / "kwokctl",
        karpenter=programs / "karpenter",
        engine=EngineTools(pulumi=programs / "pulumi", provider=programs / "provider"),
        assets=assets(root / "assets"),
        downloads=root / "downloads",
        kube_apiserver=programs / "kube-apiserver",
        kube_controller_manager=programs / "kube-controller-manager",
        kube_scheduler=programs / "kube-scheduler",
        kubectl=programs / "kubectl",
        etcd=programs / "etcd",
        kwok=programs / "kwok",
        metrics_server=programs / "metrics-server",
    )


def assets(folder: Path) -> Path:
    """Stage files like those that the toolchain copies from kwok's sources."""
    for name in (
        "node-stages/fast/node-initialize",
        "node-stages/heartbeat-with-lease/node-heartbeat-with-lease",
        "node-stages/chaos/node-not-ready",
        "pod-stages/fast/pod-ready",
        "pod-stages/fast/pod-complete",
        "pod-stages/fast/pod-delete",
    ):
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump({"kind": "Stage", "metadata": {"name": path.stem}}))
    return folder


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Machine]:
    for check in ("api_is_ready", "base_nodes_are_ready", "metrics_are_served", "karpenter_is_ready"):
        monkeypatch.setattr(Probe, check, lambda self: True)
    monkeypatch.setattr("infra.local.cluster.lifecycle.start_karpenter", start_fake_karpenter)
    monkeypatch.setattr("infra.local.cluster.volumes.provisioner.__file__", str(Path(__file__).parent / "sleeper.py"))
    made = Machine(tmp_path, monkeypatch)
    yield made
    delete(made.paths)


def test_a_new_cluster_runs_every_component_and_says_what_it_did(machine: Machine) -> None:
    assert machine.up() == "created"

    description = describe(machine.paths)
    assert description.exists
    assert description.running
    assert describe(machine.paths).running
    assert list(description.components) == list(COMPONENTS)
    assert description.memory_bytes > 0
    assert machine.steps[0] == "control plane"
    assert machine.steps[-1] == "metrics ready"


def test_a_second_create_changes_nothing(machine: Machine) -> None:
    machine.up()
    before = describe(machine.paths)

    assert machine.up() == "unchanged"

    assert len(machine.started()) == 1
    assert describe(machine.paths).components == before.components


@pytest.mark.parametrize("component", ["etcd", "karpenter"])
def test_a_component_that_died_is_started_again_and_the_others_are_left_alone(machine: Machine, component: str) -> None:
    machine.up()
    before = dict(describe(machine.paths).components)
    _end(machine.pid_of(component))
    assert not describe(machine.paths).running

    assert machine.up() == "restarted"

    after = dict(describe(machine.paths).components)
    assert after.pop(component) != before.pop(component)
    assert after == before
    assert any(component in step for step in machine.steps)


def test_after_a_reboot_a_reused_process_id_does_not_pass_for_a_component(machine: Machine) -> None:
    machine.up()
    for name in describe(machine.paths).components:
        _end(machine.pid_of(name))
    pid_file = machine.paths.components / "pids" / "etcd.pid"
    pid_file.write_text(str(os.getpid()))

    assert machine.up() == "restarted"

    assert describe(machine.paths).running


def test_delete_ends_every_process_and_removes_every_file_but_not_what_is_beside(machine: Machine) -> None:
    machine.up()
    bystander = subprocess.Popen(["/usr/bin/tail", "-f", str(machine.paths.kubeconfig)], stdout=subprocess.DEVNULL)
    try:
        assert delete(machine.paths)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()

    assert processes_of(machine.paths.root) == []
    assert list(machine.paths.root.parent.iterdir()) == []
    assert not delete(machine.paths)


def test_a_cluster_is_not_deleted_while_something_is_deployed_to_it(machine: Machine) -> None:
    machine.up()

    with deploying(machine.paths), pytest.raises(ClusterError, match=f"deployed to .*process {os.getpid()}"):
        delete(machine.paths)

    assert describe(machine.paths).running
    assert delete(machine.paths)


def test_a_folder_with_a_space_is_refused_before_anything_starts(machine: Machine, tmp_path: Path) -> None:
    spaced = ClusterPaths("test", tmp_path / "my clusters" / "test")

    with pytest.raises(ClusterError, match=r"has a space in its name.*XDG_STATE_HOME"):
        create(spaced, machine.tools, machine.on_step)

    assert not spaced.root.parent.exists()


def test_a_half_made_cluster_is_removed_by_delete(machine: Machine) -> None:
    machine.up()
    machine.paths.record.unlink()
    _end(machine.pid_of("kube-apiserver"))

    assert delete(machine.paths)

    assert processes_of(machine.paths.root) == []
    assert not machine.paths.root.exists()


def test_a_half_made_cluster_is_made_anew_by_create(machine: Machine) -> None:
    machine.up()
    machine.paths.record.unlink()
    old = machine.pid_of("etcd")

    assert machine.up() == "created"

    assert describe(machine.paths).running
    assert machine.pid_of("etcd") != old


def test_clusters_of_different_names_live_side_by_side(machine: Machine) -> None:
    other = ClusterPaths(name="other", root=machine.paths.root.parent / "other")
    machine.up()
    create(other, machine.tools, machine.on_step)

    assert delete(other)

    assert describe(machine.paths).running


def test_a_name_that_begins_like_another_is_another_cluster(machine: Machine) -> None:
    longer = ClusterPaths(name="test2", root=machine.paths.root.parent / "test2")
    create(longer, machine.tools, machine.on_step)

    try:
        assert not describe(machine.paths).running
        assert not delete(machine.paths)
        assert describe(longer).running
    finally:
        delete(longer)


def test_two_creates_at_once_are_refused_with_the_holder_named(machine: Machine) -> None:
    lock = machine.paths.lock
    lock.parent.mkdir(parents=True)
    with lock.open("w") as held:
        held.write("4711")
        held.flush()
        fcntl.flock(held, fcntl.LOCK_SH)
        with pytest.raises(
            ClusterError, match=r"cluster test is being created, deployed to or deleted by another.*4711"
        ):
            machine.up()
    assert machine.started() == []


def test_the_kubeconfig_is_the_owners_alone_and_names_only_the_local_context(machine: Machine) -> None:
    machine.up()

    assert stat.S_IMODE(machine.paths.kubeconfig.stat().st_mode) == 0o600
    kubeconfig = yaml.safe_load(machine.paths.kubeconfig.read_text())
    assert kubeconfig["current-context"] == KUBE_CONTEXT
    assert [item["name"] for item in kubeconfig["contexts"]] == [KUBE_CONTEXT]
    assert kubeconfig["clusters"][0]["cluster"]["server"] == describe(machine.paths).api_server


def test_kwokctl_sees_neither_the_users_kubeconfig_nor_the_users_kwok_settings(machine: Machine) -> None:
    machine.up()

    environment = dict(
        line.split("=", 1) for line in Path(f"{machine.calls}.env").read_text().splitlines() if "=" in line
    )
    assert environment["KUBECONFIG"] == str(machine.paths.kubeconfig)
    assert environment["KUBECACHEDIR"].startswith(str(machine.paths.root))
    assert environment["KWOK_WORKDIR"] == str(machine.paths.kwok_workdir)
    assert "KWOK_RUNTIME" not in environment
    assert "--kubeconfig= " in machine.started()[0]


def test_a_control_plane_that_does_not_start_shows_the_log_of_the_part_that_ended(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_KWOKCTL_FAILS", "panic: no space left on device")

    with pytest.raises(ClusterError, match=r"(?s)failed to start cluster.*etcd ended:.*no space left on device"):
        machine.up()


def test_ports_taken_in_between_are_chosen_anew(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_KWOKCTL_FAILS", "listen tcp 127.0.0.1:1: bind: address already in use")

    with pytest.raises(ClusterError):
        machine.up()

    assert len(machine.started()) == 3


def test_a_chosen_port_that_is_in_use_is_refused_by_number(machine: Machine) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        with pytest.raises(ClusterError, match=rf"port {port} of 127\.0\.0\.1 is in use\. Choose another"):
            machine.up(port)
    assert machine.started() == []


def test_an_existing_cluster_is_not_silently_kept_with_other_options(machine: Machine) -> None:
    machine.up()

    with pytest.raises(ClusterError, match=r"exists with other options \(api_port: \d+ is not 1024\)\. Delete it"):
        machine.up(1024)


def test_an_unwritable_folder_is_one_clear_error(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    paths = ClusterPaths(name="test", root=tmp_path / "file" / "test")

    with pytest.raises(ClusterError, match=r"cannot be written.*XDG_STATE_HOME"):
        create(paths, machine.tools, machine.on_step)


def test_a_component_that_ends_while_starting_is_reported_with_its_log(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(self: Probe) -> bool:
        log = machine.paths.log("metrics-server")
        log.write_text("unable to load configmap\n")
        running = {item.name: item.pid for item in processes_of(machine.paths.root)}
        if "metrics-server" in running:
            _end(running["metrics-server"])
        return False

    monkeypatch.setattr(Probe, "metrics_are_served", never)

    with pytest.raises(ClusterError, match=r"(?s)metrics-server ended while it was starting.*unable to load configmap"):
        machine.up()


def test_a_cluster_can_be_used_before_it_has_nodes_and_metrics(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for check in ("base_nodes_are_ready", "metrics_are_served", "karpenter_is_ready"):
        monkeypatch.setattr(Probe, check, lambda self: False)

    create(machine.paths, machine.tools, machine.on_step)

    assert machine.paths.kubeconfig.exists()
    assert describe(machine.paths).exists


def test_other_work_is_done_while_the_control_plane_starts_in_the_clusters_folder(machine: Machine) -> None:
    def meanwhile() -> None:
        (machine.paths.root / "prepared").write_text("yes")
        _wait_for(lambda: bool(machine.started()))  # kwokctl has begun: neither waits for the other

    create(machine.paths, machine.tools, machine.on_step, meanwhile)
    assert (machine.paths.root / "prepared").exists()

    (machine.paths.root / "prepared").unlink()
    create(machine.paths, machine.tools, machine.on_step, meanwhile)
    assert (machine.paths.root / "prepared").exists(), "a cluster that is there already"


def test_other_work_that_fails_fails_the_creation(machine: Machine) -> None:
    def meanwhile() -> None:
        raise ClusterError("the disk is full")

    with pytest.raises(ClusterError, match="the disk is full"):
        create(machine.paths, machine.tools, machine.on_step, meanwhile)


def test_a_cluster_whose_part_finds_its_port_taken_later_is_made_anew(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(self: Probe) -> bool:
        machine.paths.log("metrics-server").write_text("listen tcp :1: bind: address already in use\n")
        running = {item.name: item.pid for item in processes_of(machine.paths.root)}
        if "metrics-server" in running:
            _end(running["metrics-server"])
        return False

    with monkeypatch.context() as patch:
        patch.setattr(Probe, "metrics_are_served", taken)
        with pytest.raises(ClusterError, match="address already in use"):
            machine.up()

    assert machine.up() == "created"


def test_an_interrupted_create_leaves_a_cluster_that_the_next_one_replaces(machine: Machine, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        create(machine.paths, machine.tools, _interrupt_after("nodes and autoscaler"))
    assert describe(machine.paths).exists is False

    assert machine.up() == "created"


def test_ports_are_free_different_and_outside_the_range_of_outgoing_connections() -> None:
    ports = vars(choose_ports(None))

    assert len(set(ports.values())) == len(ports)
    assert all(FIRST_PORT <= port <= LAST_PORT for port in ports.values())


def test_karpenter_gets_loopback_ports_and_the_clusters_own_kubeconfig(machine: Machine, tmp_path: Path) -> None:
    program = tmp_path / "karpenter"
    program.write_text(
        '#!/bin/sh\necho "$@" > "$HOME/arguments.part"\nenv > "$HOME/environment"\n'
        'mv "$HOME/arguments.part" "$HOME/arguments"\n'
    )
    program.chmod(0o755)
    paths = machine.paths
    machine.paths.root.mkdir(parents=True)
    tools = Tools(**{**vars(machine.tools), "karpenter": program})
    ports = choose_ports(None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path))
        patch.setenv("AWS_PROFILE", "prod")
        start_karpenter(paths, tools, ports)
    _wait_for((tmp_path / "arguments").exists)

    arguments = (tmp_path / "arguments").read_text()
    assert f"-metrics-port={ports.karpenter_metrics}" in arguments
    environment = (tmp_path / "environment").read_text()
    assert f"KUBECONFIG={machine.paths.kubeconfig}" in environment
    assert "AWS_PROFILE" not in environment
    offered = json.loads(paths.instance_types.read_text())
    zones = {
        requirement["values"][0]
        for offering in offered[0]["offerings"]
        for requirement in offering["Requirements"]
        if requirement["key"] == "topology.kubernetes.io/zone"
    }
    assert zones == set(ZONES)


def test_karpenter_holds_no_lock_or_pipe_of_whoever_started_the_cluster(machine: Machine, tmp_path: Path) -> None:
    program = tmp_path / "karpenter"
    program.write_text('#!/bin/sh\nls -l /proc/$$/fd > "$HOME/files.part"\nmv "$HOME/files.part" "$HOME/files"\n')
    program.chmod(0o755)
    machine.paths.root.mkdir(parents=True)
    tools = Tools(**{**vars(machine.tools), "karpenter": program})
    with pytest.MonkeyPatch.context() as patch, (tmp_path / "lock").open("w") as lock:
        patch.setenv("HOME", str(tmp_path))
        os.set_inheritable(lock.fileno(), True)
        start_karpenter(machine.paths, tools, choose_ports(None))
        _wait_for((tmp_path / "files").exists)

    assert str(tmp_path / "lock") not in (tmp_path / "files").read_text()


def test_a_process_of_another_user_is_none_of_the_clusters_whatever_it_calls_itself(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.up()
    owner = os.geteuid()
    monkeypatch.setattr("os.geteuid", lambda: owner + 1)

    assert processes_of(machine.paths.root) == []

    monkeypatch.setattr("os.geteuid", lambda: owner)
    assert {process.name for process in processes_of(machine.paths.root)} == set(COMPONENTS)


def test_no_other_user_gets_at_a_file_of_a_cluster_whatever_the_umask(machine: Machine) -> None:
    before = os.umask(0)
    try:
        machine.up()
    finally:
        os.umask(before)

    paths = machine.paths
    for folder in (machine.paths.root.parent, machine.paths.root):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
    for file in (paths.lock, paths.components / "pki" / "admin.key", machine.paths.kubeconfig):
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file


def test_a_folder_of_clusters_that_others_can_enter_is_closed(machine: Machine) -> None:
    machine.paths.root.parent.mkdir(mode=0o755)

    machine.up()

    assert stat.S_IMODE(machine.paths.root.parent.stat().st_mode) == 0o700


def test_a_folder_of_clusters_that_belongs_to_another_user_is_refused(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.paths.root.parent.mkdir()
    owner = os.geteuid()
    monkeypatch.setattr("os.geteuid", lambda: owner + 1)

    with pytest.raises(ClusterError, match="it belongs to another user"):
        machine.up()

    monkeypatch.setattr("os.geteuid", lambda: owner)
    assert not machine.paths.root.exists()


def test_only_a_program_of_this_user_in_the_folder_itself_is_found_with_its_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = [tmp_path / "c" / "etcd", tmp_path / "c2" / "etcd", tmp_path / "tail"]
    for program in programs:
        program.parent.mkdir(exist_ok=True)
        program.symlink_to(Path("/bin/sleep").resolve())
    with contextlib.ExitStack() as stack:
        own, *others = (
            stack.enter_context(subprocess.Popen([program, *arguments]))
            for program, arguments in zip(programs, (["300"], ["300"], ["300", tmp_path / "c" / "etcd"]), strict=True)
        )
        for process in (own, *others):
            stack.callback(process.kill)
            wait_until_listed(process.pid)
        found = processes_of(tmp_path / "c")
        owner = os.geteuid()
        monkeypatch.setattr("os.geteuid", lambda: owner + 1)
        of_another_user = processes_of(tmp_path / "c")
    assert [(process.name, process.pid) for process in found] == [("etcd", own.pid)]
    assert found[0].memory_bytes > 0
    assert of_another_user == []


def _interrupt_after(step: str) -> Callable[[str, float], None]:
    def on_step(done: str, _seconds: float) -> None:
        if done == step:
            raise KeyboardInterrupt

    return on_step


def _end(pid: int | None) -> None:
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    _wait_for(lambda: not Path(f"/proc/{pid}/cmdline").exists() or not Path(f"/proc/{pid}/cmdline").read_bytes())


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true within 10 s"
        time.sleep(0.02)
