"""Every pod that the program can describe passes the `restricted` Pod Security Standard."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from tests.apps.pod_security import violations
from tests.apps.samples import APPS, cron, web, worker
from tests.harness import build_apps


@pytest.mark.parametrize("app", [web(), worker(), cron()], ids=["web", "worker", "cron"])
def test_a_minimal_app_passes_the_restricted_standard(app: dict[str, Any]) -> None:
    assert violations(build_apps({"it": app}).pod("it")) == []


@given(app=APPS)
@settings(max_examples=40)
def test_any_app_passes_the_restricted_standard_without_a_token_and_above_its_floor(app: dict[str, Any]) -> None:
    pod = build_apps({"it": app}).pod("it")
    assert violations(pod) == []
    spec = pod["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    for container in [*spec.get("initContainers", []), *spec["containers"]]:
        resources = container["resources"]
        assert resources["requests"]["memory"] == resources["limits"]["memory"]
        assert resources["requests"]["cpu"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda spec: spec.pop("securityContext"), "seccompProfile"),
        (lambda spec: spec["securityContext"].update(runAsUser=0), "runAsUser"),
        (lambda spec: spec["containers"][0]["securityContext"].pop("capabilities"), "capabilities"),
        (lambda spec: spec["containers"][0]["securityContext"].pop("allowPrivilegeEscalation"), "Escalation"),
        (lambda spec: spec["containers"][0]["readinessProbe"]["tcpSocket"].update(host="x"), "host"),
        (lambda spec: spec["volumes"].append({"name": "host", "hostPath": {"path": "/"}}), "volume host"),
        (lambda spec: spec.update(hostNetwork=True), "hostNetwork"),
    ],
)
def test_the_check_itself_sees_each_violation(change: Any, named: str) -> None:
    pod = build_apps({"it": web()}).pod("it")
    change(pod["spec"])
    assert any(named in violation for violation in violations(pod))
