"""Why a pod is not ready. The words are those of Kubernetes 1.36; the file of each is named beside it."""

from __future__ import annotations

import pytest

from infra.kube import Json
from infra.rollouts.pods import fault_key, pod_faults
from tests.rollouts.cluster_objects import IMAGE, POD, container, event, pod, waiting

RUNNING: Json = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
CREATING = waiting("ContainerCreating")


def sentences(item: Json, *events: Json) -> list[str]:
    return [fault.sentence for fault in pod_faults(item, events)]


@pytest.mark.parametrize(
    ("reason", "message", "hopeless"),
    [
        # pkg/kubelet/kubelet_pods.go makeEnvironmentVariables, with the API server's own "not found"
        ("CreateContainerConfigError", 'secret "web-key" not found', False),
        ("CreateContainerConfigError", 'configmap "web-env" not found', False),
        ("CreateContainerConfigError", "couldn't find key session in Secret apps/web-key", False),
        # pkg/kubelet/kuberuntime/security_context_others.go verifyRunAsNonRoot
        (
            "CreateContainerConfigError",
            'container has runAsNonRoot and image will run as root (pod: "web_apps(1)", container: web)',
            True,
        ),
        # pkg/kubelet/images/image_manager.go EnsureImageExists
        ("ErrImagePull", 'failed to pull and unpack image "x": not found', False),
        ("ImagePullBackOff", 'Back-off pulling image "x": ErrImagePull: not found', False),
        ("InvalidImageName", 'Failed to apply default image tag "X:": couldn\'t parse image name', True),
        # runc, as containerd passes it on
        (
            "RunContainerError",
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create "
            'failed: unable to start container process: exec: "serve": executable file not found in $PATH: unknown',
            True,
        ),
    ],
)
def test_a_container_that_cannot_be_made_is_told_with_its_reason(reason: str, message: str, hopeless: bool):
    (fault,) = pod_faults(pod(waiting(reason, message)))

    assert fault.sentence.startswith(f"container web ({IMAGE}): {reason}: {message}")
    assert fault.rule.hopeless is hopeless


@pytest.mark.parametrize("kind", ["Startup", "Readiness", "Liveness"])
def test_a_running_container_that_is_not_ready_is_told_with_what_its_probe_got(kind: str):
    said = f'{kind} probe failed: Get "http://10.0.0.3:9898/": dial tcp 10.0.0.3:9898: connect: connection refused'

    (fault,) = pod_faults(pod(container(RUNNING)), [event("Unhealthy", said)])  # pkg/kubelet/prober/prober.go probe

    assert f"Unhealthy: {said}" in fault.sentence
    assert fault.rule.reported_after_seconds > 5, "every start fails a probe or two"


def test_a_start_that_is_slower_than_its_budget_is_told_as_killed_for_it():
    # pkg/kubelet/kuberuntime/kuberuntime_manager.go computePodActions; the event of killContainer
    events = [
        event("Unhealthy", "Startup probe failed: HTTP probe failed with statuscode: 503"),
        event("Killing", "Container web failed startup probe, will be restarted"),
    ]
    killed = {"terminated": {"exitCode": 137, "reason": "Error"}}

    (told,) = sentences(pod(container(RUNNING, restarts=1, last=killed)), *events)

    assert "Container web failed startup probe, will be restarted" in told
    assert "statuscode: 503" in told
    assert "health.startup" in told


def test_a_container_that_ends_again_and_again_is_told_with_its_last_words():
    said = "\n".join(f"line {number}" for number in range(9))
    last = {"terminated": {"exitCode": 1, "reason": "Error", "message": said}}
    back_off = {
        "waiting": {
            "reason": "CrashLoopBackOff",
            "message": "back-off 40s restarting failed container=web pod=web-1_apps(1)",
        }
    }

    in_back_off = pod_faults(pod(container(back_off, restarts=4, last=last)))
    started_again = pod_faults(pod(container(RUNNING, restarts=4, last=last)))

    assert "Error with exit code 1, restarted 4 times" in in_back_off[0].sentence
    assert in_back_off[0].sentence.endswith("line 8")
    assert "line 3" not in in_back_off[0].sentence
    assert in_back_off == started_again, "it is the same fault in between two starts"


def test_a_command_that_ends_well_is_told_where_it_should_run_for_ever():
    last = {"terminated": {"exitCode": 0, "reason": "Completed"}}
    (told,) = sentences(pod(container({"waiting": {"reason": "CrashLoopBackOff"}}, last=last)))
    assert "Completed with exit code 0" in told


def test_a_container_that_took_too_much_memory_is_told_with_the_key_that_gives_it_more():
    killed = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    (told,) = sentences(pod(container(killed)))
    assert "OOMKilled with exit code 137" in told
    assert "resources.memory" in told


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        # pkg/volume/util/operationexecutor/operation_generator.go
        ("FailedMount", 'MountVolume.SetUp failed for volume "secrets" : secret "web-key" not found'),
        # pkg/kubelet/kubelet.go
        ("FailedMount", "Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[]"),
        # pkg/controller/volume/attachdetach/reconciler/reconciler.go
        ("FailedAttachVolume", 'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) web-0'),
    ],
)
def test_a_volume_that_does_not_come_is_told_by_its_event(reason: str, message: str):
    (told,) = sentences(pod(CREATING), event(reason, message, path=""))
    assert f"{reason}: {message}" in told


def test_an_event_about_a_volume_is_of_the_past_once_the_container_runs():
    assert sentences(pod(container(RUNNING)), event("FailedMount", "not yet", path="")) == []


def test_a_pod_without_a_node_is_told_with_what_the_scheduler_and_its_claim_say():
    # pkg/scheduler/framework/plugins/volumebinding/volume_binding.go; pkg/controller/volume/persistentvolume
    scheduler = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims."
    unscheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": scheduler}
    claim = {
        "reason": "ProvisioningFailed",
        "message": 'storageclass.storage.k8s.io "fast" not found',
        "involvedObject": {"kind": "PersistentVolumeClaim", "name": "web-data"},
    }

    told = sentences(pod(conditions=[unscheduled]), claim)

    assert f"not scheduled: Unschedulable: {scheduler}" in told[0]
    assert 'claim web-data: ProvisioningFailed: storageclass.storage.k8s.io "fast" not found' in told[1]


def test_a_pod_that_was_evicted_is_told_with_the_pods_own_message():
    said = "Pod ephemeral local storage usage exceeds the total limit of containers 64Mi. "  # pkg/kubelet/eviction
    assert sentences(pod(phase="Failed", reason="Evicted", message=said)) == [f"Evicted: {said}"]


def test_a_pod_that_a_load_balancer_does_not_serve_yet_is_told():
    gates = [
        {"type": "PodScheduled", "status": "True"},
        {
            "type": "Ready",
            "status": "False",
            "reason": "ReadinessGatesNotReady",
            "message": 'corresponding condition of pod readiness gate "target-health.elbv2.k8s.aws/x" does not exist.',
        },
    ]
    (told,) = sentences(pod(container(RUNNING, ready=True), conditions=gates))
    assert "not in service: ReadinessGatesNotReady" in told


def test_a_pod_on_its_way_has_no_fault():
    assert sentences(pod(CREATING)) == []
    assert sentences(pod(waiting("PodInitializing"))) == []
    assert sentences(pod(container(RUNNING))) == []


def test_a_ready_pod_has_no_fault():
    ready = [{"type": "Ready", "status": "True"}]
    assert sentences(pod(conditions=ready), event("Unhealthy", "Readiness probe failed: once")) == []


def test_the_same_fault_in_another_pod_and_a_moment_later_is_the_same():
    first = pod_faults(pod(waiting("ErrImagePull", "not found")))[0]
    later = pod_faults(pod(waiting("ImagePullBackOff", 'Back-off pulling image "x": not found')))[0]
    assert fault_key(first) == fault_key(later)

    here = pod_faults(pod(container(RUNNING)), [event("Unhealthy", "Readiness probe failed: dial tcp 10.0.0.3:1")])[0]
    there = pod_faults(pod(container(RUNNING)), [event("Unhealthy", "Readiness probe failed: dial tcp 10.0.0.4:1")])[0]
    assert fault_key(here, POD) == fault_key(there, "web-other")
