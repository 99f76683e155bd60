"""What a kubelet would write of a command that failed. Pods are simulated, so the test writes it, in its words.

Until then the pod waits for an image that cannot be pulled.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kubernetes.client import ApiClient, CoreV1Api

from tests.e2e.conftest import wait_for

NO_IMAGE = "registry.invalid/app:2"
EXIT_CODE = 3


@contextmanager
def failing_release(api: ApiClient, namespace: str, app: str, *, last_words: str, seconds: float) -> Iterator[None]:
    """Let the release of `app` fail whose image is `NO_IMAGE`, as soon as its pod is there, within `seconds`."""
    core = CoreV1Api(api)

    def pods() -> list[Any]:
        found = core.list_namespaced_pod(namespace, label_selector=f"app.kubernetes.io/name={app}.release").items
        return [pod for pod in found if pod.spec.containers[0].image == NO_IMAGE]

    def fail() -> None:
        wait_for("the pod of the release", lambda: bool(pods()), seconds)
        ended = {"terminated": {"exitCode": EXIT_CODE, "reason": "Error", "message": last_words}}
        container = {
            "name": app, "image": NO_IMAGE, "imageID": "", "ready": False, "restartCount": 0, "state": ended,
        }  # fmt: skip
        status = {"phase": "Failed", "containerStatuses": [container]}
        for pod in pods():
            core.patch_namespaced_pod_status(pod.metadata.name, namespace, {"status": status})

    kubelet = threading.Thread(target=fail, daemon=True)
    kubelet.start()
    yield
    kubelet.join(seconds)
