"""Published builds: whether the network reaches them, and the Pulumi CLI's own installer.

The control plane, etcd, kwok and metrics-server are downloaded by kwokctl, when it is given no file for them; this
module only tells whether it may. Where the hosts do not answer quickly, everything is built from source instead.
"""

from __future__ import annotations

import http.client
import sys
from pathlib import Path

from infra.local.toolchain import table
from infra.local.toolchain.golang import run_step

ANSWER_SECONDS = 3
HTTP_BAD_REQUEST = 400

_CONTROL_PLANE_HOST = "dl.k8s.io"
_KWOK_HOST = "github.com"
_PULUMI_HOST = "get.pulumi.com"


def cluster_binaries_answer() -> bool:
    """Whether the hosts that kwokctl downloads from answer for the pinned versions."""
    os_name, arch = table.target()
    return _answers(_CONTROL_PLANE_HOST, _apiserver_path()) and _answers(
        _KWOK_HOST, f"/kubernetes-sigs/kwok/releases/download/v{table.KWOK_VERSION}/kwok-{os_name}-{arch}"
    )


def cluster_binaries_are_cached(kwokctl_cache: Path) -> bool:
    """Whether kwokctl has downloaded into `kwokctl_cache` before: it keeps a file at `https/<host>/<path>`."""
    return (kwokctl_cache / "https" / _CONTROL_PLANE_HOST / _apiserver_path().lstrip("/")).exists()


def pulumi_answers() -> bool:
    """Whether the host of Pulumi's releases answers."""
    return _answers(_PULUMI_HOST, "/")


def install_pulumi(folder: Path) -> None:
    """Install the CLI that belongs to the installed SDK into `folder` (as `bin/pulumi`)."""
    code = "import sys; from pulumi.automation import PulumiCommand; PulumiCommand.install(root=sys.argv[1])"
    run_step([sys.executable, "-c", code, str(folder)], what="installing the Pulumi CLI")


def _apiserver_path() -> str:
    os_name, arch = table.target()
    return f"/release/v{table.KUBERNETES_VERSION}/bin/{os_name}/{arch}/kube-apiserver"


def _answers(host: str, path: str) -> bool:
    connection = http.client.HTTPSConnection(host, timeout=ANSWER_SECONDS)
    try:
        connection.request("HEAD", path)
        return connection.getresponse().status < HTTP_BAD_REQUEST
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
