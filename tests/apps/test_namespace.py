from __future__ import annotations

from infra.versions import KUBERNETES_MINOR
from tests.apps.samples import web
from tests.harness import build_apps


def test_every_pod_below_the_restricted_standard_is_refused_warned_of_and_recorded() -> None:
    labels = build_apps({"web": web()}).one("Namespace", "namespace").props["metadata"]["labels"]
    for mode in ("enforce", "warn", "audit"):
        assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"
        assert labels[f"pod-security.kubernetes.io/{mode}-version"] == f"v{KUBERNETES_MINOR}"


def test_the_namespace_enforces_the_weakest_level_of_its_apps_and_tells_of_what_is_not_restricted() -> None:
    apps = {"web": web(), "db": web(security={"level": "baseline", "user": 0})}
    labels = build_apps(apps).one("Namespace", "namespace").props["metadata"]["labels"]
    levels = {mode: labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "warn", "audit")}
    assert levels == {"enforce": "baseline", "warn": "restricted", "audit": "restricted"}


def test_the_namespace_has_the_given_name_and_every_app_lives_in_it() -> None:
    graph = build_apps({"web": web()}, namespace={"name": "shop"})
    assert graph.one("Namespace", "namespace").object_name == "shop"
    namespaced = [made for made in graph.objects() if made.kind not in {"Namespace", "PriorityClass"}]
    assert {made.props["metadata"]["namespace"] for made in namespaced} == {"shop"}


def test_a_container_that_asks_for_nothing_gets_the_defaults_of_an_app_and_no_cpu_limit() -> None:
    limits = build_apps({"web": web()}).one("LimitRange", "namespace").props["spec"]["limits"]
    assert limits == [
        {
            "type": "Container",
            "default": {"memory": "128Mi"},
            "defaultRequest": {"cpu": "100m", "memory": "128Mi"},
        }
    ]


def test_all_traffic_is_denied_in_both_directions_by_default() -> None:
    spec = build_apps({"web": web()}).one("NetworkPolicy", "namespace.default-deny").props["spec"]
    assert spec == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_without_network_policies_none_is_made_and_the_namespace_says_so() -> None:
    ingress = {"className": "nginx", "namespace": "edge", "clusterIssuer": "letsencrypt"}
    graph = build_apps(
        {"web": web(allowTo=["self"], traffic={"host": "app.example.com"})},
        namespace={"networkPolicies": False},
        platform={"ingress": ingress},
    )
    assert graph.all("NetworkPolicy") == []
    annotations = graph.one("Namespace", "namespace").props["metadata"]["annotations"]
    assert annotations == {"network-policies/left-out-by": "nightowl:namespace.networkPolicies"}
