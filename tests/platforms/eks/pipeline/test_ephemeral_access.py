from __future__ import annotations

import re
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from infra.platforms.eks.pipeline.ephemeral_access import MADE_KINDS, WATCHED_KINDS, EphemeralAccess
from infra.platforms.eks.pipeline.ephemeral_admission import (
    GUEST_NAME,
    MOST_OF_A_GUEST,
    NAME,
    NAMESPACES,
    QUOTA_NAME,
    QUOTA_POLICY,
)
from infra.platforms.eks.pipeline.group_roles import EPHEMERAL_GROUP
from infra.settings.build import build_settings
from infra.settings.pull_request import pull_request_name, pull_request_number
from tests.harness import Graph, run
from tests.platforms.eks.stacks import APP
from tests.platforms.guest.test_guest import WEB, guest_sections, run_guest

SECRETS = {"session-key": "dev/web/session-key"}
CLAIM = {"data": {"mount": "/data", "size": "1Gi", "kind": "persistent"}}


@pytest.fixture(scope="module")
def graph() -> Graph:
    def program() -> None:
        provider = k8s.Provider("cluster", kubeconfig="{}")
        EphemeralAccess("ephemeral-access", opts=pulumi.ResourceOptions(providers=[provider]))

    return run(program)


def test_the_role_may_make_exactly_the_kinds_that_a_guest_is_made_of() -> None:
    """A guest with everything in it, so that a new kind of object is not forgotten here, nor an old one left."""
    apps = {
        "web": {**WEB, "secrets": SECRETS, "files": {"/etc/web.conf": "x"}},
        "store": {**APP, "replicas": 1, "volumes": CLAIM},
        "worker": {"kind": "worker", "image": APP["image"], "allowTo": ["web"]},
        "task": {"kind": "cron", "image": APP["image"], "schedule": "@daily"},
        "seed": {"kind": "job", "image": APP["image"]},
    }
    made = run_guest(build_settings(guest_sections(apps=apps))).graph.resources
    kinds = {_resource(item.type) for item in made if item.type.startswith("kubernetes:")}
    in_namespaces = {(group, kind) for group, plurals in MADE_KINDS.items() for kind in plurals}
    assert kinds == in_namespaces | {("", "namespaces"), ("rbac.authorization.k8s.io", "rolebindings")}


def _resource(type_: str) -> tuple[str, str]:
    """The API group and the plural of a type such as `kubernetes:apps/v1:Deployment`."""
    _, version, kind = type_.split(":")
    group = version.rpartition("/")[0]
    plural = f"{kind.lower()[:-1]}ies" if kind.endswith("y") else f"{kind.lower()}{'es' if kind.endswith('s') else 's'}"
    return "" if group == "core" else group, plural


def test_a_guest_s_binding_is_there_before_all_that_needs_it() -> None:
    graph = run_guest(build_settings(guest_sections(apps={"web": WEB}))).graph
    [binding] = graph.all("RoleBinding")
    inside = [made for made in graph.resources if made.props.get("metadata", {}).get("namespace") == "pr-7"]
    assert len(inside) > 8
    for made in inside:
        assert made.name == GUEST_NAME or graph.waits_for(made, binding), made.name


def test_the_quota_of_a_guest_outlives_the_stack_and_goes_with_the_namespace() -> None:
    graph = run_guest(build_settings(guest_sections(apps={"web": WEB}))).graph
    kept = [made.kind for made in graph.resources if made.retain_on_delete]
    assert kept == ["ResourceQuota"]
    [quota] = graph.all("ResourceQuota")
    assert quota.props["metadata"]["name"] == QUOTA_NAME
    assert MOST_OF_A_GUEST.keys() <= quota.props["spec"]["hard"].keys()


def test_a_guest_s_volumes_fit_in_its_quota_twice_and_come_after_it() -> None:
    apps = {"store": {**APP, "replicas": 1, "volumes": CLAIM}, "web": WEB}
    graph = run_guest(build_settings(guest_sections(apps=apps))).graph
    [quota] = graph.all("ResourceQuota")
    hard = quota.props["spec"]["hard"]
    assert (hard["persistentvolumeclaims"], hard["requests.storage"]) == ("2", "2Gi")
    [volume] = graph.all("PersistentVolumeClaim")
    assert graph.waits_for(volume, quota)


def test_in_the_whole_cluster_it_has_namespaces_and_the_binding_of_a_guest_only(graph: Graph) -> None:
    [role] = [made for made in graph.all("ClusterRole") if made.name == NAME]
    granted = {
        (kind, *rule.get("resourceNames", [])): set(rule["verbs"])
        for rule in role.props["rules"]
        for kind in rule["resources"]
    }
    reads = {"get", "list", "watch"}
    assert granted == {
        ("namespaces",): reads | {"create", "delete", "patch", "update"},
        ("rolebindings",): {"create"},
        ("rolebindings", GUEST_NAME): {"delete", "get", "patch", "update"},
        ("clusterroles", GUEST_NAME): {"bind"},
    }


def test_secrets_roles_and_pods_are_out_of_a_guest_s_hands(graph: Graph) -> None:
    [role] = [made for made in graph.all("ClusterRole") if made.name == GUEST_NAME]
    by_resource: dict[str, set[str]] = {}
    for rule in role.props["rules"]:
        for resource in rule["resources"]:
            by_resource.setdefault(resource, set()).update(rule["verbs"])
    assert not {"secrets", "roles", "rolebindings", "clusterroles", "clusterrolebindings", "*"} & by_resource.keys()
    assert not {"*", "escalate", "bind", "impersonate"} & set().union(*by_resource.values())
    assert all(by_resource[kind] == {"get", "list", "watch"} for kinds in WATCHED_KINDS.values() for kind in kinds)


def test_the_permissions_wait_for_what_confines_them(graph: Graph) -> None:
    [binding] = graph.all("ClusterRoleBinding")
    confining = {f"ValidatingAdmissionPolicyBinding {name}" for name in (NAME, QUOTA_POLICY)}
    assert confining | {f"ClusterRole {NAME}", f"ClusterRole {GUEST_NAME}"} <= graph.made_before(binding)
    group = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": EPHEMERAL_GROUP}
    assert binding.props["subjects"] == [group]


def test_the_policy_sees_every_request_of_the_group_and_fails_closed(graph: Graph) -> None:
    [policy] = [made for made in graph.all("ValidatingAdmissionPolicy") if made.name == NAME]
    spec: dict[str, Any] = policy.props["spec"]
    assert spec["failurePolicy"] == "Fail"
    [rule] = spec["matchConstraints"]["resourceRules"]
    assert rule == {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*/*"]}
    assert [condition["expression"] for condition in spec["matchConditions"]] == [
        f"'{EPHEMERAL_GROUP}' in request.userInfo.groups"
    ]
    bindings = graph.all("ValidatingAdmissionPolicyBinding")
    assert [binding.props["spec"]["validationActions"] for binding in bindings] == [["Deny"], ["Deny"]]


@pytest.mark.parametrize(
    "name", ["pr-1", "pr-42", "pr-9999999", "pr-0", "pr-07", "pr-", "pr-7-x", "pr-12345678", "apps"]
)
def test_the_policy_knows_the_namespaces_as_the_settings_do(name: str) -> None:
    number = pull_request_number(name)
    assert bool(re.search(NAMESPACES, name)) == (number is not None)
    assert number is None or pull_request_name(number) == name
