"""Objects as an API server gives them: what makes pods, pods in all states, and events."""

from __future__ import annotations

from typing import Any

from infra.kube import Json

IMAGE = "registry.example/web:1"
POD = "web-5d9c7b9f4-abcde"


def deployment(*, name: str = "web", available: int = 0, generation: int = 2) -> Json:
    return {
        "metadata": {
            "name": name,
            "uid": f"deployment-{name}",
            "generation": generation,
            "annotations": {"deployment.kubernetes.io/revision": "2"},
        },
        "spec": {"replicas": 1},
        "status": {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "availableReplicas": available},
    }


def replica_set(*, name: str = "web", revision: str = "2", refused: str = "") -> Json:
    refusal = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": refused}
    return {
        "metadata": {
            "name": f"{name}-{revision}",
            "uid": f"{name}-{revision}",
            "annotations": {"deployment.kubernetes.io/revision": revision},
            "ownerReferences": [{"uid": f"deployment-{name}"}],
        },
        "status": {"conditions": [refusal] if refused else []},
    }


def stateful_set(
    *, replicas: int = 3, partition: int = 0, policy: str = "OrderedReady", status: Json | None = None
) -> Json:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": partition}}
    return {
        "metadata": {"name": "db", "namespace": "apps", "uid": "set-db", "generation": 1},
        "spec": {"replicas": replicas, "podManagementPolicy": policy, "updateStrategy": rolling},
        "status": {"observedGeneration": 1, "updateRevision": "db-new", **(status or {})},
    }


def replica(number: int, *containers: Json, version: str = "db-new", **status: Any) -> Json:
    item = pod(*containers, name=f"db-{number}", owner="set-db", **status)
    return {**item, "metadata": {**item["metadata"], "labels": {"controller-revision-hash": version}}}


def job(*, pods_of: str = "web.release", failed: str = "", message: str = "") -> Json:
    ended = {"type": "Failed", "status": "True", "reason": failed, "message": message}
    label = "app.kubernetes.io/name"
    return {
        "metadata": {"name": "web-release-1a2b3c4d", "uid": "job-web", "labels": {label: "web"}},
        "spec": {"template": {"metadata": {"labels": {label: pods_of}}}},
        "status": {"conditions": [ended] if failed else []},
    }


def pod(
    *containers: Json, name: str = POD, owner: str = "web-2", conditions: list[Json] | None = None, **status: Any
) -> Json:
    return {
        "metadata": {"name": name, "uid": f"uid-{name}", "ownerReferences": [{"uid": owner}]},
        "spec": {"volumes": [{"persistentVolumeClaim": {"claimName": "web-data"}}]},
        "status": {
            "phase": "Pending",
            "conditions": conditions or [{"type": "PodScheduled", "status": "True"}],
            "containerStatuses": list(containers),
            **status,
        },
    }


def container(state: Json, *, ready: bool = False, restarts: int = 0, last: Json | None = None) -> Json:
    return {
        "name": "web",
        "image": IMAGE,
        "ready": ready,
        "restartCount": restarts,
        "state": state,
        "lastState": last or {},
    }


def waiting(reason: str, message: str = "") -> Json:
    return container({"waiting": {"reason": reason, "message": message}})


def event(reason: str, message: str, *, about: str = POD, path: str = "spec.containers{web}", time: str = "1") -> Json:
    return {
        "reason": reason,
        "message": message,
        "lastTimestamp": time,
        "involvedObject": {"kind": "Pod", "uid": f"uid-{about}", "fieldPath": path},
    }
