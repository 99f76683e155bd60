"""The bench against fakes: what is timed, what the ratio is made of, and that nothing is left behind."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from infra.errors import NightowlError
from infra.local import bench
from infra.local.bench import figure_lines, measure, up_by_hand
from infra.local.load import LoadSample
from infra.local.paths import ClusterPaths
from infra.local.progress import Progress
from infra.plan.manifests import manifests
from infra.plan.plan import plan_of_file
from infra.system.commands import CommandFailedError

STACK_FILE = Path(__file__).resolve().parents[2] / "stacks" / "Pulumi.local.yaml"


class Clock:
    """A clock that moves only when work is done."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Bench:
    """Two clusters that cost nothing but time on the clock, and what was done to them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.paths, self.by_hand = (ClusterPaths(name=name, root=folder / name) for name in ("bench", "bench-by-hand"))
        self.clock, self.calls = Clock(), list[str]()
        self.applied = ""
        self.fails: str | None = None
        monkeypatch.setattr(bench, "time", self.clock)
        monkeypatch.setattr(bench.os, "getloadavg", lambda: (0.34, 5.0, 5.0))
        monkeypatch.setattr(bench, "resolve", self._tools)
        monkeypatch.setattr(bench, "run", self._up)
        monkeypatch.setattr(bench, "_await_metrics", lambda *_: self._take("metrics", 40.0))
        monkeypatch.setattr(bench, "_flood", self._flood)
        monkeypatch.setattr(bench, "up_by_hand", self._by_hand)
        monkeypatch.setattr(bench, "delete", self._down)

    def measure(self) -> dict[str, Any]:
        return measure(self.paths, self.by_hand, STACK_FILE, "web", _QUIET)

    def _up(self, command: list[str], **_: Any) -> str:
        assert command[command.index("--name") + 1] == "bench"
        first = "up" not in self.calls
        self._take("up", 24.0 if first else 4.0)
        return ""

    def _by_hand(self, paths: ClusterPaths, _tools: object, objects: str, _on_event: object) -> None:
        self.applied = objects
        self._take(f"by hand {paths.name}", 16.0)

    def _tools(self, _on_event: object) -> None:
        self._take("tools", 600.0)

    def _down(self, paths: ClusterPaths) -> None:
        self._take(f"down {paths.name}", 1.0)

    def _flood(self, *_: object) -> tuple[LoadSample, int, int]:
        self._take("flood", 30.0)
        return LoadSample(30.0, 9.0, _NOBODY, _NOBODY, 60, 21.26), 9, 3 * 2**20

    def _take(self, call: str, seconds: float) -> None:
        self.calls.append(call)
        self.clock.now += seconds
        if call == self.fails:
            raise NightowlError(f"{call} failed")


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def test_up_is_compared_with_the_same_work_by_hand_in_the_same_run(fake: Bench) -> None:
    figures = fake.measure()
    assert (figures["first_up_seconds"], figures["by_hand_seconds"], figures["up_by_hand_ratio"]) == (24.0, 16.0, 1.5)
    assert figures["second_up_seconds"] == 4.0
    assert (figures["metrics_seconds"], figures["absorbed_seconds"]) == (40.0, 21.3)


def test_the_making_of_tools_counts_for_neither_side(fake: Bench) -> None:
    fake.measure()
    assert fake.calls[0] == "tools"


def test_the_figures_tell_the_goal_and_whether_it_is_met_and_how_busy_the_machine_was(fake: Bench) -> None:
    lines = "\n".join(figure_lines(fake.measure()))
    assert re.search(r"up by hand ratio +1\.5 \(goal: at most 2; met\)", lines)
    assert re.search(r"load before +0\.3", lines)


def test_both_sides_deploy_the_same_objects(fake: Bench) -> None:
    fake.measure()
    applied = [(item["kind"], item["metadata"]["name"]) for item in yaml.safe_load_all(fake.applied)]
    assert len(applied) == len(manifests(plan_of_file(STACK_FILE, "local").graph))
    assert {("Deployment", "web"), ("Deployment", "worker"), ("CronJob", "report")} <= set(applied)


@pytest.mark.parametrize("step", ["up", "flood"])
def test_the_cluster_is_removed_when_a_step_fails(fake: Bench, step: str) -> None:
    fake.fails = step
    with pytest.raises(NightowlError, match=f"{step} failed"):
        fake.measure()
    assert fake.calls[-1] == "down bench"


def test_the_cluster_made_by_hand_is_removed_when_it_fails(fake: Bench) -> None:
    fake.fails = "by hand bench-by-hand"
    with pytest.raises(NightowlError, match="by hand"):
        fake.measure()
    assert fake.calls[-1] == "down bench-by-hand"


def test_an_up_that_fails_tells_its_last_words(fake: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_command: list[str], **_: Any) -> str:
        raise CommandFailedError("exit code 1", "  web: no such image")

    monkeypatch.setattr(bench, "run", fail)
    with pytest.raises(NightowlError, match="no such image"):
        fake.measure()


def test_by_hand_is_a_cluster_an_apply_and_a_wait_for_every_deployment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = list[str]()
    _fake_programs(monkeypatch, calls, lambda: "")
    up_by_hand(ClusterPaths(name="x", root=tmp_path), _NO_TOOLS, "kind: Namespace\n", _QUIET)
    assert [call.split()[0] for call in calls] == ["create", "apply", "wait"]
    assert "--server-side" in calls[1]
    assert "--for=condition=Available" in calls[2]


def test_by_hand_tells_what_kubectl_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> str:
        raise CommandFailedError("kubectl failed with exit code 1", "  admission denied")

    _fake_programs(monkeypatch, [], refuse)
    with pytest.raises(NightowlError, match="admission denied"):
        up_by_hand(ClusterPaths(name="x", root=tmp_path), _NO_TOOLS, "", _QUIET)


_NO_TOOLS: Any = None
_QUIET = Progress(Console(quiet=True))
_NOBODY: Any = None


def _fake_programs(monkeypatch: pytest.MonkeyPatch, calls: list[str], answer: Callable[[], str]) -> None:
    def kubectl(_layout: object, _tools: object, *arguments: str, **_: object) -> str:
        calls.append(" ".join(arguments))
        return answer()

    def create(*_: object) -> None:
        calls.append("create")

    monkeypatch.setattr(bench, "create", create)
    monkeypatch.setattr(bench, "kubectl", kubectl)
