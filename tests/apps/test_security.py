from __future__ import annotations

from typing import Any

import pytest

from tests.apps.pod_security import violations
from tests.apps.samples import cron, web, worker
from tests.harness import build_apps


def test_the_default_user_is_none_of_the_hosts_and_the_root_is_read_only() -> None:
    spec = build_apps({"it": web()}).pod("it")["spec"]
    assert spec["securityContext"]["runAsUser"] >= 10000
    assert spec["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True


def test_user_group_and_a_writable_root_can_be_chosen() -> None:
    chosen = {"user": 33, "group": 44, "readOnlyRoot": False}
    spec = build_apps({"it": web(security=chosen)}).pod("it")["spec"]
    pod = spec["securityContext"]
    assert (pod["runAsUser"], pod["runAsGroup"], pod["fsGroup"]) == (33, 44, 44)
    assert spec["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is False


@pytest.mark.parametrize(
    ("app", "lowered"),
    [
        (web(), False),
        (web(port=80), True),
        (web(port=1024, servicePort=80), False),
        ({**worker(), "ports": {"dns": {"port": 53, "protocol": "udp"}}}, True),
        (cron(), False),
    ],
)
def test_a_port_below_1024_is_served_by_any_user_whatever_the_container_runtime(
    app: dict[str, Any], lowered: bool
) -> None:
    pod = build_apps({"it": app}).pod("it")
    sysctl = {"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}
    assert pod["spec"]["securityContext"].get("sysctls") == ([sysctl] if lowered else None)
    assert violations(pod) == []


ROOT = {"level": "baseline", "user": 0, "group": 0, "capabilities": ["chown", "CAP_SETUID"]}


def test_the_baseline_level_lets_every_container_of_the_pod_be_root_with_the_capabilities_that_it_names() -> None:
    app = web(security=ROOT, init={"first": {"command": ["first"]}}, sidecars={"beside": {"command": ["beside"]}})
    spec = build_apps({"it": app}).pod("it")["spec"]
    pod = spec["securityContext"]
    assert (pod["runAsUser"], pod["runAsNonRoot"], pod["seccompProfile"]) == (0, False, {"type": "RuntimeDefault"})
    contexts = [container["securityContext"] for container in [*spec["initContainers"], *spec["containers"]]]
    assert len(contexts) == 3
    for context in contexts:
        assert context["capabilities"] == {"drop": ["ALL"], "add": ["CHOWN", "SETUID"]}
        assert context["allowPrivilegeEscalation"] is False


def test_a_pod_of_the_baseline_level_is_admitted_by_the_baseline_standard_whose_restricted_form_refuses_it() -> None:
    pod = build_apps({"it": web(security=ROOT)}).pod("it")
    assert sorted(violations(pod)) == ["it: capabilities", "it: runAsNonRoot", "it: runAsUser"]


def test_objects_say_which_keys_decide_what_their_pods_may_do() -> None:
    graph = build_apps({"db": web(security=ROOT), "old": web(security={"user": 999}), "web": web()})
    decided = [
        made.props["metadata"].get("annotations", {}).get("pod-security/decided-by")
        for made in (
            graph.one("Namespace", "namespace"),
            *(graph.one("Deployment", app) for app in ("db", "old", "web")),
        )
    ]
    assert decided == [
        "nightowl:apps.db.security.level",
        "nightowl:apps.db.security",
        "nightowl:apps.old.security",
        None,
    ]


def test_an_app_has_a_service_account_of_its_own_without_a_token() -> None:
    graph = build_apps({"it": web()})
    account = graph.one("ServiceAccount", "it")
    assert account.props["automountServiceAccountToken"] is False
    assert graph.pod("it")["spec"]["serviceAccountName"] == account.object_name
