"""What a job downloads before it takes a role, and how its checksums are written."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from github import Github

from infra.ci.actions_run import ActionsRun
from infra.ci.tools import PinError, run_pin_tools, run_tools
from infra.toolchain import pinned, plugin
from infra.toolchain.pinned import NotPinnedError
from infra.toolchain.releases import PROVIDERS, provider_release, releases


def github_with(digests: dict[str, str | None]) -> Github:
    """A GitHub whose releases have these files and digests, in the shape of its REST API (releases/releases)."""

    def get_release(tag: str) -> Any:
        assets = [{"name": name, "digest": digest} for name, digest in digests.items()]
        return SimpleNamespace(raw_data={"tag_name": tag, "assets": assets})

    return cast(Github, SimpleNamespace(get_repo=lambda _: SimpleNamespace(get_release=get_release)))


@pytest.fixture
def checksums(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "checksums.txt"
    file.write_text("")
    monkeypatch.setattr(pinned, "CHECKSUMS", file)
    return file


def test_every_release_is_pinned_by_what_github_says_and_fetched_from_another_host(checksums: Path) -> None:
    archives = {release.archive: f"sha256:{number:064x}" for number, release in enumerate(releases())}
    run_pin_tools(github_with({**archives, "SHA512SUMS": None}), ActionsRun())
    found = pinned.pinned()
    assert set(found) == {release.url for release in releases()}
    assert all(url.startswith("https://get.pulumi.com/releases/") for url in found)
    aws = provider_release("aws", "linux", "arm64")
    assert f"sha256:{found[aws.url]}" == archives[f"pulumi-resource-aws-{aws.tag}-linux-arm64.tar.gz"]


def test_a_file_without_a_checksum_leaves_the_old_ones(checksums: Path) -> None:
    with pytest.raises(PinError, match=r"GitHub has no checksum of pulumi-v.*-linux-x64\.tar\.gz"):
        run_pin_tools(github_with({release.archive: None for release in releases()}), ActionsRun())
    assert checksums.read_text() == ""


def test_a_job_stops_before_it_runs_a_provider_without_a_checksum(
    checksums: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("infra.ci.tools.resolve_pulumi", lambda _: tmp_path / "pulumi")
    with pytest.raises(NotPinnedError, match=r"has no checksum in checksums\.txt, so it is not downloaded; `ni"):
        run_tools(ActionsRun())


def test_a_provider_that_is_there_is_left_as_it_is(
    checksums: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    monkeypatch.setattr("infra.ci.tools.resolve_pulumi", lambda _: tmp_path / "pulumi")
    for name in PROVIDERS:
        program = plugin.program_in(tmp_path, name)
        program.parent.mkdir(parents=True)
        program.write_text("")
    run_tools(ActionsRun())


def test_the_shipped_checksums_are_of_the_releases_that_are_used() -> None:
    assert set(pinned.pinned()) <= {release.url for release in releases()}


INTO_A_SHELL = re.compile(
    r"(curl|wget)\b[^\n]*\|\s*(sudo\s+)?(ba|z|da)?sh\b|\b(ba|z)?sh\s+<\(\s*(curl|wget)|install\.sh\b"
)


def test_no_script_of_the_network_goes_into_a_shell() -> None:
    root = Path(__file__).resolve().parents[2]
    files = [*root.glob(".github/**/*.yml"), *root.glob("docs/**/*.md"), *root.glob("*.md"), root / "Makefile"]
    for file in [*files, *root.glob(".ci/*")]:
        assert INTO_A_SHELL.search(file.read_text(encoding="utf-8")) is None, file
    assert INTO_A_SHELL.search("curl -fsSL https://example.org | sh")
