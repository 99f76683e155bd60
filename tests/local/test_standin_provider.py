import threading
from typing import Any

import pytest

from infra.local.standin import provider as provider_module
from infra.local.standin.api import Cluster, RefusedError, Reply, UnreachableError
from infra.local.standin.configuration import Configuration
from infra.local.standin.errors import ProviderError
from infra.local.standin.properties import UNKNOWN, Secret
from infra.local.standin.provider import ExistingError, InitFailedError, Provider, UnsupportedError
from tests.local.standin_cluster import FakeServer, Messages, Request, refused

URN = "urn:pulumi:local::nightowl::nightowl:apps:App$kubernetes:core/v1:ConfigMap::web"
DEPLOYMENT_URN = "urn:pulumi:local::nightowl::kubernetes:apps/v1:Deployment::web"
PATH = "/api/v1/namespaces/shop/configmaps/web"
WEB_PATH = "/apis/apps/v1/namespaces/shop/deployments/web"
NAMESPACE = {"/api/v1/namespaces/shop": {"metadata": {"name": "shop"}}}


def provider(server: FakeServer, messages: Messages | None = None, **configuration: Any) -> Provider:
    cluster = Cluster(server)
    return Provider(Configuration(**configuration), lambda: cluster, messages or Messages(), threading.Event())


def config_map(**more: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "web", "namespace": "shop"},
        "data": {"a": "1"},
        **more,
    }


def deployment(**annotations: str) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "annotations": annotations},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}},
    }


def checked(inputs: dict[str, Any], old: dict[str, Any] | None = None, seed: bytes = b"s", **configuration: Any) -> Any:
    return provider(FakeServer(), **configuration).check(URN, old or {}, inputs, seed=seed, proposed_name="")


def test_a_resource_without_a_name_gets_one_and_keeps_it():
    nameless = config_map(metadata={"namespace": "shop"})
    first = checked(nameless)
    second = checked(nameless, old=first, seed=b"another")

    assert first["metadata"]["name"].startswith("web-")
    assert len(first["metadata"]["name"]) == len("web-") + 8
    assert first["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    assert second == first


def test_a_given_name_is_kept():
    assert checked(config_map()) == config_map()


def test_the_providers_namespace_is_for_objects_without_one():
    assert checked(config_map(metadata={"name": "a"}), namespace="dev")["metadata"]["namespace"] == "dev"
    assert checked(config_map(), namespace="dev")["metadata"]["namespace"] == "shop"
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}
    assert "namespace" not in checked(space, namespace="dev")["metadata"]


def test_generate_name_is_refused_with_the_remedy():
    with pytest.raises(ProviderError, match="generateName is not supported"):
        checked(config_map(metadata={"generateName": "a-"}))


@pytest.mark.parametrize("token", ["core/v1:ConfigMapPatch", "core/v1:ConfigMapList", "helm.sh/v3:Release"])
def test_what_the_stand_in_cannot_do_is_refused_by_name(token: str):
    urn = f"urn:pulumi:local::nightowl::kubernetes:{token}::web"

    with pytest.raises(
        UnsupportedError, match=r"stand-in Kubernetes provider does not support .*install the Kubernetes plugin"
    ):
        provider(FakeServer()).check(urn, {}, {}, seed=b"", proposed_name="")


def test_the_state_has_the_shape_of_the_real_providers():
    stored = provider(FakeServer()).create(URN, config_map(), timeout_seconds=1)

    assert stored.id == "shop/web"
    assert stored.outputs["data"] == {"a": "1"}
    assert stored.outputs["__inputs"] == config_map()
    assert stored.outputs["__initialApiVersion"] == "v1"
    assert stored.outputs["__fieldManager"].startswith("pulumi-kubernetes-")


def test_the_field_manager_stays_the_same_over_updates():
    server = FakeServer()
    one = provider(server)
    stored = one.create(URN, config_map(), timeout_seconds=1)
    updated = one.update(URN, stored.id, stored.outputs, config_map(data={"a": "2"}), ignored=(), timeout_seconds=1)
    first, second = (request.query["fieldManager"] for request in server.sent("PATCH"))

    assert first == second == updated.outputs["__fieldManager"]


def test_an_object_that_is_there_already_is_not_taken():
    server = FakeServer(objects={PATH: config_map(data={"theirs": "1"})})

    with pytest.raises(ExistingError, match="ConfigMap shop/web already exists and does not belong to this stack"):
        provider(server).create(URN, config_map(), timeout_seconds=1)
    assert server.objects[PATH]["data"] == {"theirs": "1"}


def test_an_object_that_is_there_already_is_adopted_where_configured():
    server = FakeServer(objects={PATH: config_map(data={"theirs": "1"})})
    provider(server, upsert=True).create(URN, config_map(), timeout_seconds=1)

    assert server.objects[PATH]["data"] == {"a": "1"}


def test_a_namespace_that_comes_a_moment_later_is_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(provider_module, "FIRST_RETRY_SECONDS", 0.01)
    answers = [refused(404, "NotFound", 'namespaces "shop" not found', kind="namespaces"), None]
    server = FakeServer(on_apply=lambda _: answers.pop(0))

    assert provider(server).create(URN, config_map(), timeout_seconds=1).id == "shop/web"


def test_secrets_stay_hidden_in_the_state():
    inputs = {**config_map(), "kind": "Secret", "stringData": {"pw": Secret("hunter2")}, "data": None}
    server = FakeServer(on_apply=lambda request: {**request.body, "data": {"pw": "aHVudGVyMg=="}})
    stored = provider(server).create(URN.replace("ConfigMap", "Secret"), inputs, timeout_seconds=1)

    assert server.sent("PATCH")[0].body["stringData"] == {"pw": "hunter2"}
    assert stored.outputs["data"] == Secret({"pw": "aHVudGVyMg=="})
    assert stored.outputs["__inputs"]["stringData"] == Secret({"pw": "hunter2"})
    assert "hunter2" not in repr(stored)


def test_an_object_that_does_not_come_up_keeps_its_state_and_tells_why():
    server = FakeServer()

    with pytest.raises(InitFailedError, match="Deployment shop/web is not ready after 0 s") as caught:
        provider(server).create(DEPLOYMENT_URN, deployment(), timeout_seconds=0.01)
    assert caught.value.stored.id == "shop/web"
    assert caught.value.stored.outputs["__inputs"] == deployment()


def test_skip_await_does_not_wait():
    inputs = deployment(**{"pulumi.com/skipAwait": "true"})

    assert provider(FakeServer()).create(DEPLOYMENT_URN, inputs, timeout_seconds=0.01).id == "shop/web"


def test_warnings_of_the_api_server_reach_the_user():
    messages = Messages()
    server = FakeServer(warnings=('would violate PodSecurity "restricted:latest"',))
    provider(server, messages).create(URN, config_map(), timeout_seconds=1)

    assert messages.warnings == ['would violate PodSecurity "restricted:latest"']


def test_a_preview_is_a_dry_run_and_changes_nothing():
    server = FakeServer(objects=dict(NAMESPACE))
    stored = provider(server).preview_create(config_map())

    assert stored.id == ""
    assert stored.outputs["data"] == {"a": "1"}
    assert PATH not in server.objects
    assert server.sent("PATCH")[0].query["dryRun"] == "All"


@pytest.mark.parametrize(
    "inputs",
    [
        config_map(data={"a": UNKNOWN}),
        config_map(metadata={"name": "web", "namespace": "later"}),
        {"apiVersion": "acme.org/v1", "kind": "Certificate", "metadata": {"name": "a"}},
    ],
    ids=["unknown value", "namespace to come", "kind to come"],
)
def test_what_cannot_be_tried_yet_is_previewed_as_written(inputs: dict[str, Any]):
    server = FakeServer(objects=dict(NAMESPACE))

    assert provider(server).preview_create(inputs).outputs == inputs
    assert not server.sent("PATCH")


def test_a_preview_reports_the_servers_refusal():
    server = FakeServer(
        objects=dict(NAMESPACE),
        on_apply=lambda _: refused(403, "Forbidden", 'violates PodSecurity "restricted:latest"'),
    )

    with pytest.raises(RefusedError, match='ConfigMap shop/web: Forbidden: violates PodSecurity "restricted:latest"'):
        provider(server).preview_create(config_map())


def test_a_replacement_is_previewed_under_another_name():
    def answer(request: Request) -> Reply | None:
        return refused(422, "Invalid", "spec.selector: field is immutable") if request.path == PATH else None

    server = FakeServer(objects=dict(NAMESPACE), on_apply=answer)
    stored = provider(server).preview_create(config_map())

    assert stored.outputs["metadata"]["name"] == "web"
    assert server.sent("PATCH")[1].path != PATH


def test_an_update_of_a_vanished_object_points_to_refresh():
    with pytest.raises(ProviderError, match="ConfigMap shop/web no longer exists; run the update with --refresh"):
        provider(FakeServer()).update(URN, "shop/web", {}, config_map(), ignored=(), timeout_seconds=1)


def test_an_ignored_field_keeps_its_live_value():
    live = {**deployment(**{"pulumi.com/skipAwait": "true"}), "metadata": {"name": "web", "namespace": "shop"}}
    server = FakeServer(objects={WEB_PATH: {**live, "spec": {**live["spec"], "replicas": 7}}})
    inputs = deployment(**{"pulumi.com/skipAwait": "true"})
    provider(server).update(DEPLOYMENT_URN, "shop/web", {}, inputs, ignored=("spec.replicas",), timeout_seconds=1)

    assert server.sent("PATCH")[0].body["spec"]["replicas"] == 7


def test_a_refresh_finds_a_hand_edit():
    server = FakeServer()
    one = provider(server)
    stored = one.create(URN, config_map(), timeout_seconds=1)
    server.objects[PATH]["data"] = {"a": "hacked"}
    found = one.read(URN, stored.id, stored.outputs, config_map())

    assert found.inputs["data"] == {"a": "hacked"}
    assert found.stored.outputs["__fieldManager"] == stored.outputs["__fieldManager"]
    assert one.diff(found.stored.outputs, found.inputs, config_map(), ignored=()).detailedDiff.keys() == {"data.a"}


def test_a_refresh_of_an_untouched_object_finds_nothing():
    one = provider(FakeServer())
    stored = one.create(URN, config_map(), timeout_seconds=1)

    assert one.read(URN, stored.id, stored.outputs, config_map()).inputs == config_map()


def test_a_refresh_finds_that_an_object_is_gone():
    assert provider(FakeServer()).read(URN, "shop/web", {}, config_map()).stored.id == ""


def test_a_refresh_tells_that_a_deployment_is_not_up():
    server = FakeServer(objects={WEB_PATH: deployment()})

    with pytest.raises(InitFailedError, match="Deployment shop/web is not ready") as caught:
        provider(server).read(DEPLOYMENT_URN, "shop/web", {}, deployment())
    assert caught.value.inputs == deployment()


def test_an_import_takes_the_live_object_without_what_the_server_sets():
    live = config_map(metadata={"name": "web", "namespace": "shop", "uid": "u", "managedFields": []}, status={})
    found = provider(FakeServer(objects={PATH: live})).read(URN, "shop/web", {}, {})

    assert found.inputs == config_map()


def test_a_deletion_waits_until_the_object_is_gone():
    server = FakeServer(deleted_after=1)
    one = provider(server)
    stored = one.create(URN, config_map(), timeout_seconds=1)
    one.delete(URN, stored.id, stored.outputs, timeout_seconds=5)

    assert PATH not in server.objects
    assert server.sent("DELETE")[0].body["propagationPolicy"] == "Foreground"


def test_deleting_what_is_gone_is_no_error():
    one = provider(FakeServer())
    stored = one.create(URN, config_map(), timeout_seconds=1)
    gone = FakeServer()
    provider(gone).delete(URN, stored.id, stored.outputs, timeout_seconds=1)

    assert not gone.sent("DELETE")


def test_the_state_is_kept_when_the_api_server_goes_away_during_the_wait(monkeypatch: pytest.MonkeyPatch):
    server = FakeServer()
    one = provider(server)

    def lost(*_: Any, **__: Any) -> Reply:
        raise UnreachableError("the Kubernetes API server does not answer")

    server.on_apply = lambda _: monkeypatch.setattr(server, "send", lost)
    with pytest.raises(InitFailedError, match="does not answer"):
        one.create(DEPLOYMENT_URN, deployment(), timeout_seconds=0.01)
