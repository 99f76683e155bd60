from __future__ import annotations

from tests.apps.samples import web
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


def test_an_app_has_a_service_account_of_its_own_without_a_token() -> None:
    graph = build_apps({"it": web()})
    account = graph.one("ServiceAccount", "it")
    assert account.props["automountServiceAccountToken"] is False
    assert graph.pod("it")["spec"]["serviceAccountName"] == account.object_name
