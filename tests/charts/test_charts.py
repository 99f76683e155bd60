"""What a Helm chart of others makes on a cluster, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import grpc
import pytest

from infra.charts.rendering import TEMPLATE
from infra.settings.build import build_settings
from infra.settings.problems import SettingsError
from infra.stack import build
from tests.apps.samples import web
from tests.charts.samples import DEFINITION, REPOSITORY, Body, body, build_charts, chart, hook
from tests.harness import Graph, run

OBJECTS: list[Body] = [
    DEFINITION,
    body("ServiceAccount", "keda", metadata={"namespace": "keda"}),
    body("Service", "keda", metadata={"namespace": "keda"}),
    body("Deployment", "keda", "apps/v1", metadata={"namespace": "keda"}),
    body("Greeting", "own", "example.com/v1", metadata={"namespace": "keda"}),
    body("ClusterRole", "keda", "rbac.authorization.k8s.io/v1"),
    body("RoleBinding", "keda-auth", "rbac.authorization.k8s.io/v1", metadata={"namespace": "kube-system"}),
    hook("Job", "before", "pre-install,pre-upgrade", 1),
    hook("ServiceAccount", "before", "pre-install", -5, "v1"),
    hook("Job", "after", "post-install"),
    hook("Job", "tested", "test"),
    hook("Job", "goodbye", "pre-delete"),
]


@pytest.fixture(scope="module")
def keda() -> Graph:
    return build_charts({"keda": chart()}, OBJECTS, apps={"web": web()})


def test_each_object_of_a_chart_is_a_resource_with_a_name_that_tells_the_chart(keda: Graph) -> None:
    made = {f"{one.kind} {one.name}" for one in keda.objects() if "Chart" in one.urn}
    assert made == {
        "CustomResourceDefinition keda/greetings.example.com",
        "ServiceAccount keda/keda",
        "Service keda/keda",
        "Deployment keda/keda",
        "Greeting keda/own",
        "ClusterRole keda/keda",
        "RoleBinding keda/kube-system/keda-auth",
        "Job keda/before",
        "ServiceAccount keda/before",
        "Job keda/after",
    }


def test_a_custom_resource_comes_after_its_definition_and_its_controller(keda: Graph) -> None:
    before = keda.made_before(keda.one("Greeting", "keda/own"))
    assert before >= {"CustomResourceDefinition keda/greetings.example.com", "Deployment keda/keda"}


def test_hooks_of_an_installation_come_before_and_after_the_rest_by_their_weights(keda: Graph) -> None:
    before = keda.made_before(keda.one("Job", "keda/before"))
    assert "ServiceAccount keda/before" in before
    assert "ServiceAccount keda/keda" not in before
    assert "Job keda/before" in keda.made_before(keda.one("Deployment", "keda/keda"))
    assert "Greeting keda/own" in keda.made_before(keda.one("Job", "keda/after"))


def test_a_hook_that_nothing_runs_is_told_by_name_and_a_test_is_not(keda: Graph) -> None:
    assert keda.log == ["nightowl:charts.keda: hooks that nothing runs here: Job goodbye (pre-delete)"]


def test_apps_do_not_wait_for_a_chart_unless_it_says_so(keda: Graph) -> None:
    assert "Deployment keda/keda" not in keda.made_before(keda.one("Deployment", "web"))
    first = build_charts({"keda": chart(beforeApps=True)}, OBJECTS, apps={"web": web()})
    assert "Job keda/after" in first.made_before(first.one("Deployment", "web"))


def test_a_service_is_not_awaited_as_its_pods_come_later(keda: Graph) -> None:
    assert keda.one("Service", "keda/keda").props["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}
    assert "annotations" not in keda.one("Deployment", "keda/keda").props["metadata"]


def test_nothing_of_a_chart_is_awaited_where_the_stack_file_says_so() -> None:
    made = build_charts({"keda": chart(wait=False)}, OBJECTS)
    assert made.one("Deployment", "keda/keda").props["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_definitions_and_the_namespace_stay_when_the_chart_goes(keda: Graph) -> None:
    kept = {f"{one.kind} {one.name}" for one in keda.objects() if one.retain_on_delete}
    assert kept == {"CustomResourceDefinition keda/greetings.example.com", "Namespace keda"}


def test_a_chart_that_keeps_nothing_goes_with_its_definitions() -> None:
    made = build_charts({"keda": chart(keep=False)}, OBJECTS)
    assert not [one.name for one in made.objects() if one.retain_on_delete]


def test_what_helm_keeps_is_kept() -> None:
    policy = {"annotations": {"helm.sh/resource-policy": "keep"}}
    made = build_charts({"keda": chart(keep=False)}, [body("ConfigMap", "data", metadata=policy)])
    assert made.one("ConfigMap", "keda/data").retain_on_delete


def test_what_was_kept_is_taken_over_again_and_nothing_else(keda: Graph) -> None:
    adopts = {one.name: one.props.get("upsertExistingObjects") for one in keda.resources if "providers" in one.type}
    assert adopts["charts-adopting"] == "true"
    assert adopts["charts"] is None
    assert "charts-adopting" in keda.one("CustomResourceDefinition", "keda/greetings.example.com").provider
    assert "::charts::" in keda.one("Deployment", "keda/keda").provider


def test_the_namespace_of_a_chart_enforces_a_pod_security_standard(keda: Graph) -> None:
    labels = keda.one("Namespace", "keda").props["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "baseline"
    assert "pod-security.kubernetes.io/enforce-version" in labels


def test_charts_that_share_a_namespace_have_its_weakest_level() -> None:
    charts = {
        "agent": chart(namespace="monitoring", podSecurity="privileged"),
        "server": chart(namespace="monitoring", podSecurity="restricted"),
    }
    made = build_charts(charts, lambda options: [body("ConfigMap", options["release_name"])])
    assert (
        made.one("Namespace", "monitoring").props["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        == "privileged"
    )


def test_a_namespace_of_the_cluster_is_not_made() -> None:
    made = build_charts({"keda": chart(namespace="kube-system")}, [body("ConfigMap", "a")])
    assert {one.name for one in made.all("Namespace")} == {"namespace"}


def test_a_chart_waits_for_those_that_it_depends_on() -> None:
    charts = {"first": chart(dependsOn=["second"]), "second": chart()}
    made = build_charts(charts, [body("ConfigMap", "a")])
    assert "ConfigMap second/a" in made.made_before(made.one("ConfigMap", "first/a"))


def test_a_chart_of_a_registry_is_named_by_its_whole_address() -> None:
    seen: list[Mapping[str, Any]] = []

    def rendering(options: Mapping[str, Any]) -> list[Body]:
        seen.append(options)
        return [body("ConfigMap", "a")]

    build_charts({"x": chart(repository="oci://ghcr.io/o/charts", chart="keda", apiVersions=["a/v1"])}, rendering)
    build_charts({"x": chart(namespace="other", values={"a": None})}, rendering)
    assert [(one["chart"], one["version"], one.get("fetch_opts")) for one in seen] == [
        ("oci://ghcr.io/o/charts/keda", "1.2.3", None),
        ("x", "1.2.3", {"repo": REPOSITORY}),
    ]
    assert (seen[0]["namespace"], seen[0]["api_versions"]) == ("x", ["a/v1"])
    assert (seen[1]["namespace"], seen[1]["values"]) == ("other", {"a": None})


def test_what_a_chart_makes_up_anew_each_time_keeps_its_first_value() -> None:
    numbers = iter(["one", "two"])

    def rendering(_: Mapping[str, Any]) -> list[Body]:
        made_up = next(numbers)
        checksum = {"metadata": {"annotations": {"checksum/token": made_up}}}
        return [
            body("Secret", "token", data={"token": made_up, "user": "eA=="}),
            body("Deployment", "keda", "apps/v1", spec={"template": checksum}),
        ]

    made = build_charts({"keda": chart()}, rendering)
    assert made.one("Secret", "keda/token").ignore_changes == ["data.token"]
    assert made.one("Deployment", "keda/keda").ignore_changes == [
        'spec.template.metadata.annotations["checksum/token"]'
    ]


def test_a_job_that_has_ended_stays_as_the_next_update_would_run_it_again() -> None:
    job = hook("Job", "patch", "post-install") | {"spec": {"ttlSecondsAfterFinished": 60, "backoffLimit": 2}}
    made = build_charts({"keda": chart()}, [job])
    assert made.one("Job", "keda/patch").props["spec"] == {"backoffLimit": 2}


def test_the_data_of_a_secret_is_encrypted_in_the_state() -> None:
    made = build_charts({"keda": chart()}, [body("Secret", "token", data={"token": "c2VjcmV0"})])
    value = made.one("Secret", "keda/token").props["data"]["token"]
    assert value["value"] == "c2VjcmV0"
    assert len(value) == 2, "the engine knows a secret by a mark beside its value"


def test_an_object_of_a_newer_api_version_is_the_same_resource() -> None:
    state = {"urn": {"type": "kubernetes:policy/v1beta1:PodDisruptionBudget", "outputs": {}}}
    made = build_charts({"keda": chart()}, [body("PodDisruptionBudget", "keda", "policy/v1")], state=state)
    assert made.one("PodDisruptionBudget", "keda/keda").alias_types == ["kubernetes:policy/v1beta1:PodDisruptionBudget"]


@pytest.mark.parametrize(
    ("rendering", "message"),
    [
        ([], "nightowl:charts.keda.values: the chart makes nothing with these values"),
        ([body("ConfigMap", "a")] * 2, "nightowl:charts.keda: has ConfigMap a twice; leave one of them out"),
    ],
    ids=["nothing", "twice"],
)
def test_a_rendering_that_cannot_be_made_is_refused(rendering: list[Body], message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        build_charts({"keda": chart()}, rendering)
    assert str(refused.value) == message


def test_an_object_that_two_charts_would_make_is_refused() -> None:
    with pytest.raises(SettingsError) as refused:
        build_charts({"a": chart(), "b": chart()}, [DEFINITION])
    assert str(refused.value) == (
        "nightowl:charts.b: has CustomResourceDefinition greetings.example.com, as charts.a has; leave it out of one "
        "of them"
    )


def test_a_chart_that_makes_up_names_is_refused() -> None:
    names = iter("ab")
    with pytest.raises(SettingsError, match="Secret a has another name at each rendering"):
        build_charts({"keda": chart()}, lambda _: [body("Secret", next(names))])


class _HelmRefusesError(grpc.RpcError):
    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return "failed to generate YAML for specified Helm chart: failed to pull chart: no such host"


def test_all_charts_that_helm_refuses_are_named_with_its_reason() -> None:
    def refuse(_: Mapping[str, Any]) -> Mapping[str, Any]:
        raise _HelmRefusesError

    settings = build_settings(
        {"platform": {"kind": "existing", "context": "c"}, "apps": {}, "charts": {"a": chart(), "b": chart()}}
    )

    def program() -> None:
        build(settings)

    with pytest.raises(SettingsError) as refused:
        run(program, calls={TEMPLATE: refuse})
    lines = str(refused.value).splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["nightowl:charts.a", "nightowl:charts.b"]
    assert [line.partition(": ")[2] for line in lines] == ["failed to pull chart: no such host"] * 2


def test_a_stack_without_charts_has_no_provider_for_them() -> None:
    made = build_charts({}, apps={"web": web()})
    assert [one.name for one in made.resources if "providers" in one.type] == ["cluster"]
