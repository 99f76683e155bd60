"""The watch beside the engine, with an API server that answers from a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from kubernetes.client import ApiClient

from infra.engine.outcome import ResourceProgress
from infra.errors import NightowlError
from infra.kube import Json
from infra.rollouts.look import DEPLOYMENT, Workload
from infra.rollouts.watch import TYPES, RolloutWatch
from tests.local.fake_api_server import serving
from tests.rollouts.cluster_objects import container, deployment, event, pod, replica_set, waiting

DEPLOYMENTS = "/apis/apps/v1/namespaces/apps/deployments"
REPLICA_SETS = "/apis/apps/v1/namespaces/apps/replicasets"
PODS = "/api/v1/namespaces/apps/pods"
EVENTS = "/api/v1/namespaces/apps/events"
WEB = Workload(DEPLOYMENT, "web")
MISSING_SECRET = waiting("CreateContainerConfigError", 'secret "web-key" not found')
INVALID_IMAGE = waiting("InvalidImageName", 'Failed to apply default image tag "X"')


@dataclass
class Scene:
    """A cluster that the test changes, a clock that it moves, and what was told and asked."""

    answers: dict[str, Json]
    api: ApiClient
    seconds: float = 0.0
    told: list[ResourceProgress] = field(default_factory=list[ResourceProgress])
    stops: int = 0
    reachable: bool = True

    def watch(self) -> RolloutWatch:
        return RolloutWatch(
            namespace="apps",
            connect=self._connect,
            notify=self.told.append,
            stop=self._stop,
            clock=lambda: self.seconds,
        )

    def has(self, *pods: Json, events: tuple[Json, ...] = (), refused: str = "", available: int = 0) -> None:
        self.answers[DEPLOYMENTS] = {"items": [deployment(available=available)]}
        self.answers[REPLICA_SETS] = {"items": [replica_set(revision="1"), replica_set(refused=refused)]}
        self.answers[PODS] = {"items": list(pods)}
        self.answers[EVENTS] = {"items": list(events)}

    @property
    def messages(self) -> list[str]:
        return [step.message for step in self.told]

    def _connect(self) -> ApiClient:
        if not self.reachable:
            raise NightowlError("no answer")
        return self.api

    def _stop(self) -> None:
        self.stops += 1


@pytest.fixture
def scene() -> Iterator[Scene]:
    answers: dict[str, Json] = {}
    with serving(answers) as api:
        yield Scene(answers=answers, api=api)


def step(status: str, *, type_: str = TYPES[DEPLOYMENT], name: str = "web") -> ResourceProgress:
    return ResourceProgress(op="update", type=type_, name=name, status=status)  # pyright: ignore[reportArgumentType]


def looked(scene: Scene, watch: RolloutWatch, *, after: float = 0.0) -> None:
    scene.seconds += after
    watch.look([WEB])


def test_a_reason_is_told_once_however_often_it_is_seen(scene: Scene):
    scene.has(pod(MISSING_SECRET))
    watch = scene.watch()
    for _ in range(3):
        looked(scene, watch, after=1)
    assert len(scene.messages) == 1
    assert 'secret "web-key" not found' in scene.messages[0]


def test_what_healthy_starts_show_too_is_told_only_when_it_lasts(scene: Scene):
    failing = pod(container({"running": {}}))
    scene.has(failing, events=(event("Unhealthy", "Readiness probe failed: connection refused"),))
    watch = scene.watch()
    looked(scene, watch)
    assert scene.messages == []
    looked(scene, watch, after=20)
    assert "Readiness probe failed: connection refused" in scene.messages[0]


def test_a_fault_that_went_away_begins_anew_when_it_comes_back(scene: Scene):
    failing, events = pod(container({"running": {}})), (event("Unhealthy", "Readiness probe failed: x"),)
    watch = scene.watch()
    scene.has(failing, events=events)
    looked(scene, watch)
    scene.has(available=1)
    looked(scene, watch, after=10)
    scene.has(failing, events=events)
    looked(scene, watch, after=10)
    assert scene.messages == []


@pytest.mark.parametrize(
    ("message", "hopeless"),
    [
        (
            'pods "web-2-" is forbidden: violates PodSecurity "restricted:v1.36": privileged '
            '(container "web" must not set securityContext.privileged=true)',
            True,
        ),
        (
            'pods "web-2-" is forbidden: exceeded quota: apps, requested: requests.cpu=4, used: requests.cpu=1, '
            "limited: requests.cpu=2",
            False,
        ),
    ],
)
def test_pods_that_the_api_server_refuses_are_told_by_their_replica_set(scene: Scene, message: str, hopeless: bool):
    scene.has(refused=message)
    watch = scene.watch()
    watch.on_progress(step("started"))
    looked(scene, watch)
    looked(scene, watch, after=10)
    assert any(f"FailedCreate: {message}" in told for told in scene.messages)
    assert scene.stops == int(hopeless)


def test_a_refusal_is_told_once_though_each_try_has_another_pod(scene: Scene):
    watch = scene.watch()
    for number, name in enumerate(("web-2-abcde", "web-2-fghij", "web-2-klmno")):
        scene.has(refused=f'pods "{name}" is forbidden: exceeded quota: apps, used: requests.cpu={number}')
        looked(scene, watch, after=10)
    assert len(scene.messages) == 1


def test_the_pods_of_the_old_version_say_nothing_about_a_rollout(scene: Scene):
    scene.has(pod(MISSING_SECRET, owner="web-1"))
    looked(scene, scene.watch())
    assert scene.messages == []


def test_the_engine_is_stopped_once_where_only_another_stack_file_helps(scene: Scene):
    scene.has(pod(INVALID_IMAGE))
    watch = scene.watch()
    watch.on_progress(step("started"))
    looked(scene, watch)
    assert scene.stops == 0, "one look is no certainty"
    for _ in range(3):
        looked(scene, watch, after=5)
    assert scene.stops == 1
    assert "waiting longer cannot help" in scene.messages[-1]


def test_the_engine_goes_on_while_waiting_can_help(scene: Scene):
    scene.has(pod(MISSING_SECRET))
    watch = scene.watch()
    watch.on_progress(step("started"))
    looked(scene, watch)
    looked(scene, watch, after=300)
    assert scene.stops == 0


def test_the_engine_is_not_stopped_while_anything_else_is_under_way(scene: Scene):
    scene.has(pod(INVALID_IMAGE))
    watch = scene.watch()
    bucket = step("started", type_="aws:s3/bucket:Bucket", name="logs")
    watch.on_progress(step("started"))
    watch.on_progress(bucket)
    watch.on_progress(step("started", type_="nightowl:apps:App", name="web"))
    looked(scene, watch)
    looked(scene, watch, after=60)
    assert scene.stops == 0
    watch.on_progress(step("done", type_=bucket.type, name=bucket.name))
    looked(scene, watch, after=1)
    assert scene.stops == 1, "a component is no work of its own"


def test_the_end_of_a_failed_run_has_the_reasons_of_what_did_not_come_up(scene: Scene):
    scene.has(pod(MISSING_SECRET, name="web-a"), pod(MISSING_SECRET, name="web-b"))
    with scene.watch() as watch:
        watch.on_progress(step("started"))
        watch.on_progress(step("failed"))
        (told,) = watch.explain_failure()
    assert told.startswith("Deployment web: 2 pods, such as web-a: container web")
    assert 'CreateContainerConfigError: secret "web-key" not found' in told


def test_a_run_that_failed_of_something_else_is_not_explained_by_pods(scene: Scene):
    scene.reachable = False
    with scene.watch() as watch:
        watch.on_progress(step("started"))
        watch.on_progress(step("done"))
        assert watch.explain_failure() == []


def test_a_deployment_that_has_come_up_since_is_no_reason_of_a_failure(scene: Scene):
    scene.has(pod(MISSING_SECRET, name="web-a"))
    with scene.watch() as watch:
        watch.on_progress(step("started"))
        watch.look([WEB])
        watch.on_progress(step("done"))
        assert watch.explain_failure() == []


def test_a_cluster_that_does_not_answer_yet_is_asked_again(scene: Scene):
    scene.has(pod(MISSING_SECRET))
    scene.reachable = False
    watch = scene.watch()
    looked(scene, watch)
    scene.reachable = True
    looked(scene, watch, after=1)
    assert len(scene.messages) == 1


def test_a_deployment_whose_change_was_not_seen_yet_has_no_reasons(scene: Scene):
    scene.has(pod(MISSING_SECRET))
    scene.answers[DEPLOYMENTS]["items"][0]["metadata"]["generation"] = 3
    looked(scene, scene.watch())
    assert scene.messages == []
