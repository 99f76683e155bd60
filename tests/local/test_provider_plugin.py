import os
import stat
import subprocess
from pathlib import Path

import pytest

from infra.local import provider_plugin
from infra.local.paths import ClusterPaths


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClusterPaths:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return ClusterPaths(name="one", root=tmp_path / "one")


def executable(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def plugin_in(home: Path) -> Path:
    folder = f"resource-kubernetes-v{provider_plugin.plugin_version()}"
    return executable(home / "plugins" / folder / "pulumi-resource-kubernetes")


def test_the_plugin_in_the_users_pulumi_home_comes_first(cluster: ClusterPaths, tmp_path: Path):
    binary = plugin_in(tmp_path / "home")
    chosen = provider_plugin.choose(cluster, Path("/nowhere/pulumi"))

    assert (chosen.kind, chosen.folder) == ("real", binary.parent)


def test_the_plugin_on_path_is_found(cluster: ClusterPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    executable(tmp_path / "bin" / "pulumi-resource-kubernetes")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")

    assert provider_plugin.choose(cluster, Path("/nowhere/pulumi")).folder == tmp_path / "bin"


def test_a_missing_plugin_is_installed_into_a_home_of_its_own(cluster: ClusterPaths, tmp_path: Path):
    made = provider_plugin.pulumi_home() / "plugins" / f"resource-kubernetes-v{provider_plugin.plugin_version()}"
    install = f'#!/bin/sh\n[ "$PULUMI_HOME" = "{provider_plugin.pulumi_home()}" ] || exit 1\nmkdir -p {made}\n'
    install += f"echo > {made}/pulumi-resource-kubernetes\nchmod +x {made}/pulumi-resource-kubernetes\n"
    chosen = provider_plugin.choose(cluster, executable(tmp_path / "pulumi", install))

    assert (chosen.kind, chosen.folder) == ("real", made)
    assert not (tmp_path / "home").exists()


def test_where_the_download_fails_the_stand_in_steps_in_and_says_why(cluster: ClusterPaths, tmp_path: Path):
    failing = executable(tmp_path / "pulumi", "#!/bin/sh\necho 'error: failed all 5 attempts' >&2\nexit 1\n")
    chosen = provider_plugin.choose(cluster, failing)

    assert chosen.kind == "stand-in"
    assert "cannot be had here (failed all 5 attempts)" in chosen.announcement


def test_a_download_that_hangs_is_given_up(cluster: ClusterPaths, tmp_path: Path):
    hanging = executable(tmp_path / "pulumi", "#!/bin/sh\nexec tail -f /dev/null\n")
    plugin, why = provider_plugin.install_real(hanging, timeout_seconds=0.2)

    assert plugin is None
    assert why == "its download did not finish in 0 s"


def test_a_remembered_failure_spares_the_download(cluster: ClusterPaths, tmp_path: Path):
    trap = executable(tmp_path / "pulumi", f"#!/bin/sh\ntouch {tmp_path}/called\n")

    assert provider_plugin.choose(cluster, trap, may_install=False).kind == "stand-in"
    assert not (tmp_path / "called").exists()


def test_the_stand_in_is_an_executable_below_the_cluster_that_prints_its_port(cluster: ClusterPaths):
    chosen = provider_plugin.stand_in(cluster)
    assert chosen.folder is not None
    script = chosen.folder / "pulumi-resource-kubernetes"

    assert cluster.root in script.parents
    assert script.stat().st_mode & stat.S_IXUSR
    with subprocess.Popen([script], stdout=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"]}) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) > 0
        process.terminate()
        assert process.wait(timeout=10) == 0
