from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pytest

from tests.apps.network_evaluator import Pod, allowed
from tests.apps.samples import web, worker
from tests.harness import REPOSITORY, Graph, build_apps

INGRESS = {"className": "nginx", "namespace": "ingress-nginx"}
SIGNED = {**INGRESS, "clusterIssuer": "letsencrypt"}


def _provider(graph: Graph) -> dict[str, Any]:
    return graph.one("kubernetes", "cluster").props


def test_the_context_decides_which_cluster_it_is() -> None:
    provider = _provider(build_apps({"web": web()}, platform={"context": "staging"}))
    assert provider["context"] == provider["clusterIdentifier"] == "staging"
    assert provider["enableServerSideApply"] == "true"


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("~/.kube/other", str(Path.home() / ".kube/other")),
        ("/etc/kubeconfig", "/etc/kubeconfig"),
        ("kubeconfigs/ci", str(REPOSITORY / "kubeconfigs/ci")),
    ],
)
def test_the_kubeconfig_is_found_from_any_folder(given: str, path: str) -> None:
    assert _provider(build_apps({"web": web()}, platform={"kubeconfig": given}))["kubeconfig"] == path


def test_without_a_kubeconfig_the_provider_looks_where_kubectl_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    assert "kubeconfig" not in _provider(build_apps({"web": web()}))


def test_secrets_are_files_for_the_app_alone() -> None:
    graph = build_apps({"web": web(secrets={"session-key": "web/key", "token": "shared/token"})})
    spec = graph.pod("web")["spec"]
    volume = next(volume for volume in spec["volumes"] if volume["name"] == "secrets")["projected"]
    assert volume["defaultMode"] == 0o440
    assert [source["secret"] for source in volume["sources"]] == [
        {"name": "web", "items": [{"key": "key", "path": "session-key"}]},
        {"name": "shared", "items": [{"key": "token", "path": "token"}]},
    ]
    mount = next(mount for mount in spec["containers"][0]["volumeMounts"] if mount["name"] == "secrets")
    assert (mount["mountPath"], mount["readOnly"]) == ("/run/secrets", True)


def test_a_namespace_that_exists_is_taken_over_alone_and_left_behind() -> None:
    graph = build_apps({"web": web()}, namespace={"existing": True})
    adopting = graph.one("kubernetes", "cluster-adopting")
    assert adopting.props == {**_provider(graph), "upsertExistingObjects": "true"}
    namespace = graph.one("Namespace", "namespace")
    assert namespace.retain_on_delete
    assert [made for made in graph.objects() if made.provider.startswith(adopting.urn)] == [namespace]


def test_a_namespace_of_the_stacks_own_goes_with_it() -> None:
    graph = build_apps({"web": web()})
    assert not graph.one("Namespace", "namespace").retain_on_delete
    assert not graph.has("kubernetes", "cluster-adopting")


def test_a_secret_is_a_variable_only_where_that_is_asked_for() -> None:
    spec = build_apps({"web": web(secrets={"token": {"ref": "web/key", "env": "TOKEN"}})}).pod("web")["spec"]
    assert spec["containers"][0]["env"] == [
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "web", "key": "key"}}}
    ]
    assert "secrets" not in [volume["name"] for volume in spec["volumes"]]


@pytest.mark.parametrize("ref", ["key-only", "/key", "secret/", "a/b/c"])
def test_a_malformed_reference_is_refused_with_its_key(ref: str) -> None:
    with pytest.raises(pulumi.RunError) as refused:
        build_apps({"web": web(secrets={"token": ref})})
    message = str(refused.value)
    assert message.startswith(f"nightowl:apps.web.secrets.token: {ref!r} is not a reference; write <Secret>/<key>")


def test_traffic_comes_by_the_ingress_controller() -> None:
    graph = build_apps({"web": web(traffic={"host": "a.example.com", "path": "/api"})}, platform={"ingress": INGRESS})
    ingress = graph.one("Ingress", "web").props
    assert ingress["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}
    assert ingress["spec"] == {
        "ingressClassName": "nginx",
        "rules": [
            {
                "host": "a.example.com",
                "http": {
                    "paths": [
                        {
                            "path": "/api",
                            "pathType": "Prefix",
                            "backend": {"service": {"name": "web", "port": {"name": "app"}}},
                        }
                    ]
                },
            }
        ],
    }
    assert graph.outputs["apps"]["web"]["url"] == "http://a.example.com/api"


def test_an_issuer_signs_the_host_and_its_challenge_passes_the_default_deny() -> None:
    graph = build_apps({"web": web(traffic={"host": "a.example.com"})}, platform={"ingress": SIGNED})
    ingress = graph.one("Ingress", "web").props
    assert ingress["metadata"]["annotations"]["cert-manager.io/cluster-issuer"] == "letsencrypt"
    assert ingress["spec"]["tls"] == [{"hosts": ["a.example.com"], "secretName": "web-tls"}]
    assert graph.outputs["apps"]["web"]["url"] == "https://a.example.com/"
    policies = [made.props for made in graph.all("NetworkPolicy")]
    solver = Pod({"acme.cert-manager.io/http01-solver": "true"}, "apps")
    assert allowed(policies, Pod({}, "ingress-nginx"), solver, 8089)
    assert not allowed(policies, Pod({}, "elsewhere"), solver, 8089)


def test_an_app_without_a_host_has_an_ingress_and_no_url() -> None:
    graph = build_apps({"web": web(traffic={})}, platform={"ingress": SIGNED})
    spec = graph.one("Ingress", "web").props["spec"]
    assert "host" not in spec["rules"][0]
    assert "tls" not in spec
    assert graph.outputs["apps"]["web"]["url"] is None


def test_without_an_ingress_controller_traffic_stops_at_the_service() -> None:
    graph = build_apps({"web": web(traffic={"host": "a.example.com"})})
    assert graph.all("Ingress") == []
    assert graph.outputs["apps"]["web"] == {"kind": "web", "service": "web.apps:8080", "url": None}


def test_traffic_that_an_ingress_cannot_carry_is_refused() -> None:
    with pytest.raises(
        pulumi.RunError, match=r"nightowl:apps\.web\.traffic\.protocol: tcp .*HTTP only; remove traffic"
    ):
        build_apps({"web": web(traffic={"protocol": "tcp"})}, platform={"ingress": INGRESS})


def test_a_stopping_pod_drains_as_long_as_the_cluster_needs() -> None:
    graph = build_apps({"web": web(), "worker": worker()})
    assert graph.pod("web")["spec"]["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"] == 15
