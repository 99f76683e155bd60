"""A cluster that is not there is told at preview."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.local.paths import KUBE_CONTEXT
from infra.platforms.existing.reach import LOCAL_CONTEXT, PROXY_VARIABLES, require_cluster
from infra.settings.platform import ExistingPlatformSettings
from infra.settings.problems import SettingsError


@pytest.fixture(autouse=True)
def nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("KUBECONFIG", *PROXY_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def server() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"


def kubeconfig(path: Path, **servers: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(servers)
    content = {
        "contexts": [{"name": name, "context": {"cluster": f"c-{name}", "user": "me"}} for name in names],
        "clusters": [{"name": f"c-{name}", "cluster": {"server": servers[name]}} for name in names],
    }
    path.write_text(yaml.safe_dump(content))
    return path


def platform(**keys: Any) -> ExistingPlatformSettings:
    return ExistingPlatformSettings(kind="existing", **{"context": "kind", **keys})


def refusal(settings: ExistingPlatformSettings) -> str:
    with pytest.raises(SettingsError) as caught:
        require_cluster(settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_cluster_that_answers_is_accepted(tmp_path: Path, server: str):
    require_cluster(platform(kubeconfig=str(kubeconfig(tmp_path / "config", kind=server))))


def test_the_kubeconfig_of_the_user_is_the_one_without_a_path(tmp_path: Path, server: str):
    kubeconfig(tmp_path / ".kube" / "config", kind=server)
    require_cluster(platform())


def test_a_context_in_any_file_of_the_variable_counts(tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch):
    files = [tmp_path / "missing", kubeconfig(tmp_path / "a", other=server), kubeconfig(tmp_path / "b", kind=server)]
    monkeypatch.setenv("KUBECONFIG", ":".join(map(str, files)))
    require_cluster(platform())


def test_a_context_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path, server: str):
    file = kubeconfig(tmp_path / "config", one=server, two=server)
    told = refusal(platform(kubeconfig=str(file)))
    assert told.startswith(f"nightowl:platform.context: 'kind' is not a context of {file}, which has one, two; ")
    assert "write another context" in told


def test_a_kubeconfig_that_is_not_there_is_refused_with_its_path(tmp_path: Path):
    told = refusal(platform(kubeconfig=str(tmp_path / "none")))
    assert told.startswith(f"nightowl:platform.kubeconfig: {tmp_path / 'none'} cannot be read: No such file")


def test_where_there_is_no_kubeconfig_at_all_the_place_is_named(tmp_path: Path):
    assert f"there is no kubeconfig at {tmp_path / '.kube' / 'config'}" in refusal(platform())


@pytest.mark.parametrize("content", ["[1, 2]", "{", "text"])
def test_a_file_that_is_no_kubeconfig_is_refused(tmp_path: Path, content: str):
    (tmp_path / "config").write_text(content)
    assert "is no kubeconfig" in refusal(platform(kubeconfig=str(tmp_path / "config")))


def test_a_context_of_a_cluster_that_is_not_described_is_refused(tmp_path: Path):
    file = tmp_path / "config"
    file.write_text(yaml.safe_dump({"contexts": [{"name": "kind", "context": {"cluster": "gone"}}]}))
    assert "is a context of cluster 'gone'" in refusal(platform(kubeconfig=str(file)))


@pytest.mark.parametrize("server", ["https://[::1", "https://localhost:port"])
def test_a_server_that_is_no_address_is_refused(tmp_path: Path, server: str):
    file = kubeconfig(tmp_path / "config", kind=server)
    assert f"leads to '{server}', which is no address" in refusal(platform(kubeconfig=str(file)))


@pytest.mark.parametrize("contexts", ["{ a: b }", "[c]", "[{ name: kind, context: text }]"])
def test_a_kubeconfig_of_another_shape_is_refused_in_one_line(tmp_path: Path, contexts: str):
    (tmp_path / "config").write_text(f"contexts: {contexts}\n")
    assert refusal(platform(kubeconfig=str(tmp_path / "config"))).startswith("nightowl:platform.context: 'kind' ")


def test_a_cluster_that_does_not_answer_is_refused_with_its_address(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        address = f"https://127.0.0.1:{closed_soon.getsockname()[1]}"
    told = refusal(platform(kubeconfig=str(kubeconfig(tmp_path / "config", kind=address))))
    assert f"leads to {address}, which does not answer (Connection refused)" in told


def test_behind_a_proxy_only_the_proxy_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    file = kubeconfig(tmp_path / "config", kind="https://cluster.invalid")
    require_cluster(platform(kubeconfig=str(file)))


def test_who_forgot_the_environment_of_the_local_cluster_is_told_the_command():
    assert LOCAL_CONTEXT == KUBE_CONTEXT
    assert 'eval "$(nightowl local env)"' in refusal(platform(context=LOCAL_CONTEXT))
