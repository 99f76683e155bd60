"""The cluster's own kubeconfig: one context, the certificates inside, readable by the user alone."""

from __future__ import annotations

import base64
from pathlib import Path

import yaml

from infra.local.cluster.ports import LOOPBACK
from infra.local.paths import KUBE_CONTEXT

OWNER_ONLY = 0o600


def write_kubeconfig(path: Path, *, certificates: Path, api_port: int) -> None:
    """Write the file from the certificates that kwokctl generated (`ca.crt`, `admin.crt`, `admin.key`)."""
    cluster = {"server": api_server(api_port), "certificate-authority-data": _encoded(certificates / "ca.crt")}
    user = {
        "client-certificate-data": _encoded(certificates / "admin.crt"),
        "client-key-data": _encoded(certificates / "admin.key"),
    }
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": KUBE_CONTEXT, "cluster": cluster}],
        "users": [{"name": KUBE_CONTEXT, "user": user}],
        "contexts": [{"name": KUBE_CONTEXT, "context": {"cluster": KUBE_CONTEXT, "user": KUBE_CONTEXT}}],
        "current-context": KUBE_CONTEXT,
    }
    path.touch(OWNER_ONLY)
    path.chmod(OWNER_ONLY)
    path.write_text(yaml.safe_dump(document, sort_keys=False))


def api_server(api_port: int) -> str:
    """Return the URL of the API server."""
    return f"https://{LOOPBACK}:{api_port}"


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
