"""Another user of the same machine reads, changes and blocks nothing of a cluster to which nothing is deployed."""

from __future__ import annotations

import http.client
import json
import os
import ssl
import subprocess
from collections.abc import Callable, Generator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import pytest

from tests.e2e.conftest import CLUSTER, Cluster

NOBODY = 65534
"""The user and group without rights that every Linux has."""

Answer = TypeVar("Answer")

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(600),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user"),
]

Request = tuple[int, str, str, str, str]
"""Port, scheme, method, path, body."""


def as_nobody(action: Callable[[], Answer]) -> Answer:
    """Run `action` in a copy of this process that has given up all rights, and return its answer."""
    with ProcessPoolExecutor(1, mp_context=get_context("fork"), initializer=_give_up_rights) as pool:
        return pool.submit(action).result(timeout=120)


def _give_up_rights() -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def status(request: Request) -> int | None:
    """Return the status of the answer; None where there is none."""
    port, scheme, method, path, body = request
    # Like an attacker: whoever answers is asked, whatever its certificate says.
    unverified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    connection = (
        http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=unverified)
        if scheme == "https"
        else http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    )
    try:
        connection.request(method, path, body, {"Content-Type": "application/json", "Host": "evil.example"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def statuses(requests: list[Request]) -> list[int | None]:
    return [status(request) for request in requests]


def refusal(action: Callable[[str], object], path: Path) -> str:
    """Return the kind of the error that `action` on `path` ends with, or what it returned."""
    try:
        return repr(action(str(path)))
    except OSError as error:
        return type(error).__name__


@contextmanager
def impostor(program: Path) -> Generator[None]:
    """Run a process of the other user that calls itself by the path of a component."""
    with subprocess.Popen([str(program), "300"], executable="/bin/sleep", user=NOBODY, group=NOBODY) as process:
        try:
            yield
        finally:
            process.kill()


def test_another_user_reads_and_changes_nothing_over_any_port_of_the_cluster(cluster: Cluster) -> None:
    ports: dict[str, int] = json.loads(cluster.machine.paths(CLUSTER).record.read_text())["ports"]
    everything = json.dumps({"key": "AA==", "range_end": "AA=="})
    paths = [
        ("POST", "/v3/kv/put", json.dumps({"key": "YQ==", "value": "Yg=="})),
        ("POST", "/v3/kv/range", everything),
        ("GET", "/api/v1/secrets", ""),
        ("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", "{}"),
        ("GET", "/configz", ""),
        ("POST", "/exec/apps/web/web?command=id", ""),
        ("GET", "/containerLogs/apps/web/web", ""),
    ]
    requests = [
        (port, scheme, method, path, body)
        for port in ports.values()
        for scheme in ("http", "https")
        for method, path, body in paths
    ]

    answered = [
        (request, status)
        for request, status in zip(requests, as_nobody(partial(statuses, requests)), strict=True)
        if status is not None and status < 400
    ]

    assert answered == []


def test_another_user_reads_no_file_of_the_cluster(cluster: Cluster) -> None:
    root = cluster.machine.paths(CLUSTER).root
    assert root.exists()

    for folder in (root, root.parent):
        assert as_nobody(partial(refusal, os.listdir, folder)) == "PermissionError", folder

    readable = [path for path in root.rglob("*") if path.is_file() and path.suffix == ".key"]
    assert readable, "kwokctl made keys"
    assert [path for path in readable if path.stat().st_mode & 0o077] == []


def test_another_user_blocks_neither_up_nor_down(cluster: Cluster) -> None:
    paths = cluster.machine.paths("e2e-besieged")
    with impostor(paths.root / "bin" / "etcd"), impostor(cluster.machine.paths(CLUSTER).root / "bin" / "karpenter"):
        lock = cluster.machine.paths(CLUSTER).lock
        assert as_nobody(partial(refusal, open, lock)) == "PermissionError"

        up = cluster.up()
        assert up.code == 0, up.out + up.err
        down = cluster.machine.nightowl("local", "down", "--name", "e2e-besieged")

    assert down.code == 0, down.out + down.err
    assert "there is no such cluster" in down.out
