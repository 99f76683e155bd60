"""The record of what was deployed, as one pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.ci.record import run_record
from infra.ci.stack_edit import image_of
from infra.errors import UsageError
from tests.ci.delivery_stacks import PUBLIC, digest, image, path_of, read, stack_text
from tests.ci.fake_github import FakeGithub
from tests.printed import printed_to

APPS = {"web": PUBLIC, "api": PUBLIC, "worker": PUBLIC}
TEXT = stack_text("dev", APPS, build={"web": "apps/web", "api": "apps/api"})
NEW = {"web": image("dev", "web", "a")}


@pytest.fixture
def github() -> Iterator[FakeGithub]:
    with FakeGithub() as server:
        server.push("main", {path_of("dev"): TEXT})
        yield server


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "stacks").mkdir()
    (tmp_path / path_of("dev")).write_text(TEXT)
    return tmp_path


def record(project: Path, github: FakeGithub, images: dict[str, str], **more: Any) -> list[str]:
    said: list[str] = []
    run = replace(github.run(project), console=printed_to(said), **more)
    run_record(project, read(project, "dev"), images, run)
    return said


def test_what_runs_is_proposed_for_the_stack_file_and_nothing_else_in_it_changes(
    project: Path, github: FakeGithub
) -> None:
    said = record(project, github, NEW)

    (pull,) = github.open_pulls()
    assert said == [f"https://github.com/example/nightowl/pull/{pull.number}"]
    assert (pull.title, pull.head) == ("Record what dev runs", "nightowl/record-dev")
    assert github.file(path_of("dev"), "nightowl/record-dev") == TEXT.replace(PUBLIC, NEW["web"], 1)
    assert (project / path_of("dev")).read_text() == TEXT


def test_the_proposal_tells_which_image_and_whose_run(project: Path, github: FakeGithub) -> None:
    record(project, github, NEW)

    body = github.open_pulls()[0].body or ""
    assert f"| `web` | `sha256:{'e' * 12}` | `sha256:{'a' * 12}` |" in body
    assert f"since commit {github.branches['main']}" in body
    assert "https://github.com/example/nightowl/actions/runs/4711" in body
    assert "Approve workflows to run" in body


def test_what_was_merged_meanwhile_is_not_undone(project: Path, github: FakeGithub) -> None:
    github.push("main", {path_of("dev"): TEXT.replace("max: 6", "max: 60")})
    record(project, github, NEW)

    assert "max: 60" in (github.file(path_of("dev"), "nightowl/record-dev") or "")


def test_the_next_deployment_edits_the_same_proposal(project: Path, github: FakeGithub) -> None:
    record(project, github, NEW)
    record(project, github, {"web": image("dev", "web", "b"), "api": image("dev", "api", "c")})

    (pull,) = github.open_pulls()
    text = github.file(path_of("dev"), "nightowl/record-dev") or ""
    assert [image_of(text, app)[-64:] for app in ("web", "api", "worker")] == ["b" * 64, "c" * 64, "e" * 64]
    assert "| `api` |" in (pull.body or "")


def test_images_that_main_has_already_are_not_proposed(project: Path, github: FakeGithub) -> None:
    github.push("main", {path_of("dev"): TEXT.replace(PUBLIC, NEW["web"], 1)})

    assert record(project, github, NEW) == ["stacks/Pulumi.dev.yaml has these images already"]
    assert github.writes() == []


def test_a_proposal_of_what_does_not_run_any_more_is_closed(project: Path, github: FakeGithub) -> None:
    record(project, github, {"web": image("dev", "web", "b")})
    github.push("main", {path_of("dev"): TEXT.replace(PUBLIC, NEW["web"], 1)})
    record(project, github, NEW)

    assert github.open_pulls() == []


def test_a_deployment_without_images_asks_nobody(project: Path, nothing_reaches_out: None) -> None:
    with FakeGithub() as github:
        assert record(project, github, {}) == ["nothing was built, so there is nothing to record"]


@pytest.mark.parametrize(
    ("images", "told"),
    [
        ({"worker": image("dev", "worker", "a")}, r"dev keeps no images of 'worker'"),
        ({"nobody": image("dev", "nobody", "a")}, r"dev keeps no images of 'nobody'"),
        ({"web": PUBLIC}, r"not an image of web in the registry of dev"),
        ({"web": image("dev", "api", "a")}, r"not an image of web in the registry of dev"),
        ({"web": image("staging", "web", "a")}, r"not an image of web in the registry of dev"),
        ({"web": image("dev", "web", "a", pull_request=True)}, r"not an image of web in the registry of dev"),
        ({"web": image("dev", "web", "a").partition("@")[0]}, r"by digest"),
        ({"web": f"{image('dev', 'web', 'a')}\n"}, r"not an image of web"),
    ],
)
def test_only_images_of_its_own_registry_are_recorded(
    project: Path, github: FakeGithub, images: dict[str, str], told: str
) -> None:
    with pytest.raises(UsageError, match=rf"--images: .*{told}"):
        record(project, github, images)
    assert github.requests == []


def test_a_stack_file_that_main_has_not_is_told(project: Path) -> None:
    with FakeGithub() as github, pytest.raises(UsageError, match=r"main has no file stacks/Pulumi\.dev\.yaml"):
        record(project, github, NEW)


def test_a_dry_run_proposes_nothing(project: Path, nothing_reaches_out: None) -> None:
    with FakeGithub() as github:
        said = record(project, github, NEW, dry_run=True)

        assert said[0].startswith(f"web: would propose {NEW['web']} for stacks/Pulumi.dev.yaml, from nightowl/record-")
        assert digest("a") in said[0]
        assert github.requests == []


def test_an_image_that_comes_from_a_file_which_is_extended_becomes_a_line_of_the_stacks_own(
    project: Path, github: FakeGithub
) -> None:
    base = {"config": {"nightowl:apps": {"web": {"image": PUBLIC, "build": "apps/web", "port": 9898}}}}
    own = TEXT.replace("config:\n", "config:\n  nightowl:extends: base\n")
    own = re.sub(r"    # web answers\.\n    web:\n(?:      .*\n)+\n", "", own)
    assert "    web:\n" not in own
    files = {path_of("dev"): own, "stacks/base.yaml": yaml.safe_dump(base)}
    for path, text in files.items():
        (project / path).write_text(text)
    github.push("main", files)

    record(project, github, NEW)

    (pull,) = github.open_pulls()
    assert "| web | another registry |" not in (pull.body or "")
    proposed = github.file(path_of("dev"), "nightowl/record-dev") or ""
    assert image_of(proposed, "web") == NEW["web"]
    assert github.file("stacks/base.yaml", "nightowl/record-dev") == files["stacks/base.yaml"]
    assert [line for line in own.splitlines() if line not in proposed.splitlines()] == []
