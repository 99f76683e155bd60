"""What `nightowl local env` prints, given to a real shell."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from infra.local.paths import ClusterPaths
from infra.local.shell import WINS_OVER_THE_FILE, link_programs, shell_lines
from infra.toolchain.on_path import program_on_path

SHELLS = [shell for shell in ("sh", "bash", "dash", "zsh", "fish") if shutil.which(shell)]


@pytest.fixture
def paths(tmp_path: Path) -> ClusterPaths:
    found = ClusterPaths(name="one", root=tmp_path / "it's a folder")
    found.root.mkdir()
    return found


def evaluated(paths: ClusterPaths, shell: str, question: str, **variables: str) -> str:
    environment = {"PATH": "/usr/bin:/bin", **variables}
    script = "\n".join([*shell_lines(paths, environment), question])
    return subprocess.run(
        [shutil.which(shell) or shell, "-c", script], env=environment, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_gets_cluster_state_and_passphrase_whatever_the_folder_is_called(paths: ClusterPaths, shell: str):
    told = evaluated(paths, shell, 'echo "$KUBECONFIG|$PULUMI_BACKEND_URL|$PULUMI_CONFIG_PASSPHRASE_FILE"')
    assert told.strip() == f"{paths.kubeconfig}|{paths.state.as_uri()}|{paths.passphrase}"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_finds_the_programs_and_keeps_its_own(paths: ClusterPaths, shell: str):
    link_programs(paths, {"pulumi": Path("/bin/true"), "kubectl": None})
    told = evaluated(paths, shell, "command -v nightowl; command -v pulumi; command -v ls").split("\n")
    assert told[0] == str(paths.programs / "nightowl")
    assert told[1] == str(paths.programs / "pulumi")
    assert told[2]
    assert not (paths.programs / "python").exists(), "the shell's own Python stays"


def test_a_program_that_the_shell_has_comes_first(paths: ClusterPaths):
    link_programs(paths, {"ls": Path("/bin/true")})
    assert evaluated(paths, "sh", "command -v ls").strip() in {"/usr/bin/ls", "/bin/ls"}


def test_in_a_shell_with_the_links_the_tools_are_still_found_behind_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    inside = ClusterPaths("one")
    inside.root.mkdir(parents=True)
    link_programs(inside, {"pulumi": Path("/bin/true"), "ls": Path("/bin/true")})
    monkeypatch.setenv("PATH", f"{inside.programs}:/usr/bin:/bin")

    assert program_on_path("pulumi") is None
    assert program_on_path("ls") in {"/usr/bin/ls", "/bin/ls"}


def test_a_passphrase_of_another_stack_does_not_win(paths: ClusterPaths):
    told = evaluated(paths, "sh", 'echo "${PULUMI_CONFIG_PASSPHRASE-unset}"', **{WINS_OVER_THE_FILE: "other"})
    assert told.strip() == "unset"


def test_a_second_evaluation_adds_nothing_to_path(paths: ClusterPaths):
    again = shell_lines(paths, {"PATH": f"{paths.programs}:/bin"})
    assert not any("PATH=" in line and "PULUMI" not in line for line in again)


def test_links_follow_the_tools(paths: ClusterPaths):
    link_programs(paths, {"pulumi": Path("/bin/true"), "kubectl": Path("/bin/true")})
    link_programs(paths, {"pulumi": Path("/bin/false"), "kubectl": None})
    assert (paths.programs / "pulumi").readlink() == Path("/bin/false")
    assert not (paths.programs / "kubectl").is_symlink()
