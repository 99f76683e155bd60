from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
import yaml

from infra.ci.ephemeral.lifecycle import addresses_body, run_down, run_up
from infra.ci.ephemeral.place import LABEL, EphemeralError, Place
from infra.ci.ephemeral.sweep import SweepError, Swept, run_sweep
from infra.ci.ephemeral.sweep import table as sweep_table
from infra.ci.github import connect
from infra.engine.driver import Engine
from infra.engine.locks import LockHolder, lock_holder
from infra.engine.outcome import DeploymentFailedError, InterruptedRunError, RunResult, StackLockedError
from infra.engine.workspace import Workspace, stack_name
from infra.errors import NightowlError
from infra.github.client import GithubError
from infra.plan.run import PolicyViolationError
from infra.settings.stack_file import settings_from_stack_file
from tests.ci.fake_github import NOW, FakeGithub
from tests.harness import REPOSITORY

IMAGE = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/nightowl-dev/pr/web:tree-1@sha256:" + "a" * 64
URL = "https://pr-7-app.dev.example.com/"


class Found(dict[str, "datetime | None"]):
    """The stacks of a backend that is a folder, and when each was written; None for long ago."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root

    def file(self, name: str) -> Path:
        return self.root / ".pulumi" / "stacks" / "nightowl" / f"{name}.json"

    def __setitem__(self, name: str, written: datetime | None) -> None:
        self.write(name, state_of(name), written)

    def write(self, name: str, document: object, written: datetime | None = None) -> None:
        self.file(name).parent.mkdir(parents=True, exist_ok=True)
        self.file(name).write_text(json.dumps(document))
        touch(self.file(name), written or datetime(2020, 1, 1, tzinfo=UTC))

    def names(self) -> set[str]:
        return {file.stem for file in self.file("x").parent.glob("*.json")}


def fake_workspace(backend: str, work_dir: Path) -> Workspace:
    return Workspace(
        work_dir=work_dir,
        project_name="nightowl",
        pulumi_home=None,
        secrets_provider=None,
        environment={"PULUMI_BACKEND_URL": backend},
        prepare=stack_name,
        lock_holders=lambda _: (),
    )


@dataclass
class FakeEngine:
    """Stacks in a folder; `failures` is what happens to the stack of that name."""

    workspace: Any
    found: Found
    failures: dict[str, NightowlError] = field(default_factory=dict[str, NightowlError])
    deployed: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    destroyed: list[str] = field(default_factory=list[str])
    recovered: list[str] = field(default_factory=list[str])

    def deploy(self, stack_file: Path, program: object, **_: Any) -> RunResult:
        name = _name(stack_file)
        if self.lock_holders(stack_file):
            raise StackLockedError(["another run is at work on this stack"])
        self.found[name] = NOW
        self.deployed[name] = yaml.safe_load(stack_file.read_text())
        self._fail(name)
        outputs = {"apps": {"web": {"kind": "web", "url": URL}, "worker": {"kind": "worker"}}}
        return RunResult(changes={"create": 20}, seconds=40.0, outputs=outputs)

    def destroy(self, stack_file: Path, **_: Any) -> RunResult:
        name = _name(stack_file)
        assert stack_file.exists(), "the engine reads the stack file"
        environment = self.workspace.environment
        assert environment["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"
        copy = Found(Path(urlsplit(environment["PULUMI_BACKEND_URL"]).path))
        assert copy.root != self.found.root, "the engine reads a copy, which nobody else can change"
        assert self.locks(name) != [], "nobody else works on the stack meanwhile"
        if name in self.failures:
            left = json.loads(copy.file(name).read_text())
            left["checkpoint"]["latest"]["manifest"] = {"version": "partly removed"}
            copy.write(name, left)
        self._fail(name)
        copy.file(name).unlink()
        self.destroyed.append(name)
        return RunResult(changes={"delete": 20}, seconds=10.0, outputs={})

    def lock_holders(self, stack_file: Path) -> tuple[LockHolder, ...]:
        locks = self.locks(_name(stack_file))
        return tuple(replace(lock_holder(lock.read_text()), since=written(lock)) for lock in locks)

    def recover(self, stack_file: Path) -> None:
        assert _name(stack_file) in self.found.names(), "the engine recovers no stack that it has not"
        self.recovered.append(_name(stack_file))
        for lock in self.locks(_name(stack_file)):
            lock.unlink()

    def lock(self, name: str, since: datetime) -> None:
        """Lock a stack by a run that says it began just now, and did `since`."""
        lock = self.found.root / ".pulumi" / "locks" / "organization" / "nightowl" / name / "1.json"
        lock.parent.mkdir(parents=True, exist_ok=True)
        content = {"username": "runner", "hostname": "a", "pid": 1, "timestamp": datetime.now(UTC).isoformat()}
        lock.write_text(json.dumps(content))
        touch(lock, since)

    def locks(self, name: str) -> list[Path]:
        return sorted((self.found.root / ".pulumi" / "locks" / "organization" / "nightowl" / name).glob("*.json"))

    def _fail(self, name: str) -> None:
        if name in self.failures:
            raise self.failures[name]


def state_of(name: str) -> dict[str, Any]:
    """The state of a stack with nothing in it, and of the base what it shares."""
    outputs = {"sharing": {"kubeconfig": "{}"}}
    urn = f"urn:pulumi:{name}::nightowl::pulumi:pulumi:Stack::nightowl-{name}"
    root = {"urn": urn, "custom": False, "type": "pulumi:pulumi:Stack", "outputs": outputs}
    latest = {"manifest": {}, "secrets_providers": {"type": "passphrase", "state": {}}, "resources": [root]}
    return {"version": 3, "checkpoint": {"stack": f"organization/nightowl/{name}", "latest": latest}}


def touch(file: Path, at: datetime) -> None:
    os.utime(file, (at.timestamp(), at.timestamp()))


def written(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)


def _name(stack_file: Path) -> str:
    return stack_file.stem.removeprefix("Pulumi.")


@pytest.fixture
def github() -> Iterator[FakeGithub]:
    with FakeGithub() as server:
        server.add_pull(7, labels=(LABEL,))
        yield server


@pytest.fixture
def engine(tmp_path: Path) -> FakeEngine:
    found = Found(tmp_path / "state")
    found["dev"] = NOW
    return FakeEngine(workspace=fake_workspace(found.root.as_uri(), tmp_path), found=found)


@pytest.fixture
def place(tmp_path: Path, github: FakeGithub, engine: FakeEngine) -> Place:
    shutil.copytree(REPOSITORY / "stacks", tmp_path / "stacks", ignore=shutil.ignore_patterns("Pulumi.pr-*"))
    run = github.run(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: nightowl\n")
    return Place(project=tmp_path, base="dev", engine=cast(Engine, engine), run=run, github=connect(run))


def edit_base(place: Place, **sections: Any) -> None:
    file = place.project / "stacks" / "Pulumi.dev.yaml"
    document = yaml.safe_load(file.read_text())
    for key, value in sections.items():
        document["config"][f"nightowl:{key}"].update(value)
    file.write_text(yaml.safe_dump(document))


# up


def test_a_labelled_pull_request_gets_its_stack_and_is_told_where_it_answers(
    place: Place, engine: FakeEngine, github: FakeGithub
) -> None:
    run_up(place, 7, {"web": IMAGE})
    config = engine.deployed["pr-7"]["config"]
    assert config["nightowl:platform"]["kind"] == "guest"
    assert config["nightowl:apps"]["web"]["image"] == IMAGE
    [comment] = github.comments_on(7)
    assert URL in comment.body
    assert "| `worker` | none |" in comment.body


def test_a_second_deployment_edits_the_comment(place: Place, github: FakeGithub) -> None:
    run_up(place, 7, {})
    run_up(place, 7, {"web": IMAGE})
    assert len(github.comments_on(7)) == 1


def test_the_stack_file_says_what_it_is_and_is_usable(place: Place) -> None:
    run_up(place, 7, {})
    file = place.project / "stacks" / "Pulumi.pr-7.yaml"
    assert file.read_text().startswith("# The stack of pull request 7, derived from Pulumi.dev.yaml")
    assert settings_from_stack_file(file).namespace.name == "pr-7"


def test_the_key_of_the_stacks_secrets_survives_a_second_deployment(place: Place) -> None:
    run_up(place, 7, {})
    with place.file(7).open("a") as file:
        file.write("encryptedkey: AQIC\n")
    run_up(place, 7, {})
    assert yaml.safe_load(place.file(7).read_text())["encryptedkey"] == "AQIC"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"state": "closed"}, "#7 is closed, so it gets no stack; reopen it"),
        ({"labels": []}, "#7 has no label 'ephemeral', so it gets no stack; somebody who may merge sets it"),
        (
            {"head_repository": "stranger/nightowl"},
            "#7 comes from stranger/nightowl: only branches of example/nightowl get a stack, as its code runs with the "
            "rights of this job",
        ),
        (
            {"head_repository": None},
            "#7 comes from a repository that is gone: only branches of example/nightowl get a stack, as its code runs "
            "with the rights of this job",
        ),
    ],
    ids=["closed", "label", "fork", "deleted-fork"],
)
def test_nobody_else_gets_a_stack(
    place: Place, engine: FakeEngine, github: FakeGithub, changes: dict[str, Any], message: str
) -> None:
    for key, value in changes.items():
        setattr(github.issues[7], key, value)
    with pytest.raises(EphemeralError) as refusal:
        run_up(place, 7, {})
    assert str(refusal.value) == message
    assert engine.deployed == {}
    assert not place.file(7).exists()


def test_a_failed_deployment_is_told_to_the_pull_request(place: Place, engine: FakeEngine, github: FakeGithub) -> None:
    engine.failures["pr-7"] = DeploymentFailedError(["web: the image cannot be pulled, @everyone"])
    with pytest.raises(DeploymentFailedError):
        run_up(place, 7, {})
    [comment] = github.comments_on(7)
    assert "could not be deployed" in comment.body
    assert "```text\nweb: the image cannot be pulled" in comment.body
    assert "/actions/runs/4711" in comment.body


def test_a_cancelled_deployment_tells_nothing(place: Place, engine: FakeEngine, github: FakeGithub) -> None:
    engine.failures["pr-7"] = InterruptedRunError(["stopped before the end"])
    with pytest.raises(InterruptedRunError):
        run_up(place, 7, {})
    assert github.comments_on(7) == []


def test_a_stack_that_violates_policies_is_not_made(
    place: Place, engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels = tmp_path / "levels.json"
    levels.write_text('{"image-by-digest": "mandatory"}')
    monkeypatch.setattr("infra.plan.policies.levels_file", lambda stack, folder: levels)
    edit_base(place, apps={"web": {**base_web(place), "image": "example.com/web:1"}})
    with pytest.raises(PolicyViolationError):
        run_up(place, 7, {})
    assert engine.deployed == {}
    assert not place.file(7).exists()


def base_web(place: Place) -> dict[str, Any]:
    document = yaml.safe_load((place.project / "stacks" / "Pulumi.dev.yaml").read_text())
    return document["config"]["nightowl:apps"]["web"]


def test_two_pull_requests_with_the_same_priorities_are_told_apart(place: Place, engine: FakeEngine) -> None:
    engine.found["pr-197"] = NOW
    with pytest.raises(EphemeralError) as refusal:
        run_up(place, 7, {})
    assert str(refusal.value) == (
        "#7 and #197 would have the same priorities on the load balancer, as their numbers differ by a multiple of "
        "190; take the label off #197, then set it here again"
    )
    assert engine.deployed == {}


def test_a_dry_run_says_what_would_be_deployed_and_does_nothing(
    place: Place, engine: FakeEngine, github: FakeGithub, capsys: pytest.CaptureFixture[str]
) -> None:
    run_up(replace(place, run=replace(place.run, dry_run=True)), 7, {"web": IMAGE})
    assert "would deploy pr-7: " in capsys.readouterr().out
    assert (engine.deployed, github.writes()) == ({}, [])
    assert not place.file(7).exists()


def test_without_github_whoever_has_the_cluster_decides(place: Place, engine: FakeEngine, github: FakeGithub) -> None:
    run_up(replace(place, github=None), 99, {})
    assert "pr-99" in engine.deployed
    assert github.requests == []


def locked(engine: FakeEngine, *, minutes: int) -> datetime:
    """Lock the stack of pull request 7, and tell the time when the lock is so old."""
    engine.found["pr-7"] = NOW
    engine.lock("pr-7", NOW)
    return NOW + timedelta(minutes=minutes)


def test_the_lock_of_a_killed_deployment_does_not_stop_the_next_one(place: Place, engine: FakeEngine) -> None:
    run_up(place, 7, {}, now=locked(engine, minutes=61))
    assert (engine.recovered, "pr-7" in engine.deployed) == (["pr-7"], True)


def test_the_lock_of_a_deployment_at_work_stays(place: Place, engine: FakeEngine, github: FakeGithub) -> None:
    with pytest.raises(StackLockedError):
        run_up(place, 7, {}, now=locked(engine, minutes=59))
    assert (engine.recovered, engine.deployed) == ([], {})
    assert "another run is at work" in github.comments_on(7)[0].body


def test_a_lock_without_a_stack_is_not_recovered(place: Place, engine: FakeEngine) -> None:
    at = locked(engine, minutes=61)
    engine.found.file("pr-7").unlink()
    with pytest.raises(StackLockedError):
        run_up(place, 7, {}, now=at)
    assert engine.recovered == []


# down


def test_the_lock_of_a_killed_run_does_not_stop_the_removal(place: Place, engine: FakeEngine) -> None:
    assert run_down(place, 7, now=locked(engine, minutes=61))
    assert (engine.locks("pr-7"), engine.found.names()) == ([], {"dev"})


def test_the_lock_of_a_run_at_work_stops_the_removal(place: Place, engine: FakeEngine) -> None:
    with pytest.raises(StackLockedError):
        run_down(place, 7, now=locked(engine, minutes=59))
    assert (len(engine.locks("pr-7")), engine.found.names()) == (1, {"dev", "pr-7"})


def test_down_removes_the_stack_and_its_file_and_says_so(place: Place, engine: FakeEngine, github: FakeGithub) -> None:
    run_up(place, 7, {})
    github.issues[7].state = "closed"
    assert run_down(place, 7)
    assert engine.found.names() == {"dev"}
    assert not place.file(7).exists()
    [comment] = github.comments_on(7)
    assert "is removed" in comment.body


def test_down_works_on_a_fresh_checkout(place: Place, engine: FakeEngine) -> None:
    engine.found["pr-7"] = NOW
    assert run_down(place, 7)
    assert "pr-7" not in engine.found.names()


def test_what_the_base_has_become_since_keeps_no_stack_alive(place: Place, engine: FakeEngine) -> None:
    engine.found["pr-7"] = NOW
    file = place.project / "stacks" / "Pulumi.dev.yaml"
    document = yaml.safe_load(file.read_text())
    del document["config"]["nightowl:loadBalancer"]["domain"]
    file.write_text(yaml.safe_dump(document))
    assert run_down(place, 7)


def test_down_without_a_stack_does_nothing(
    place: Place, github: FakeGithub, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not run_down(place, 7)
    assert capsys.readouterr().out == "pr-7: there is no such stack, nothing to do\n"
    assert github.requests == []


def test_a_dry_down_removes_nothing(place: Place, engine: FakeEngine, capsys: pytest.CaptureFixture[str]) -> None:
    engine.found["pr-7"] = NOW
    assert run_down(replace(place, run=replace(place.run, dry_run=True)), 7)
    assert capsys.readouterr().out == "would remove pr-7\n"
    assert "pr-7" in engine.found.names()


# sweep


def sweep(place: Place, hours: float = 1) -> dict[str, str]:
    return {one.stack: one.done for one in run_sweep(place, now=NOW + timedelta(hours=hours))}


@pytest.mark.parametrize(
    ("changes", "hours", "done", "why"),
    [
        ({}, 1, "kept", "in use"),
        ({"state": "closed"}, 1, "removed", "#7 is closed"),
        ({"labels": []}, 1, "removed", "#7 has no label 'ephemeral' any more"),
        ({}, 72, "kept", "in use"),
        ({}, 73, "removed", "nothing happened for more than 3d; set the label 'ephemeral' again to have it back"),
        ({"updated": NOW + timedelta(hours=50)}, 73, "kept", "in use"),
    ],
    ids=["in-use", "closed", "label", "just-alive", "quiet", "discussed"],
)
def test_a_sweep_removes_what_nobody_needs(
    place: Place,
    engine: FakeEngine,
    github: FakeGithub,
    changes: dict[str, Any],
    hours: int,
    done: str,
    why: str,
) -> None:
    engine.found["pr-7"] = NOW
    for key, value in changes.items():
        setattr(github.issues[7], key, value)
    [swept] = run_sweep(place, now=NOW + timedelta(hours=hours))
    assert (swept.done, swept.why) == (done, why)
    assert ("pr-7" in engine.found.names()) == (done == "kept")
    assert "dev" in engine.found.names()


def test_a_sweep_touches_no_stack_of_another_name(place: Place, engine: FakeEngine) -> None:
    others = {"dev": NOW, "local": None, "pr-": NOW, "pr-7-x": NOW, "pr-07": NOW, "apr-7": NOW}
    for name, at in others.items():
        engine.found[name] = at
    assert sweep(place, hours=1000) == {}
    assert engine.found.names() == set(others)


def test_one_failure_does_not_stop_the_sweep(place: Place, engine: FakeEngine, github: FakeGithub) -> None:
    engine.found["pr-7"] = NOW
    engine.found["pr-8"] = NOW
    engine.found["pr-9"] = NOW
    engine.found["pr-10"] = NOW
    for number in (7, 8):
        github.add_pull(number, state="closed", labels=(LABEL,))
    github.add_pull(10, labels=(LABEL,))
    engine.failures["pr-7"] = DeploymentFailedError(["the target group is in use"])
    with pytest.raises(SweepError) as failure:
        sweep(place)
    assert str(failure.value) == "pr-7, pr-9 could not be swept; the table says why"
    assert engine.found.names() == {"dev", "pr-7", "pr-9", "pr-10"}
    summary = (place.project / "summary.md").read_text()
    assert "| `pr-7` | failed | `the target group is in use (try 1 of 3)` |" in summary
    assert "| `pr-8` | removed | `#8 is closed` |" in summary
    assert "| `pr-9` | failed | `cannot read the pull request #9 in example/nightowl: GitHub refuses it" in summary
    assert "| `pr-10` | kept | `in use` |" in summary


def hostile(name: str) -> dict[str, Any]:
    """A state that names a provider of its own."""
    document = state_of(name)
    inputs = {"__internal": {"pluginDownloadURL": "https://example.org/evil"}, "version": "1.0.0"}
    urn = f"urn:pulumi:{name}::nightowl::pulumi:providers:evil::evil"
    evil = {"urn": urn, "custom": True, "id": "1", "type": "pulumi:providers:evil", "inputs": inputs}
    document["checkpoint"]["latest"]["resources"].append(evil)
    return document


def test_a_state_that_names_its_own_provider_is_told_once_and_run_never(
    place: Place, engine: FakeEngine, github: FakeGithub
) -> None:
    engine.found.write("pr-7", hostile("pr-7"))
    engine.found["pr-8"] = NOW
    github.issues[7].state = "closed"
    github.add_pull(8, state="closed", labels=(LABEL,))
    with pytest.raises(SweepError):
        sweep(place)
    assert (engine.destroyed, engine.recovered) == (["pr-8"], []), "the rest of the sweep goes on"
    [comment] = github.comments_on(7)
    assert "the sweep does not try it again" in comment.body
    assert "pluginDownloadURL" in comment.body
    before = len(github.writes())
    assert sweep(place, hours=25) == {"pr-7": "given up"}
    assert (len(github.writes()), engine.destroyed) == (before, ["pr-8"])
    assert "pr-7" in engine.found.names(), "somebody has to look at it"


def test_a_state_that_was_given_up_is_tried_again_once_it_is_another(
    place: Place, engine: FakeEngine, github: FakeGithub
) -> None:
    engine.found.write("pr-7", hostile("pr-7"))
    github.issues[7].state = "closed"
    with pytest.raises(SweepError):
        sweep(place)
    engine.found["pr-7"] = NOW
    assert sweep(place) == {"pr-7": "removed"}
    assert list((place.project / "state").rglob("pr-7*.*")) == [], "nothing of it is left, the note of it neither"


def test_a_removal_that_fails_every_night_is_given_up_and_what_it_did_is_kept(
    place: Place, engine: FakeEngine, github: FakeGithub
) -> None:
    engine.found["pr-7"] = NOW
    github.issues[7].state = "closed"
    engine.failures["pr-7"] = DeploymentFailedError(["the target group is in use"])
    for night in (1, 2, 3):
        assert github.comments_on(7) == []
        with pytest.raises(SweepError):
            sweep(place, hours=24 * night)
    assert len(github.comments_on(7)) == 1
    assert sweep(place, hours=96) == {"pr-7": "given up"}
    assert "partly removed" in engine.found.file("pr-7").read_text()
    assert engine.locks("pr-7") == []
    del engine.failures["pr-7"]
    assert run_down(place, 7), "whoever asks for it by hand is not refused"


def test_a_state_that_is_compressed_or_claims_another_time_is_no_way_around(place: Place, engine: FakeEngine) -> None:
    engine.found.write("pr-7", state_of("pr-7"))
    engine.found.file("pr-7").rename(engine.found.file("pr-7").with_suffix(".json.gz"))
    with pytest.raises(SweepError):
        sweep(replace(place, github=None))
    assert "has a state that the pipeline did not write" in (place.project / "summary.md").read_text()
    assert engine.destroyed == []


@pytest.mark.parametrize(
    "text", ["a | b", "@everyone", "`x` <img src=x>", "[x](https://example.org) #1", "two\nlines", "\\| \\`"]
)
def test_what_somebody_else_wrote_is_a_cell_of_the_table_and_nothing_more(text: str) -> None:
    row = sweep_table([Swept(stack="pr-7", done="failed", why=text)]).splitlines()[-1]
    assert row.count("|") == 4, "three cells, whatever escapes a bar"
    told = row.split("|")[3].strip()
    assert (told[0], told[-1], told.count("`")) == ("`", "`", 2), "inline code as a whole, where nothing is markup"


def test_what_a_pull_request_calls_its_addresses_is_no_markup_in_the_comment() -> None:
    hostile = {"url": "https://x.example.com/|[now](https://evil.example.org) @everyone"}
    outputs = {"apps": {"a|b `c`": hostile, "web": {"url": URL}, "w": {"service": "x|<b>y"}}}
    body = addresses_body("pr-7", RunResult(changes={}, seconds=1.0, outputs=outputs), base="dev", sha="")
    rows = [line for line in body.splitlines() if line.startswith("| ")][2:]
    assert [row.count("|") for row in rows] == [3, 3, 3]
    assert f"| `web` | {URL} |" in rows
    for row in rows:
        outside_code = re.sub(r"`[^`]*`", "", row)
        assert not set("[]<>@") & set(outside_code)


def test_nothing_is_removed_while_github_does_not_answer(place: Place, engine: FakeEngine, github: FakeGithub) -> None:
    engine.found["pr-7"] = NOW - timedelta(days=30)
    github.fail("GET", "/pulls/7", 401)
    with pytest.raises(SweepError):
        sweep(place)
    assert "pr-7" in engine.found.names()


def test_without_github_only_time_counts(place: Place, engine: FakeEngine) -> None:
    engine.found["pr-1"] = NOW
    engine.found["pr-2"] = NOW - timedelta(days=4)
    engine.found["pr-3"] = None
    assert sweep(replace(place, github=None)) == {"pr-1": "kept", "pr-2": "removed", "pr-3": "removed"}


def test_the_lock_of_a_run_that_died_is_taken_off_and_that_of_one_at_work_is_not(
    place: Place, engine: FakeEngine, github: FakeGithub
) -> None:
    engine.found["pr-7"] = NOW
    engine.found["pr-8"] = NOW
    github.issues[7].state = "closed"
    github.add_pull(8, state="closed", labels=(LABEL,))
    engine.lock("pr-7", NOW - timedelta(hours=2))
    engine.lock("pr-8", NOW + timedelta(minutes=40))
    with pytest.raises(SweepError):
        sweep(place)
    assert engine.found.names() == {"dev", "pr-8"}


ENDLESS = (
    '{"username": "u", "hostname": "h", "pid": 1e999, "timestamp": "2026-01-01T00:00:00Z",'
    ' "state": {}, "tries": 1e999, "why": "x", "closed": true}'
)
"""A lock and a note of what was given up in one, with numbers that are none."""


@pytest.mark.parametrize("text", ["[" * 100_000, ENDLESS], ids=["deep", "endless"])
def test_no_file_that_a_pull_request_can_write_stops_the_sweep_of_others(
    place: Place, engine: FakeEngine, github: FakeGithub, text: str
) -> None:
    for number in (7, 8):
        engine.found[f"pr-{number}"] = NOW
        github.add_pull(number, state="closed", labels=(LABEL,))
    engine.lock("pr-7", NOW - timedelta(hours=2))
    for file in (engine.locks("pr-7")[0], engine.found.file("pr-7").with_suffix(".quarantine")):
        file.write_text(text)
        touch(file, NOW - timedelta(hours=2))
    assert sweep(place) == {"pr-7": "removed", "pr-8": "removed"}


def test_a_cancelled_sweep_stops_at_once(place: Place, engine: FakeEngine, github: FakeGithub) -> None:
    engine.found["pr-7"] = NOW
    engine.found["pr-8"] = NOW
    github.issues[7].state = "closed"
    github.add_pull(8, state="closed", labels=(LABEL,))
    engine.failures["pr-7"] = InterruptedRunError(["stopped before the end"])
    with pytest.raises(InterruptedRunError):
        sweep(place)
    assert "pr-8" in engine.found.names()


def test_a_dry_sweep_removes_and_writes_nothing(place: Place, engine: FakeEngine, github: FakeGithub) -> None:
    engine.found["pr-7"] = NOW
    github.issues[7].state = "closed"
    [swept] = run_sweep(replace(place, run=replace(place.run, dry_run=True)), now=NOW)
    assert (swept.done, swept.why) == ("due", "would be: #7 is closed")
    assert ("pr-7" in engine.found.names(), github.writes(), place.file(7).exists()) == (True, [], False)


def test_an_empty_backend_is_said_to_be_so(place: Place) -> None:
    assert sweep(place) == {}
    assert "There is no stack of a pull request." in (place.project / "summary.md").read_text()


def test_a_pull_request_that_github_does_not_know_gets_no_stack(place: Place) -> None:
    with pytest.raises(GithubError):
        run_up(place, 4, {})


def test_time_is_told_in_utc() -> None:
    assert NOW.tzinfo is UTC
