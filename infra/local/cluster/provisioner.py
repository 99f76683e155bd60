"""Volumes of the local cluster: makes a PersistentVolume for each claim of its class, and deletes what is let go.

It runs as a plain process of the cluster and needs nothing but Python. The nodes are simulated, so a volume is an
object of the API server and holds no data. When a claim wants one, the control plane says so by an annotation: at once,
or for a class with WaitForFirstConsumer when the scheduler has chosen a node.
"""

from __future__ import annotations

import argparse
import http.client
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

NAME = "volume-provisioner"
PROVISIONER = "nightowl.local/simulated"
WANTED = "volume.kubernetes.io/storage-provisioner"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
WATCH_SECONDS = 300
RETRY_SECONDS = 1.0
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
CLAIMS, VOLUMES = "/api/v1/persistentvolumeclaims", "/api/v1/persistentvolumes"

Json = dict[str, Any]

DEFAULT_CLASS: Json = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "local", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
    "provisioner": PROVISIONER,
    "volumeBindingMode": "WaitForFirstConsumer",
    "allowVolumeExpansion": True,
    "reclaimPolicy": "Delete",
}


class ApiServer:
    """The API server of the cluster, asked with the administrator's certificate."""

    def __init__(self, port: int, certificates: Path) -> None:
        self._port = port
        self._context = ssl.create_default_context(cafile=str(certificates / "ca.crt"))
        self._context.load_cert_chain(certificates / "admin.crt", certificates / "admin.key")

    def send(self, method: str, path: str, body: Json | None = None) -> http.client.HTTPResponse:
        """Send a request, and return the answer, whose body is still to be read."""
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self._port, context=self._context, timeout=WATCH_SECONDS * 2
        )
        patch = "application/merge-patch+json" if method == "PATCH" else "application/json"
        connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": patch})
        return connection.getresponse()

    def watch(self, path: str) -> Iterator[Json]:
        """Yield every object at a path, and then each that changes."""
        for line in self.send("GET", f"{path}?watch=true&timeoutSeconds={WATCH_SECONDS}"):
            event = json.loads(line)
            if event["type"] in {"ADDED", "MODIFIED"}:
                yield event["object"]


def wanted_volume(claim: Json, reclaim_policy: str) -> Json | None:
    """Return the volume to make for a claim; None where it has one, or wants none of this provisioner."""
    metadata, spec = claim["metadata"], claim["spec"]
    if metadata.get("annotations", {}).get(WANTED) != PROVISIONER or spec.get("volumeName"):
        return None
    name = f"pvc-{metadata['uid']}"
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {PROVISIONED_BY: PROVISIONER}},
        "spec": {
            "accessModes": spec["accessModes"],
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "uid": metadata["uid"],
            },
            # A path of a node that does not exist: nothing is mounted, as the kubelets are simulated.
            "hostPath": {"path": f"/nightowl-local/{name}"},
            "persistentVolumeReclaimPolicy": reclaim_policy,
            "storageClassName": spec["storageClassName"],
        },
    }


def growth(claim: Json) -> Json | None:
    """Return the capacity to give to a claim that has a volume and asks for more; None where it has what it asks."""
    wanted, has = claim["spec"]["resources"]["requests"], claim.get("status", {}).get("capacity")
    mine = claim["metadata"].get("annotations", {}).get(WANTED) == PROVISIONER
    return {"storage": wanted["storage"]} if mine and has and has["storage"] != wanted["storage"] else None


def is_let_go(volume: Json) -> bool:
    """Whether the claim of a volume is gone, and the volume is to go with it."""
    mine = volume["metadata"].get("annotations", {}).get(PROVISIONED_BY) == PROVISIONER
    deletes = volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
    return mine and deletes and volume.get("status", {}).get("phase") == "Released"


def serve_claims(api: ApiServer) -> None:
    """Make the default class unless there is one, the volumes of all claims, and of those to come."""
    api.send("POST", CLASSES, DEFAULT_CLASS).read()
    for claim in api.watch(CLAIMS):
        storage_class = claim["spec"].get("storageClassName")
        found = api.send("GET", f"{CLASSES}/{storage_class}")
        policy = json.load(found).get("reclaimPolicy", "Delete")
        volume = wanted_volume(claim, policy)
        if volume is not None:
            api.send("POST", VOLUMES, volume).read()
        capacity = growth(claim)
        if capacity is not None:
            place = f"/api/v1/namespaces/{claim['metadata']['namespace']}/persistentvolumeclaims"
            api.send("PATCH", f"{VOLUMES}/{claim['spec']['volumeName']}", {"spec": {"capacity": capacity}}).read()
            api.send("PATCH", f"{place}/{claim['metadata']['name']}/status", {"status": {"capacity": capacity}}).read()


def delete_volumes(api: ApiServer) -> None:
    """Delete every volume whose claim is gone."""
    for volume in api.watch(VOLUMES):
        if is_let_go(volume):
            api.send("DELETE", f"{VOLUMES}/{volume['metadata']['name']}").read()


def main() -> None:
    """Serve the cluster until the process is killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificates", type=Path, required=True)
    arguments = parser.parse_args()
    api = ApiServer(arguments.port, arguments.certificates)
    for work in (serve_claims, delete_volumes):
        threading.Thread(target=_again_and_again, args=(work, api)).start()


def _again_and_again(work: Callable[[ApiServer], None], api: ApiServer) -> None:
    while True:
        try:
            work(api)
        except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
            print(f"{type(error).__name__}: {error}", flush=True)
            time.sleep(RETRY_SECONDS)


if __name__ == "__main__":
    main()
