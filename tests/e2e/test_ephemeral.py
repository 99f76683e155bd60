from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kubernetes.client import AppsV1Api, CoreV1Api, NetworkingV1Api

from infra.ci.ephemeral.lifecycle import run_down, run_up
from infra.ci.ephemeral.place import LABEL, Place
from infra.ci.ephemeral.sweep import run_sweep
from infra.ci.github import connect
from infra.local.up import wait_until_available
from infra.local.workspace import local_engine
from infra.toolchain.resolve import resolve_engine
from infra.versions import KUBERNETES_MINOR
from tests.ci.fake_github import FakeGithub
from tests.e2e.conftest import CLUSTER, NAMESPACE, Cluster, interrupt, wait_for
from tests.e2e.ephemeral_objects import access_objects

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

GROUP = "nightowl:ephemeral"
IMAGE = "ghcr.io/stefanprodan/podinfo:6.14.0@sha256:" + "0" * 64
GONE_WITHIN_SECONDS = 60


@pytest.fixture(scope="module")
def github() -> Iterator[FakeGithub]:
    with FakeGithub() as server:
        yield server


@pytest.fixture(scope="module")
def place(cluster: Cluster, github: FakeGithub, tmp_path_factory: pytest.TempPathFactory) -> Place:
    run = github.run(tmp_path_factory.mktemp("run"))
    engine = local_engine(cluster.machine.paths(CLUSTER), resolve_engine(lambda _: None), print)
    return Place(project=cluster.machine.project, base="local", engine=engine, run=run, github=connect(run))


@pytest.fixture(scope="module")
def seven(place: Place, github: FakeGithub) -> Iterator[None]:
    """The stack of pull request 7, and for comparison what the base had before."""
    github.add_pull(7, labels=(LABEL,))
    run_up(place, 7, {})
    yield
    run_down(place, 7)


def releases(cluster: Cluster, namespace: str) -> dict[str, str]:
    """How often the pods of each Deployment of a namespace were replaced. Scaling is no release."""
    found = AppsV1Api(cluster.api).list_namespaced_deployment(namespace).items
    return {item.metadata.name: item.metadata.annotations["deployment.kubernetes.io/revision"] for item in found}


def namespaces(cluster: Cluster) -> dict[str, dict[str, str]]:
    return {item.metadata.name: item.metadata.labels for item in CoreV1Api(cluster.api).list_namespace().items}


def stacks(place: Place) -> set[str]:
    return set(place.guests.stacks())


def test_a_labelled_pull_request_gets_the_apps_in_a_namespace_of_its_own(
    seven: None, cluster: Cluster, place: Place
) -> None:
    status = wait_until_available(cluster.machine.paths(CLUSTER), "pr-7")
    assert {app.name for app in status.apps} == {"web", "worker", "report"}
    assert namespaces(cluster)["pr-7"]["pull-request"] == "7"
    wait_until_available(cluster.machine.paths(CLUSTER), NAMESPACE)
    assert stacks(place) == {"pr-7"}


def test_its_namespace_is_closed_to_all_others(seven: None, cluster: Cluster) -> None:
    policies: dict[str | None, Any] = {
        item.metadata.name: item for item in NetworkingV1Api(cluster.api).list_namespaced_network_policy("pr-7").items
    }
    assert {"namespace.default-deny", "web", "worker"} <= set(policies)
    [rule] = policies["web"].spec.ingress
    assert [peer.namespace_selector for peer in rule._from] == [None], "pods of its own namespace only"


def test_the_pull_request_is_told_once_where_the_apps_answer(seven: None, github: FakeGithub) -> None:
    [comment] = github.comments_on(7)
    assert "web.pr-7:9898" in comment.body


def test_a_push_updates_its_stack_and_no_other(seven: None, cluster: Cluster, place: Place, github: FakeGithub) -> None:
    before = releases(cluster, NAMESPACE)
    run_up(place, 7, {"web": IMAGE})
    web = AppsV1Api(cluster.api).read_namespaced_deployment("web", "pr-7")
    assert [container.image for container in web.spec.template.spec.containers] == [IMAGE]
    assert releases(cluster, NAMESPACE) == before
    assert len(github.comments_on(7)) == 1, "the comment is edited in place"


def test_the_sweep_removes_the_stack_of_a_closed_pull_request_and_keeps_the_others(
    seven: None, cluster: Cluster, place: Place, github: FakeGithub
) -> None:
    before = releases(cluster, NAMESPACE)
    github.add_pull(8, labels=(LABEL,))
    run_up(place, 8, {})
    github.issues[8].state = "closed"
    swept = {one.stack: one.done for one in run_sweep(place)}
    assert swept == {"pr-7": "kept", "pr-8": "removed"}
    wait_for("namespace pr-8 is gone", lambda: "pr-8" not in namespaces(cluster), GONE_WITHIN_SECONDS)
    assert "pr-8" not in stacks(place)
    assert "pr-7" in namespaces(cluster)
    assert not place.file(8).exists()
    assert releases(cluster, NAMESPACE) == before
    assert "is closed" in github.comments_on(8)[0].body


def test_a_dry_sweep_tells_what_is_due_and_removes_nothing(seven: None, place: Place, cluster: Cluster) -> None:
    later = datetime.now(UTC) + timedelta(hours=73)
    [swept] = run_sweep(replace(place, run=replace(place.run, dry_run=True)), now=later)
    assert (swept.done, swept.why.partition(" for ")[0]) == ("due", "would be: nothing happened")
    assert "pr-7" in stacks(place)
    assert "pr-7" in namespaces(cluster)


def test_a_stack_goes_when_it_is_told_to_and_a_second_time_changes_nothing(
    cluster: Cluster, place: Place, github: FakeGithub
) -> None:
    github.add_pull(11, labels=(LABEL,))
    run_up(place, 11, {})
    assert run_down(place, 11)
    wait_for("namespace pr-11 is gone", lambda: "pr-11" not in namespaces(cluster), GONE_WITHIN_SECONDS)
    assert "pr-11" not in stacks(place)
    assert not run_down(place, 11)
    wait_until_available(cluster.machine.paths(CLUSTER), NAMESPACE)


def test_what_an_interrupted_creation_left_is_swept(cluster: Cluster, place: Place, github: FakeGithub) -> None:
    # An image that nobody has: a creation that could end would do so on a fast machine before it is interrupted.
    images = json.dumps({"web": "registry.invalid/web:1.0.0@sha256:" + "d" * 64})
    up = ("ci", "ephemeral", "up", "--pull-request", "9", "--base", "local", "--cluster", CLUSTER, "--images", images)
    with cluster.machine.start(*up) as process:
        wait_for("namespace pr-9 exists", lambda: "pr-9" in namespaces(cluster), 90)
        interrupt(process)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 130, out + err
    assert "pr-9" in stacks(place)

    github.add_pull(9, labels=(), state="open")
    assert {one.stack: one.done for one in run_sweep(place)}["pr-9"] == "removed"
    wait_for("namespace pr-9 is gone", lambda: "pr-9" not in namespaces(cluster), GONE_WITHIN_SECONDS)
    assert "pr-9" not in stacks(place)


# What the role of pull requests may do in the cluster.


def ask(
    cluster: Cluster, method: str, path: str, body: Any = None, *, group: str = GROUP, kind: str = "json"
) -> tuple[int, str]:
    """Send a request as somebody of a group; the status, and what the API server says."""
    headers = {
        "Content-Type": "application/json" if kind == "json" else f"application/{kind}+json",
        "Impersonate-User": "arn:aws:sts::123456789012:assumed-role/nightowl-dev-ephemeral/run",
        "Impersonate-Group": group,
    }
    api: Any = cluster.api
    request = api.param_serialize(method, path, header_params=headers, body=body, auth_settings=["BearerToken"])
    answer = api.call_api(*request)
    return answer.status, json.loads(answer.read()).get("message", "")


def namespace(name: str, standard: str = "restricted") -> dict[str, Any]:
    labels = {
        "pod-security.kubernetes.io/enforce": standard,
        "pod-security.kubernetes.io/enforce-version": f"v{KUBERNETES_MINOR}",
    }
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def deployment(**pod: Any) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": "one"}
    spec = {"containers": [{"name": "one", "image": "example.com/one:1"}], **pod}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "one"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
    }


def service(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "one"},
        "spec": {"ports": [{"port": 80}], **spec},
    }


def binding(namespace: str, role: str = "cluster-admin", name: str = "nightowl-ephemeral-guest") -> dict[str, Any]:
    """Gives the group rights in a namespace."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name, "namespace": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": GROUP}],
    }


def quota(name: str = "quota", spec: dict[str, Any] | None = None, **hard: str) -> dict[str, Any]:
    """A quota that the policy lets through, but for what is given."""
    bounds = {"pods": "40", "requests.cpu": "8", "requests.memory": "16Gi", "limits.memory": "16Gi"}
    volumes = {"persistentvolumeclaims": "20", "requests.storage": "100Gi"}
    within = {**bounds, **volumes, **{key.replace("_", "."): value for key, value in hard.items()}}
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": name},
        "spec": {"hard": within, **(spec or {})},
    }


def claim(size: str = "1Gi") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "one"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}},
    }


BINDINGS = "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings"
GUEST_ROLE = "nightowl-ephemeral-guest"


@pytest.fixture(scope="module")
def confined(cluster: Cluster) -> Iterator[Cluster]:
    """The cluster with the permissions of the group, and with the namespace pr-70 that the group made."""
    objects = access_objects()
    for path, item in objects:
        assert ask(cluster, "POST", path, item, group="system:masters") == (201, "")
    # The API server reads a new policy within moments; until then the group may do too much.
    probe = namespace("not-of-a-pull-request")
    wait_for(
        "the policy holds",
        lambda: ask(cluster, "POST", "/api/v1/namespaces?dryRun=All", probe)[0] == 403,
        GONE_WITHIN_SECONDS,
    )
    for made in ("pr-70", "pr-73"):
        assert ask(cluster, "POST", "/api/v1/namespaces", namespace(made)) == (201, "")
        assert ask(cluster, "POST", BINDINGS.format(made), binding(made, GUEST_ROLE)) == (201, "")
        deployments = f"/apis/apps/v1/namespaces/{made}/deployments"
        wait_for("the binding holds", lambda at=deployments: ask(cluster, "GET", at)[0] == 200, GONE_WITHIN_SECONDS)
    assert ask(cluster, "POST", "/api/v1/namespaces/pr-70/resourcequotas", quota()) == (201, "")
    with_quota = "/apis/apps/v1/namespaces/pr-70/deployments?dryRun=All"
    wait_for("the quota is seen", lambda: ask(cluster, "POST", with_quota, deployment())[0] == 201, GONE_WITHIN_SECONDS)
    yield cluster
    for made in ("pr-70", "pr-73"):
        ask(cluster, "DELETE", f"/api/v1/namespaces/{made}", group="system:masters")
    for path, item in objects:
        ask(cluster, "DELETE", f"{path}/{item['metadata']['name']}", group="system:masters")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/apis/apps/v1/namespaces/pr-70/deployments", deployment()),
        ("POST", "/api/v1/namespaces/pr-70/services", service()),
        ("GET", "/api/v1/namespaces/pr-70/pods", None),
        ("GET", "/api/v1/namespaces/pr-70/events", None),
        ("POST", "/api/v1/namespaces", namespace("pr-71")),
        ("DELETE", "/api/v1/namespaces/pr-70", None),
    ],
    ids=["deployment", "service", "pods", "events", "namespace", "its-namespace"],
)
def test_the_role_of_pull_requests_may_make_and_unmake_a_stack(
    confined: Cluster, method: str, path: str, body: Any
) -> None:
    dry = "" if method == "GET" else "?dryRun=All"
    assert ask(confined, method, f"{path}{dry}", body)[0] in {200, 201}


ELSEWHERE = "touch nothing else"


@pytest.mark.parametrize(
    ("method", "path", "body", "reason"),
    [
        ("POST", "/api/v1/namespaces", namespace("foo"), ELSEWHERE),
        ("POST", "/api/v1/namespaces", namespace("pr-07"), ELSEWHERE),
        ("POST", "/api/v1/namespaces", namespace("pr-7-x"), ELSEWHERE),
        ("POST", "/api/v1/namespaces", namespace("pr-72", "privileged"), "enforces the restricted"),
        ("DELETE", "/api/v1/namespaces/apps", None, ELSEWHERE),
        ("POST", "/apis/apps/v1/namespaces/apps/deployments", deployment(), "cannot create resource"),
        ("DELETE", "/apis/apps/v1/namespaces/apps/deployments/web", None, "cannot delete resource"),
        ("POST", "/apis/apps/v1/namespaces/kube-system/deployments", deployment(), "cannot create resource"),
        ("POST", "/api/v1/namespaces/default/services", service(), "cannot create resource"),
        ("POST", BINDINGS.format("apps"), binding("apps", GUEST_ROLE), ELSEWHERE),
        ("POST", BINDINGS.format("kube-system"), binding("kube-system", GUEST_ROLE), ELSEWHERE),
        ("POST", BINDINGS.format("pr-70"), binding("pr-70", GUEST_ROLE, name="other"), "gives the rights of a guest"),
        ("POST", "/api/v1/namespaces/pr-70/services", service(type="LoadBalancer"), "inside the cluster only"),
        ("POST", "/api/v1/namespaces/pr-70/services", service(externalIPs=["10.0.0.1"]), "inside the cluster only"),
        ("POST", "/apis/apps/v1/namespaces/pr-70/deployments", deployment(priorityClassName="system-node-critical"),
         "no priority over others"),
        ("POST", "/apis/apps/v1/namespaces/pr-70/deployments", deployment(tolerations=[{"operator": "Exists"}]),
         "stay off"),
        ("POST", "/apis/apps/v1/namespaces/pr-70/deployments",
         deployment(tolerations=[{"key": "CriticalAddonsOnly", "operator": "Exists"}]), "stay off"),
        ("POST", "/apis/apps/v1/namespaces/pr-70/deployments", deployment(nodeSelector={"nightowl/system": "true"}),
         "stay off"),
        ("POST", "/apis/apps/v1/namespaces/pr-70/deployments", deployment(nodeName="local-a"), "stay off"),
        ("POST", "/api/v1/namespaces/pr-73/resourcequotas", quota(pods="41"), "gives at most 40 pods"),
        ("POST", "/api/v1/namespaces/pr-73/resourcequotas", quota(requests_cpu="8001m"), "gives at most"),
        ("POST", "/api/v1/namespaces/pr-73/resourcequotas", quota(limits_memory="1Ti"), "gives at most"),
        ("POST", "/api/v1/namespaces/pr-73/resourcequotas", quota(requests_storage="101Gi"), "gives at most"),
        ("POST", "/api/v1/namespaces/pr-70/persistentvolumeclaims", claim("101Gi"), "exceeded quota"),
        ("DELETE", "/api/v1/namespaces/pr-70/resourcequotas/quota", None, "goes with its namespace"),
        ("GET", "/api/v1/namespaces/apps/configmaps", None, "cannot list resource"),
        ("GET", "/apis/apps/v1/namespaces/apps/deployments", None, "cannot list resource"),
        ("GET", "/apis/apps/v1/deployments", None, "cannot list resource"),
        ("GET", "/api/v1/namespaces/kube-system/pods", None, "cannot list resource"),
        ("GET", "/api/v1/namespaces/apps/secrets", None, "cannot list resource"),
        ("GET", "/api/v1/namespaces/pr-70/secrets", None, "cannot list resource"),
        ("POST", "/api/v1/namespaces/pr-70/pods", {"metadata": {"name": "one"}}, "cannot create resource"),
        ("POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles", {"metadata": {"name": "one"}, "rules": []},
         "cannot create resource"),
        ("POST", BINDINGS.format("pr-70"), binding("pr-70", name="other"), "attempting to grant"),
        ("POST", BINDINGS.format("apps"), binding("apps"), "attempting to grant"),
        ("DELETE", "/apis/rbac.authorization.k8s.io/v1/clusterroles/nightowl-ephemeral", None,
         "cannot delete resource"),
        ("DELETE", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/nightowl-ephemeral", None,
         "cannot delete resource"),
        ("POST", "/api/v1/namespaces/pr-70/serviceaccounts/default/token", {}, "cannot create resource"),
        ("DELETE", "/api/v1/nodes/nobody", None, "cannot delete resource"),
    ],
)  # fmt: skip
def test_the_role_of_pull_requests_may_do_nothing_else(
    confined: Cluster, method: str, path: str, body: Any, reason: str
) -> None:
    dry = "" if method == "GET" else "?dryRun=All"
    status, told = ask(confined, method, f"{path}{dry}", body)
    assert (status, reason in told) == (403, True), told


@pytest.mark.parametrize(
    ("kinds", "body"),
    [
        ("apis/apps/v1/namespaces/pr-73/deployments", deployment()),
        ("api/v1/namespaces/pr-73/persistentvolumeclaims", claim()),
    ],
)
def test_without_a_quota_nothing_makes_pods_or_volumes(confined: Cluster, kinds: str, body: dict[str, Any]) -> None:
    status, told = ask(confined, "POST", f"/{kinds}?dryRun=All", body)
    assert (status, "nightowl-ephemeral-quota" in told) == (422, True), told


@pytest.mark.parametrize("scope", ["Terminating", "NotBestEffort", "PriorityClass", "VolumeAttributesClass"])
def test_no_quota_of_a_pull_request_is_of_some_pods_or_volumes_only(confined: Cluster, scope: str) -> None:
    path = "/api/v1/namespaces/pr-73/resourcequotas?dryRun=All"
    status, told = ask(confined, "POST", path, quota(spec={"scopes": [scope]}))
    assert (status, "unsupported scope" in told) == (422, True), told


def test_the_quota_of_a_namespace_cannot_be_raised_afterwards(confined: Cluster) -> None:
    path = "/api/v1/namespaces/pr-70/resourcequotas/quota?dryRun=All"
    for hard in ({"pods": "500"}, {"pods": None}):
        status, told = ask(confined, "PATCH", path, {"spec": {"hard": hard}}, kind="merge-patch")
        assert (status, "gives at most" in told) == (403, True), told


def test_the_standard_of_a_namespace_cannot_be_lowered_afterwards(confined: Cluster) -> None:
    lower = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}}
    status, told = ask(confined, "PATCH", "/api/v1/namespaces/pr-70?dryRun=All", lower, kind="merge-patch")
    assert (status, "enforces the restricted" in told) == (403, True), told


def test_everybody_else_is_free_of_the_policy(confined: Cluster) -> None:
    path = "/api/v1/namespaces?dryRun=All"
    assert ask(confined, "POST", path, namespace("foo", "privileged"), group="system:masters") == (201, "")
