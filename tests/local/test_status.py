from __future__ import annotations

import io
import json
from typing import Any

import pytest
from rich.console import Console

from infra.labels import NAME_LABEL
from infra.local.status import ClusterStatus, collect
from infra.local.tables import status_json, status_tables
from tests.local.fake_api_server import serving

NAMESPACE = "apps"


def node(name: str, zone: str, *, autoscaled: bool) -> dict[str, Any]:
    pool = {"karpenter.sh/nodepool": "apps"} if autoscaled else {}
    return {
        "metadata": {
            "name": name,
            "labels": {"topology.kubernetes.io/zone": zone, "node.kubernetes.io/instance-type": "m7g.large", **pool},
        },
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }


def pod(name: str, app: str, node_name: str | None, phase: str = "Running") -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {NAME_LABEL: app}},
        "spec": {"nodeName": node_name} if node_name else {},
        "status": {"phase": phase},
    }


def deployment(name: str, *, desired: int, ready: int) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {NAME_LABEL: name}},
        "spec": {
            "replicas": desired,
            "selector": {},
            "template": {"metadata": {}, "spec": {"containers": [{"name": name, "ports": [{"containerPort": 80}]}]}},
        },
        "status": {"readyReplicas": ready},
    }


def autoscaler(name: str, *, minimum: int, cpu_percent: int | None, made: str) -> dict[str, Any]:
    current = [] if cpu_percent is None else [{"type": "Resource", "resource": _resource(cpu_percent)}]
    target = {"type": "Utilization", "averageUtilization": 60}
    return {
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "labels": {NAME_LABEL: name},
            "creationTimestamp": made,
        },
        "spec": {
            "scaleTargetRef": {"kind": "Deployment", "name": name},
            "minReplicas": minimum,
            "maxReplicas": 60,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        },
        "status": {"desiredReplicas": minimum, "currentMetrics": current, "conditions": []},
    }


def _resource(cpu_percent: int) -> dict[str, Any]:
    return {"name": "cpu", "current": {"averageUtilization": cpu_percent}}


def cron(name: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {NAME_LABEL: name}},
        "spec": {
            "schedule": "*/5 * * * *",
            "jobTemplate": {"spec": {"template": {"metadata": {}, "spec": {"containers": [{"name": name}]}}}},
        },
    }


def stateful_set(name: str) -> dict[str, Any]:
    item = deployment(name, desired=3, ready=3)
    return {**item, "spec": {**item["spec"], "serviceName": f"{name}-peers"}}


def worker_with_ports(name: str) -> dict[str, Any]:
    item = deployment(name, desired=1, ready=1)
    return {**item, "metadata": {**item["metadata"], "annotations": {"nightowl/kind": "worker"}}}


def job(app: str, *, pods_of: str | None = None, succeeded: int = 0, made: str = "", owner: str = "") -> dict[str, Any]:
    template = {"metadata": {"labels": {NAME_LABEL: pods_of or app}}, "spec": {"containers": [{"name": app}]}}
    owners = {"ownerReferences": [{"uid": owner}]} if owner else {}
    metadata = {"namespace": NAMESPACE, "labels": {NAME_LABEL: app}, "creationTimestamp": made, **owners}
    return {
        "metadata": {"name": f"{app}-{made[:4]}", **metadata},
        "spec": {"template": template},
        "status": {"succeeded": succeeded},
    }


LONG_AGO = "2020-01-01T00:00:00Z"

JUST_NOW = "2999-01-01T00:00:00Z"
"""No machine is so slow that this would be long ago."""


def status_of(*, desired: int = 3, ready: int = 3, cpu_percent: int | None = 12, made: str = LONG_AGO) -> ClusterStatus:
    answers = {
        "/api/v1/nodes": {
            "items": [node("base", "zone-a", autoscaled=False), node("made", "zone-b", autoscaled=True)],
        },
        "/api/v1/pods": {
            "items": [pod("web-1", "web", "base"), pod("web-2", "web", "made"), pod("web-3", "web", None, "Pending")],
        },
        "/apis/apps/v1/deployments": {"items": [deployment("web", desired=desired, ready=ready)]},
        "/apis/autoscaling/v2/horizontalpodautoscalers": {
            "items": [autoscaler("web", minimum=3, cpu_percent=cpu_percent, made=made)],
        },
        "/apis/batch/v1/cronjobs": {"items": [cron("report")]},
    }
    with serving(answers) as api:
        return collect("test", api)


def test_an_app_shows_its_replicas_zones_and_autoscaler() -> None:
    app = status_of().app("web")
    assert app is not None
    assert (app.kind, app.ready, app.desired) == ("web", 3, 3)
    assert app.zones == {"zone-a": 1, "zone-b": 1}, "a pending pod runs in no zone"
    assert app.scaling is not None
    assert (app.scaling.minimum, app.scaling.maximum) == (3, 60)
    assert app.scaling.metrics[0].current == 12


def test_a_cron_app_shows_its_schedule_and_is_available_between_runs() -> None:
    report = status_of().app("report")
    assert report is not None
    assert report.schedule == "*/5 * * * *"
    assert report.available


def test_every_app_is_shown_by_its_kind_and_a_job_by_its_newest_version_alone() -> None:
    answers = {
        "/apis/apps/v1/deployments": {"items": [worker_with_ports("redis"), deployment("web", desired=1, ready=1)]},
        "/apis/apps/v1/statefulsets": {"items": [stateful_set("db")]},
        "/apis/batch/v1/jobs": {
            "items": [
                job("seed", succeeded=1, made=JUST_NOW),
                job("seed", made=LONG_AGO),
                job("web", pods_of="web.release", made=LONG_AGO),
                job("report", owner="cron", made=LONG_AGO),
                job("late", made=LONG_AGO),
            ]
        },
    }
    with serving(answers) as api:
        status = collect("test", api)
    assert {app.name: (app.kind, app.available) for app in status.apps} == {
        "redis": ("worker", True),
        "web": ("web", True),
        "db": ("stateful", True),
        "seed": ("job", True),
        "late": ("job", False),
    }


def test_nodes_that_the_autoscaler_made_are_told_from_the_first_ones() -> None:
    assert {item.name: item.autoscaled for item in status_of().nodes} == {"base": False, "made": True}


@pytest.mark.parametrize(
    ("case", "available"),
    [
        ({}, True),
        ({"ready": 2}, False),
        ({"desired": 1, "ready": 1}, False),
        ({"cpu_percent": None}, False),
        ({"cpu_percent": None, "made": JUST_NOW}, True),
        ({"ready": 2, "made": JUST_NOW}, False),
    ],
    ids=[
        "all ready",
        "a replica is missing",
        "fewer than the autoscaler's least",
        "the autoscaler sees no metrics",
        "an autoscaler just made waits for its first metrics",
        "a replica is missing beside a new autoscaler",
    ],
)
def test_a_cluster_is_available_only_when_nothing_is_missing(case: dict[str, Any], available: bool) -> None:
    assert status_of(**case).available is available


def test_the_json_holds_what_the_tables_show() -> None:
    status = status_of()
    document = json.loads(json.dumps(status_json(status)))
    assert document["available"] is True
    assert document["pendingPods"] == 1
    assert document["apps"][0]["autoscaler"]["metrics"] == {"cpu": {"current": 12, "target": 60}}
    assert [item["autoscaled"] for item in document["nodes"]] == [False, True]


def test_the_tables_fit_an_eighty_column_terminal_and_name_every_app() -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(status_tables(status_of()))
    text = console.export_text()
    assert "web" in text
    assert "3/3 ready" in text
    assert "3 to 60, cpu 12%/60%" in text
    assert "report" in text
    assert "1 pods pending" in text
