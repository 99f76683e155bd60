"""Jobs that an update waits for: apps of kind `job`, and releases before a rollout."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apps.network_evaluator import allowed, app_pod
from tests.apps.samples import IMAGE, cron, job, web, worker
from tests.harness import Graph, Made, build_apps

MIGRATE: dict[str, Any] = {"command": ["migrate"]}
NEW_IMAGE = IMAGE.replace("1.0.0", "2.0.0")


def _released(**changes: Any) -> Graph:
    return build_apps({"it": web(**{"release": MIGRATE, **changes})})


def _container(made: Made) -> dict[str, Any]:
    return made.props["spec"]["template"]["spec"]["containers"][0]


@pytest.mark.parametrize(
    "change",
    [
        {"image": NEW_IMAGE},
        {"command": ["serve"]},
        {"env": {"A": "1"}},
        {"files": {"/etc/app.conf": "x"}},
        {"secrets": {"key": "app/key"}},
        {"release": {"command": ["migrate", "--all"]}},
        {"release": {**MIGRATE, "env": {"A": "1"}}},
        {"release": {**MIGRATE, "resources": {"memory": "1Gi"}}},
    ],
)
def test_a_release_runs_again_where_what_it_runs_with_has_changed(change: dict[str, Any]) -> None:
    assert _released(**change).only("Job").object_name != _released().only("Job").object_name


@pytest.mark.parametrize(
    "change",
    [
        {"replicas": 2},
        {"scaling": {"min": 4}},
        {"health": {"readiness": "/readyz"}},
        {"rollout": {"surge": 50}},
        {"allowTo": ["10.0.0.0/8"]},
        {"traffic": {"host": "a.example.com"}},
        {"availability": {"priority": "high"}},
    ],
)
def test_a_release_does_not_run_again_where_the_rest_of_the_app_has_changed(change: dict[str, Any]) -> None:
    assert _released(**change).only("Job").name == _released().only("Job").name


def test_a_job_runs_again_where_it_has_changed_and_never_for_a_new_version_of_this_program() -> None:
    before, after = (build_apps({"it": job(args=[level])}).only("Job") for level in ("1", "2"))
    assert before.object_name != after.object_name
    assert before.name == before.object_name, "under a name of its own the old one stays until the new one is done"
    assert before.ignore_changes == ["spec"]


def _state_after(run: Graph, **status: int) -> dict[str, Any]:
    """The state that a run leaves: its Job, as the cluster reports it at its end."""
    return {made.urn: {"type": made.type, "outputs": {**made.props, "status": status}} for made in run.all("Job")}


def test_an_app_that_is_off_keeps_the_release_that_has_run_and_runs_none() -> None:
    on = _released()
    never_on = build_apps({"it": web(release=MIGRATE, replicas=0)})
    assert not never_on.all("Job")
    assert {made.name for made in never_on.all("NetworkPolicy")} == {
        made.name for made in build_apps({"it": web(replicas=0)}).all("NetworkPolicy")
    }
    done, failed = _state_after(on, succeeded=1), _state_after(on, failed=3)
    off = build_apps({"it": web(release=MIGRATE, replicas=0)}, state=done)
    assert off.only("Job").name == on.only("Job").name, "so that it is not run again when the app is on again"
    assert not build_apps({"it": web(release=MIGRATE, replicas=0)}, state=failed).all("Job")
    assert not build_apps({"it": web(release=MIGRATE, replicas=0, image=NEW_IMAGE)}, state=done).all("Job")
    in_another = {"namespace": {"name": "elsewhere"}}
    assert not build_apps({"it": web(release=MIGRATE, replicas=0)}, state=done, **in_another).all("Job")


def test_an_app_that_is_on_again_runs_the_release_of_a_changed_image_before_its_pods() -> None:
    changed = build_apps({"it": web(release=MIGRATE, replicas=1, image=NEW_IMAGE)})
    release = changed.only("Job")
    assert release.name != _released().only("Job").name
    assert f"Job {release.name}" in changed.made_before(changed.one("Deployment", "it"))


def test_new_pods_wait_for_the_release_and_the_release_for_all_that_pods_need() -> None:
    graph = _released(env={"A": "1"}, secrets={"key": "app/key"})
    release = graph.only("Job")
    assert f"Job {release.name}" in graph.made_before(graph.one("Deployment", "it"))
    before = graph.made_before(release)
    assert {"ServiceAccount it", "NetworkPolicy it.release", "ResourceQuota namespace"} <= before
    assert any(one.startswith("ConfigMap it-env-") for one in before)


def test_a_release_has_the_app_s_account_variables_files_secrets_and_sidecars_and_its_own_command() -> None:
    graph = _released(
        env={"A": "1", "B": "$(A)"},
        files={"/etc/app.conf": "x"},
        secrets={"key": {"ref": "app/key", "env": "KEY"}},
        sidecars={"proxy": {"command": ["proxy"]}},
        init={"prepare": {"command": ["prepare"]}},
        args=["serve"],
    )
    app, release = graph.pod("it")["spec"], graph.only("Job").props["spec"]["template"]["spec"]
    assert release["serviceAccountName"] == app["serviceAccountName"] == "it"
    own, one_time = app["containers"][0], release["containers"][0]
    assert (one_time["command"], one_time.get("args"), one_time["image"]) == (["migrate"], None, IMAGE)
    for key in ("env", "envFrom", "volumeMounts", "securityContext", "resources"):
        assert one_time[key] == own[key]
    assert [helper["name"] for helper in release["initContainers"]] == ["proxy"], "init prepares a replica"
    assert "readinessProbe" not in one_time
    assert release["restartPolicy"] == "Never"


def test_variables_of_a_release_come_besides_those_of_the_app_or_instead_of_them() -> None:
    graph = _released(env={"A": "1", "B": "2"}, release={**MIGRATE, "env": {"B": "3", "C": "4"}})
    names = [source["configMapRef"]["name"] for source in _container(graph.only("Job"))["envFrom"]]
    (data,) = [made.props["data"] for made in graph.all("ConfigMap") if made.object_name in names]
    assert data == {"A": "1", "B": "3", "C": "4"}


def test_a_release_leaves_the_volume_that_one_node_holds_to_the_version_before() -> None:
    volumes = {
        "data": {"mount": "/data", "size": "1Gi", "kind": "persistent"},
        "cache": {"mount": "/cache", "size": "64Mi"},
    }
    mounts = _container(_released(replicas=1, volumes=volumes).only("Job"))["volumeMounts"]
    paths = {mount["mountPath"] for mount in mounts}
    assert "/cache" in paths
    assert "/data" not in paths


def test_no_service_budget_or_autoscaler_takes_the_pod_of_a_release_for_one_of_the_app() -> None:
    graph = _released()
    labels = graph.only("Job").props["spec"]["template"]["metadata"]["labels"]
    selectors = [
        graph.one("Service", "it").props["spec"]["selector"],
        graph.one("PodDisruptionBudget", "it").props["spec"]["selector"]["matchLabels"],
        graph.one("Deployment", "it").props["spec"]["selector"]["matchLabels"],
    ]
    assert all(not selector.items() <= labels.items() for selector in selectors)


def test_a_release_may_call_whom_its_app_may_and_nobody_may_call_it() -> None:
    graph = build_apps({"it": web(release=MIGRATE, allowTo=["db"]), "db": web(port=5432), "other": web(allowTo=["it"])})
    policies = [made.props for made in graph.all("NetworkPolicy")]
    assert allowed(policies, app_pod("it.release"), app_pod("db"), 5432)
    assert not allowed(policies, app_pod("other"), app_pod("it.release"), 8080)
    assert not allowed(policies, app_pod("it.release"), app_pod("other"), 8080)


@pytest.mark.parametrize(
    "app", [job(retries=1, timeout="90s"), web(release={**MIGRATE, "retries": 1, "timeout": "90s"})]
)
def test_a_run_ends_by_its_timeout_and_the_engine_waits_longer(app: dict[str, Any]) -> None:
    made = build_apps({"it": app}).only("Job")
    spec = made.props["spec"]
    assert (spec["activeDeadlineSeconds"], spec["backoffLimit"], spec["podReplacementPolicy"]) == (90, 1, "Failed")
    assert int(made.timeouts["create"].removesuffix("s")) > 90


def test_the_drain_of_a_node_is_no_failure_of_a_run() -> None:
    (rule,) = build_apps({"it": job()}).only("Job").props["spec"]["podFailurePolicy"]["rules"]
    assert rule == {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}


def test_a_job_that_failed_is_made_anew_by_the_next_update() -> None:
    annotations = build_apps({"it": job()}).only("Job").props["metadata"]["annotations"]
    assert annotations["pulumi.com/replaceUnready"] == "true"


def test_the_quota_has_room_for_a_job_and_for_a_release_beside_all_replicas() -> None:
    def pods(app: dict[str, Any]) -> int:
        return int(build_apps({"it": app}).only("ResourceQuota").props["spec"]["hard"]["pods"])

    assert pods(worker(replicas=3, release=MIGRATE)) == pods(worker(replicas=3)) + 2
    assert pods(job()) == 2


def test_apps_come_up_in_the_order_of_what_they_depend_on() -> None:
    graph = build_apps(
        {
            "web": web(dependsOn=["seed"], release=MIGRATE),
            "seed": job(dependsOn=["db"]),
            "db": web(),
            "report": cron(dependsOn=["web"]),
        }
    )
    jobs = {made.props["metadata"]["labels"]["app.kubernetes.io/name"]: made for made in graph.all("Job")}
    assert {"Deployment db", "Service db"} <= graph.made_before(jobs["seed"])
    assert f"Job {jobs['seed'].name}" in graph.made_before(jobs["web"]), "the release waits too"
    assert "Deployment web" in graph.made_before(graph.one("CronJob", "report"))
    assert "Deployment db" not in graph.made_before(graph.one("Service", "web")), "only pods wait"
