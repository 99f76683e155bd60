"""One local cluster for the whole suite, made and used through the `nightowl` command as a user would."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.client import ApiClient, CoreV1Api
from typing_extensions import override
from xdist.scheduler import LoadScopeScheduling

from infra.kube import connect
from infra.local.paths import ClusterPaths
from infra.local.status import AppStatus, ClusterStatus, collect
from infra.toolchain.events import Phase
from infra.toolchain.resolve import resolve

REPOSITORY = Path(__file__).resolve().parents[2]
LISTENING = "0A"
CLUSTER = "e2e"
NAMESPACE = "apps"
UP_SECONDS = 300
NAMESPACE_GONE_SECONDS = 120


@dataclass(frozen=True)
class Run:
    """A finished command."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Machine:
    """A user's machine: a checkout with stack files, and a state folder of its own."""

    project: Path
    environment: dict[str, str]

    def nightowl(self, *arguments: str, timeout: float = UP_SECONDS) -> Run:
        """Run the command to its end."""
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=timeout)
            return Run(process.returncode, out, err)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the command in a session of its own, so that it alone can be interrupted."""
        return subprocess.Popen(
            [str(Path(sys.executable).parent / "nightowl"), *arguments],
            cwd=self.project,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def paths(self, cluster: str) -> ClusterPaths:
        """The files of a cluster of this machine."""
        root = Path(self.environment["XDG_STATE_HOME"]) / "nightowl" / "clusters" / cluster
        return ClusterPaths(name=cluster, root=root)


@dataclass(frozen=True)
class Cluster:
    """The running cluster of the suite."""

    machine: Machine
    first_up: Run

    @property
    def api(self) -> ApiClient:
        """A client with all rights."""
        return connect(self.machine.paths(CLUSTER).kubeconfig)

    def up(self, *options: str) -> Run:
        """Deploy the stack file as it is now."""
        return self.machine.nightowl("local", "up", "--name", CLUSTER, *options)

    def status(self) -> ClusterStatus:
        """What runs now."""
        return collect(CLUSTER, self.api)

    def app(self, name: str) -> AppStatus:
        """One app as it runs now."""
        app = self.status().app(name)
        assert app is not None, f"{name} is not deployed"
        return app

    def edit(self, app: str, **changes: Any) -> None:
        """Change keys of an app in the stack file."""
        file = self.machine.project / "stacks" / "Pulumi.local.yaml"
        document = yaml.safe_load(file.read_text())
        document["config"]["nightowl:apps"][app].update(changes)
        file.write_text(yaml.safe_dump(document))

    def restore(self) -> None:
        """Undo every edit of the stack file."""
        shutil.copy(REPOSITORY / "stacks" / "Pulumi.local.yaml", self.machine.project / "stacks")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Get the tools before any worker starts: a build takes longer than the time that a test has."""
    if hasattr(session.config, "workerinput"):
        return
    resolve(lambda event: None if event.phase is Phase.FOUND else print(event.tool, event.phase, flush=True))


class ClusterOnOneWorker(LoadScopeScheduling):
    """Keeps what needs the cluster on one worker, in its order; the AWS program, which needs none, runs on another."""

    @override
    def _split_scope(self, nodeid: str) -> str:
        return "aws program" if "/aws_program/" in nodeid else "cluster"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ClusterOnOneWorker:
    """Distribute the suite over two workers, where it is run on several."""
    return ClusterOnOneWorker(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Look at the fresh cluster first, and flood it last: after a flood it takes minutes to be small again."""
    here = Path(__file__).parent
    ranks = {here / "test_up.py": -1, here / "test_autoscaling.py": 1}
    items.sort(key=lambda item: ranks.get(item.path, 0))


@pytest.fixture(scope="session")
def machine() -> Iterator[Machine]:
    # Others may enter it, as they may enter /home: pytest's own folder is closed, and would hide what is left open.
    home = Path(tempfile.mkdtemp(prefix="nightowl-e2e-"))
    home.chmod(0o755)
    project = home / "checkout"
    shutil.copytree(REPOSITORY / "stacks", project / "stacks")
    shutil.copytree(REPOSITORY / "policies", project / "policies", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    shutil.copy(REPOSITORY / "Pulumi.yaml", project)
    environment = {**os.environ, "XDG_STATE_HOME": str(home / "state"), "KUBECONFIG": str(home / "users-kubeconfig")}
    yield Machine(project, environment)
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def cluster(machine: Machine) -> Iterator[Cluster]:
    first_up = machine.nightowl("local", "up", "--name", CLUSTER)
    try:
        assert first_up.code == 0, first_up.out + first_up.err
        yield Cluster(machine, first_up)
    finally:
        machine.nightowl("local", "down", "--name", CLUSTER)


@pytest.fixture(scope="module")
def original(cluster: Cluster) -> Iterator[Cluster]:
    """The cluster, for tests that edit the stack file: after the last one it runs the original again."""
    yield cluster
    cluster.restore()
    again = cluster.up()
    assert again.code == 0, again.out + again.err


def wait_for(what: str, condition: Callable[[], bool], within_seconds: float) -> float:
    """Wait until `condition` holds, and return the seconds it took; fail with `what` was awaited otherwise."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < within_seconds, f"not within {within_seconds:.0f} s: {what}"
        time.sleep(0.5)
    return time.monotonic() - started


def remove_namespaces(cluster: Cluster, *names: str) -> None:
    """Remove what a test has deployed beside the suite's own stack, which others look at."""
    core = CoreV1Api(cluster.api)
    for name in names:
        core.delete_namespace(name)
    wait_for(
        "the end of namespaces",
        lambda: not {one.metadata.name for one in core.list_namespace().items} & set(names),
        NAMESPACE_GONE_SECONDS,
    )


def processes_of(folder: Path) -> dict[str, str]:
    """The processes that name a folder in their command line, by process id."""
    found: dict[str, str] = {}
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line:
            found[entry.parent.name] = line
    return found


def listening_addresses(folder: Path) -> list[IPv4Address | IPv6Address]:
    """The addresses on which the processes of a folder listen, as the kernel's tables have them (proc(5))."""
    sockets = {str(link.readlink()) for pid in processes_of(folder) for link in Path(f"/proc/{pid}/fd").iterdir()}
    addresses: list[IPv4Address | IPv6Address] = []
    for table, width in (("tcp", 4), ("tcp6", 16)):
        for row in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = row.split()[:10]
            if state == LISTENING and f"socket:[{inode}]" in sockets:
                addresses.append(_address(bytes.fromhex(local.split(":")[0]), width))
    return addresses


def _address(stored: bytes, width: int) -> IPv4Address | IPv6Address:
    words = [stored[index : index + 4][::-1] for index in range(0, width, 4)]
    raw = b"".join(words)
    return IPv4Address(raw) if width == 4 else IPv6Address(raw)


def interrupt(process: subprocess.Popen[str]) -> None:
    """Send what Ctrl-C sends."""
    os.killpg(process.pid, signal.SIGINT)
