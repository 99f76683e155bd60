"""The configuration file of kwokctl, which runs etcd, the control plane, kwok and metrics-server as plain processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from infra.local.cluster.ports import LOOPBACK, Ports
from infra.toolchain.resolve import Tools
from infra.toolchain.table import KUBERNETES_VERSION

MANIFESTS = Path(__file__).parent / "manifests"

HPA_SYNC_SECONDS = 10
"""The shortest period that Amazon EKS offers; the Kubernetes default is 15."""
METRIC_RESOLUTION_SECONDS = 10
"""metrics-server's minimum. Its kubelet timeout must be shorter than 9/10 of it."""
KUBELET_TIMEOUT_SECONDS = 5
NODE_MONITOR_GRACE_MILLISECONDS = 50_000
"""The Kubernetes default since 1.32; kwokctl's own would be 200 s, and a lost zone would go unnoticed for as long."""
CLIENT_QPS = 100
"""Requests a second of the controller manager and the scheduler (defaults 20 and 50). Managed control planes allow
more than the defaults too, and here nobody else uses the API server."""
SERVICE_CIDR = "10.96.0.0/16"
POD_CIDR = "10.128.0.1/9"
"""Pod addresses, apart from the service addresses. kwok gives them out one by one from this start."""
ADVERTISED_ADDRESS = "192.0.2.1"
"""A documentation address (RFC 5737). The API server refuses to advertise loopback, and would otherwise need a
default route; nothing connects to it."""
WEBHOOK_PLUGINS = "MutatingAdmissionWebhook,ValidatingAdmissionWebhook"
"""What asks webhooks. Pods are simulated, so none would answer, and what a chart checks by one would be refused."""

_STAGES = (
    "node-stages/fast/node-initialize.yaml",
    "node-stages/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "node-stages/chaos/node-not-ready.yaml",
    "pod-stages/fast/pod-ready.yaml",
    "pod-stages/fast/pod-complete.yaml",
    "pod-stages/fast/pod-delete.yaml",
)


def configuration_yaml(tools: Tools, ports: Ports, *, certificates: Path) -> str:
    """Render the configuration, followed by the stages that play the kubelets' part.

    `certificates` is the folder into which kwokctl puts the certificates that it makes.
    """
    documents = [configuration(tools, ports, certificates=certificates)]
    for path in (*(tools.assets / stage for stage in _STAGES), *sorted(MANIFESTS.glob("*.yaml"))):
        documents += [item for item in yaml.safe_load_all(path.read_text()) if item["kind"] == "Stage"]
    return yaml.safe_dump_all(documents, sort_keys=False)


def configuration(tools: Tools, ports: Ports, *, certificates: Path) -> dict[str, Any]:
    """Build the KwokctlConfiguration. Every binary is given, so that kwokctl downloads none."""
    binaries = {
        "etcdBinary": tools.etcd,
        "kubeApiserverBinary": tools.kube_apiserver,
        "kubeControllerManagerBinary": tools.kube_controller_manager,
        "kubeSchedulerBinary": tools.kube_scheduler,
        "kubectlBinary": tools.kubectl,
        "kwokControllerBinary": tools.kwok,
        "metricsServerBinary": tools.metrics_server,
    }
    client_rates = {"kube-api-qps": str(CLIENT_QPS), "kube-api-burst": str(2 * CLIENT_QPS)}
    return {
        "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
        "kind": "KwokctlConfiguration",
        "options": {
            "runtime": "binary",
            "bindAddress": LOOPBACK,
            "kubeVersion": f"v{KUBERNETES_VERSION}",
            "cacheDir": str(tools.downloads),
            "securePort": True,
            "kubeAuthorization": True,
            "kubeAdmission": True,
            "quietPull": True,
            "heartbeatFactor": 1,
            "kubeControllerManagerNodeMonitorGracePeriodMilliseconds": NODE_MONITOR_GRACE_MILLISECONDS,
            "enable": ["metrics-server"],
            "enableCRDs": ["ClusterResourceUsage"],
            "metricsServerManifests": [str(tools.assets / "metrics-server")],
            "kubeApiserverPort": ports.apiserver,
            "etcdPort": ports.etcd,
            "etcdPeerPort": ports.etcd_peer,
            "kubeControllerManagerPort": ports.controller_manager,
            "kubeSchedulerPort": ports.scheduler,
            "kwokControllerPort": ports.kwok,
            "metricsServerPort": ports.metrics_server,
            **{key: str(path) for key, path in binaries.items()},
        },
        "componentsPatches": [
            _arguments("etcd", {"unsafe-no-fsync": "true", **_etcd_security(certificates)}),
            _arguments("etcd", _etcd_addresses(ports), override=True),
            _arguments("kube-apiserver", {"etcd-servers": _etcd_url(ports.etcd)}, override=True),
            _arguments(
                "kube-apiserver",
                {
                    **_etcd_client(certificates),
                    "advertise-address": ADVERTISED_ADDRESS,
                    "endpoint-reconciler-type": "none",
                    "service-cluster-ip-range": SERVICE_CIDR,
                    "disable-admission-plugins": WEBHOOK_PLUGINS,
                },
            ),
            _arguments(
                "kube-controller-manager",
                {"horizontal-pod-autoscaler-sync-period": f"{HPA_SYNC_SECONDS}s", **client_rates},
            ),
            _arguments("kube-scheduler", client_rates),
            _arguments("kwok-controller", {"cidr": POD_CIDR}),
            _arguments("metrics-server", {"kubelet-request-timeout": f"{KUBELET_TIMEOUT_SECONDS}s"}),
            _arguments("metrics-server", {"metric-resolution": f"{METRIC_RESOLUTION_SECONDS}s"}, override=True),
        ],
    }


def _etcd_security(certificates: Path) -> dict[str, str]:
    """Return the flags by which etcd talks to nobody without a certificate of the cluster's own authority.

    kwokctl starts it on plain HTTP, where every user of the machine, and every page in a browser of theirs, could read
    and write all objects. The gateway is etcd's way in for HTTP clients; the API server uses gRPC.
    """
    own = {"cert-file": "admin.crt", "key-file": "admin.key", "trusted-ca-file": "ca.crt"}
    files = {name: str(certificates / file) for name, file in own.items()}
    return {
        **files,
        "client-cert-auth": "true",
        **{f"peer-{name}": file for name, file in files.items()},
        "peer-client-cert-auth": "true",
        "enable-grpc-gateway": "false",
    }


def _etcd_addresses(ports: Ports) -> dict[str, str]:
    peer = _etcd_url(ports.etcd_peer)
    return {
        "listen-client-urls": _etcd_url(ports.etcd),
        "advertise-client-urls": _etcd_url(ports.etcd),
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"node0={peer}",
    }


def _etcd_client(certificates: Path) -> dict[str, str]:
    files = {"etcd-cafile": "ca.crt", "etcd-certfile": "admin.crt", "etcd-keyfile": "admin.key"}
    return {name: str(certificates / file) for name, file in files.items()}


def _etcd_url(port: int) -> str:
    return f"https://{LOOPBACK}:{port}"


def _arguments(component: str, values: dict[str, str], *, override: bool = False) -> dict[str, Any]:
    arguments = [{"key": key, "value": value, "override": override} for key, value in values.items()]
    return {"name": component, "extraArgs": arguments}
