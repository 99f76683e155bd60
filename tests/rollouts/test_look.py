"""Why StatefulSets and Jobs are not up. Reasons and messages of controllers are those of Kubernetes 1.36."""

from __future__ import annotations

import pytest

from infra.kube import Json
from infra.rollouts.look import JOB, STATEFUL_SET, Workload, reasons_by_workload
from infra.rollouts.reasons import Reason
from tests.local.fake_api_server import serving
from tests.rollouts.cluster_objects import container, event, job, pod, replica, stateful_set, waiting

DB, RELEASE = Workload(STATEFUL_SET, "db"), Workload(JOB, "web-release-1a2b3c4d")
READY = [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}]
MISSING_SECRET = waiting("CreateContainerConfigError", 'secret "key" not found')
UP = {"replicas": 3, "availableReplicas": 3, "updatedReplicas": 3}
SAID = "connecting to db\nrelation users has no column email"


def reasons(workload: Workload, item: Json, *pods: Json, events: tuple[Json, ...] = ()) -> list[Reason] | None:
    """Look once; None where the workload is up."""
    answers = {
        "/apis/apps/v1/namespaces/apps/statefulsets": {"items": [item] if workload is DB else []},
        "/apis/batch/v1/namespaces/apps/jobs": {"items": [item] if workload is RELEASE else []},
        "/api/v1/namespaces/apps/pods": {"items": list(pods)},
        "/api/v1/namespaces/apps/events": {"items": list(events)},
    }
    with serving(answers) as api:
        return reasons_by_workload(api, "apps", {workload}).get(workload)


def told(workload: Workload, item: Json, *pods: Json, events: tuple[Json, ...] = ()) -> list[str]:
    return [reason.sentence for reason in reasons(workload, item, *pods, events=events) or []]


def created(reason: str, message: str, *, uid: str, time: str) -> Json:
    return {**event(reason, message, time=time), "involvedObject": {"uid": uid}}


@pytest.mark.parametrize(
    ("item", "up"),
    [
        (stateful_set(status=UP), True),
        (stateful_set(status={**UP, "updatedReplicas": 1}), False),
        (stateful_set(status={**UP, "updatedReplicas": 1}, partition=2), True),
        (stateful_set(status={**UP, "availableReplicas": 2}), False),
        (stateful_set(status={**UP, "replicas": 4}), False),
    ],
    ids=["all new", "old ones left", "behind the partition", "one not available", "one too many"],
)
def test_a_stateful_set_is_up_when_all_that_the_partition_lets_through_is_new_and_available(item: Json, up: bool):
    assert (reasons(DB, item) is None) is up


def test_replicas_that_are_not_made_wait_for_the_first_that_is_not_ready():
    ready, starting = replica(0, conditions=READY), replica(1, MISSING_SECRET)
    first, second = told(DB, stateful_set(replicas=4), ready, starting)
    assert first.startswith("pod db-1: container web")
    assert 'secret "key" not found' in first
    assert second.startswith("OrderedStart: 2 more replicas wait until db-1 is ready")
    assert "`start: parallel`" in second


def test_replicas_that_start_all_at_once_wait_for_none():
    assert len(told(DB, stateful_set(policy="Parallel"), replica(0, MISSING_SECRET))) == 1


def test_a_pod_of_an_earlier_version_that_is_never_ready_is_named_with_what_lets_the_update_go_on():
    old, fine = replica(2, MISSING_SECRET, version="db-old"), replica(0, conditions=READY, version="db-old")
    (_, stuck) = told(DB, stateful_set(replicas=2), old, fine)
    assert "db-2 is of an earlier version, and replaced only once it is ready" in stuck
    assert "`kubectl -n apps delete pod db-2`" in stuck


def test_a_replica_that_no_node_has_room_for_is_told_with_its_claim_that_has_no_volume():
    unbound = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes: unbound"}
    claim = {"kind": "PersistentVolumeClaim", "name": "web-data"}
    failing = {**event("ProvisioningFailed", 'storageclass "fast" not found'), "involvedObject": claim}
    sentences = told(DB, stateful_set(replicas=1), replica(0, conditions=[unbound]), events=(failing,))
    assert sentences[0].startswith("pod db-0: not scheduled: Unschedulable: 0/3 nodes: unbound")
    assert 'claim web-data: ProvisioningFailed: storageclass "fast" not found' in sentences[1]


def test_a_pod_that_the_api_server_refuses_is_told_until_a_later_try_succeeds():
    refusal = 'create Pod db-0 in StatefulSet db failed error: pods "db-0" is forbidden: exceeded quota: apps'
    failed = created("FailedCreate", refusal, uid="set-db", time="1")
    made = created("SuccessfulCreate", "create Pod db-0 in StatefulSet db successful", uid="set-db", time="2")
    (sentence,) = told(DB, stateful_set(), events=(failed,))
    assert "exceeded quota" in sentence
    assert "namespace.quota" in sentence
    assert told(DB, stateful_set(), events=(failed, made)) == []


def test_a_release_that_failed_is_named_with_the_last_lines_of_its_pod():
    failed = container({"terminated": {"exitCode": 3, "reason": "Error", "message": SAID}})
    ended = job(failed="BackoffLimitExceeded", message="Job has reached the specified backoff limit")
    first, second = told(RELEASE, ended, pod(failed, name="web-release-x", owner="job-web", phase="Failed"))
    assert first == ("the release of web failed: BackoffLimitExceeded: Job has reached the specified backoff limit")
    assert second.startswith("pod web-release-x: container web")
    assert "Error with exit code 3" in second
    assert "relation users has no column email" in second


def test_a_job_that_takes_too_long_is_told_by_its_own_name_and_with_the_key_of_its_time():
    (sentence,) = told(RELEASE, job(pods_of="web", failed="DeadlineExceeded", message="Job was active longer"))
    assert sentence.startswith("the job web failed: DeadlineExceeded: Job was active longer")
    assert "`timeout`" in sentence


def test_a_job_that_is_tried_again_tells_already_why_the_last_try_failed():
    failed = container({"terminated": {"exitCode": 1, "reason": "Error", "message": "no such table"}})
    (sentence,) = told(RELEASE, job(), pod(failed, name="web-release-x", owner="job-web", phase="Failed"))
    assert "no such table" in sentence


def test_what_runs_beside_a_container_that_failed_is_not_blamed():
    failed = container({"terminated": {"exitCode": 1, "reason": "Error", "message": "no such table"}})
    stopped = {**container({"terminated": {"exitCode": 143, "reason": "Error"}}), "name": "proxy"}
    item = pod(failed, name="web-release-x", owner="job-web", phase="Failed", initContainerStatuses=[stopped])
    (sentence,) = told(RELEASE, job(), item)
    assert "container web" in sentence
