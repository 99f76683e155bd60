"""Objects as an API server gives them: a Deployment with its ReplicaSet, pods in all states, and events."""

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
