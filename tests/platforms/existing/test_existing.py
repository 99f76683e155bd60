from __future__ import annotations

from pathlib import Path
from typing import Any

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


def test_a_certificate_and_its_key_are_files_of_a_folder_beside_the_other_secrets() -> None:
    secrets = {"web_cert": {"ref": "web-tls", "tls": True}, "token": "web/token"}
    spec = build_apps({"web": web(secrets=secrets)}).pod("web")["spec"]
    volumes = {volume["name"]: volume.get("projected") for volume in spec["volumes"]}
    items = [{"key": key, "path": f"web_cert/{key}"} for key in ("tls.crt", "tls.key")]
    assert volumes["tls"] == {"defaultMode": 0o440, "sources": [{"secret": {"name": "web-tls", "items": items}}]}
    assert [source["secret"]["name"] for source in volumes["secrets"]["sources"]] == ["web"]
    mounts = {mount["name"]: mount for mount in spec["containers"][0]["volumeMounts"]}
    assert mounts["tls"] == {"name": "tls", "mountPath": "/run/tls", "readOnly": True}


def test_a_new_value_of_a_secret_reaches_the_files_of_pods_that_run() -> None:
    page = (REPOSITORY / "docs" / "applications.md").read_text(encoding="utf-8")
    assert "on an existing cluster the files change within a minute or two" in page
    secrets = {"cert": {"ref": "web-tls", "tls": True}, "token": "web/token"}
    mounts = build_apps({"web": web(secrets=secrets)}).pod("web")["spec"]["containers"][0]["volumeMounts"]
    # The kubelet writes new values into a mounted folder, and never into a file that is mounted by itself.
    assert [mount for mount in mounts if mount["name"] in {"secrets", "tls"} and "subPath" in mount] == []


def test_every_pod_of_an_app_pulls_with_the_secrets_that_it_names() -> None:
    apps = {
        "web": web(pullSecrets=["ghcr", "quay"], release={"command": ["migrate"]}),
        "nightly": {**worker(), "kind": "cron", "schedule": "@daily", "pullSecrets": ["ghcr"]},
        "plain": web(),
    }
    graph = build_apps(apps)
    assert graph.pod("web")["spec"]["imagePullSecrets"] == [{"name": "ghcr"}, {"name": "quay"}]
    [release] = [made.props["spec"]["template"]["spec"] for made in graph.all("Job")]
    assert release["imagePullSecrets"] == [{"name": "ghcr"}, {"name": "quay"}]
    nightly = graph.one("CronJob", "nightly").props["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert nightly["imagePullSecrets"] == [{"name": "ghcr"}]
    assert "imagePullSecrets" not in graph.pod("plain")["spec"]
    assert not graph.has("Deployment", "pull-secrets")


@pytest.mark.parametrize("kind", ["web", "stateful"])
def test_traffic_comes_by_the_ingress_controller(kind: str) -> None:
    app = web(kind=kind, traffic={"host": "a.example.com", "path": "/api"})
    graph = build_apps({"web": app}, platform={"ingress": INGRESS})
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


def test_an_ingress_has_every_host_and_path_of_its_app() -> None:
    traffic = {
        "hosts": ["shop.example.com", "*.shop.example.com"],
        "paths": ["/", {"path": "/robots.txt", "exact": True}],
        "port": "admin",
    }
    app = web(ports={"admin": 9000}, traffic=traffic)
    spec = build_apps({"web": app}, platform={"ingress": INGRESS}).one("Ingress", "web").props["spec"]
    assert [rule["host"] for rule in spec["rules"]] == ["shop.example.com", "*.shop.example.com"]
    for rule in spec["rules"]:
        paths = rule["http"]["paths"]
        assert [(path["path"], path["pathType"]) for path in paths] == [("/", "Prefix"), ("/robots.txt", "Exact")]
        assert {path["backend"]["service"]["port"]["name"] for path in paths} == {"admin"}


def test_each_address_of_an_app_has_an_ingress_to_its_own_port() -> None:
    traffic = [{"host": "a.example.com"}, {"host": "admin.example.com", "port": "admin"}]
    graph = build_apps({"web": web(ports={"admin": 9000}, traffic=traffic)}, platform={"ingress": INGRESS})
    reached = {
        made.name: (rule["host"], rule["http"]["paths"][0]["backend"]["service"]["port"]["name"])
        for made in graph.all("Ingress")
        for rule in made.props["spec"]["rules"]
    }
    assert reached == {"web": ("a.example.com", "app"), "web.port-admin": ("admin.example.com", "admin")}
    assert graph.outputs["apps"]["web"]["urls"] == ["http://a.example.com/", "http://admin.example.com/"]


def test_two_apps_share_a_host_by_their_paths() -> None:
    apps = {
        name: web(traffic={"host": "shop.example.com", "path": path}) for name, path in (("web", "/"), ("api", "/api"))
    }
    graph = build_apps(apps, platform={"ingress": INGRESS})
    assert {made.props["spec"]["rules"][0]["host"] for made in graph.all("Ingress")} == {"shop.example.com"}


def test_ingress_nginx_is_told_what_an_ingress_has_no_field_for() -> None:
    signed = {**INGRESS, "className": "nginx", "clusterIssuer": "letsencrypt"}
    apps = {
        "web": web(traffic={"host": "a.example.com", "sticky": "1h", "redirect": "https"}),
        "rpc": web(traffic={"host": "b.example.com", "protocol": "grpc"}),
    }
    graph = build_apps(apps, platform={"ingress": signed})
    nginx = "nginx.ingress.kubernetes.io"
    of_web = graph.one("Ingress", "web").props["metadata"]["annotations"]
    assert of_web[f"{nginx}/affinity"] == "cookie"
    assert of_web[f"{nginx}/session-cookie-max-age"] == "3600"
    assert of_web[f"{nginx}/force-ssl-redirect"] == "true"
    assert graph.one("Ingress", "rpc").props["metadata"]["annotations"][f"{nginx}/backend-protocol"] == "GRPC"


def test_a_stopping_pod_drains_as_long_as_the_cluster_needs() -> None:
    graph = build_apps({"web": web(), "worker": worker()})
    assert graph.pod("web")["spec"]["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"] == 15
