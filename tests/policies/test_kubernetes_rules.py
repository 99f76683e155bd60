"""What the Kubernetes rules must leave alone, though it looks like what they are for."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from infra.secret_texts.acknowledged import ACKNOWLEDGED
from policies.facts.objects import CONFIG_MAP, DEPLOYMENT, HPA, NETWORK_POLICY, PDB, SERVICE, selects
from policies.facts.quantities import quantity, share
from policies.families.kubernetes_api import DEFINITION, WEBHOOKS
from policies.families.kubernetes_identity import BINDINGS
from policies.families.kubernetes_storage import CLAIM
from policies.families.rollout import TARGET_GROUP
from tests.policies.engine import UNKNOWN
from tests.policies.harness import Draft, Mutation, judge, newly_fired, shipped
from tests.policies.objects import ALB, an_ingress, container, in_container, in_pod, in_pod_security, pod
from tests.settings.secret_samples import HARMLESS_ENV, HARMLESS_FILES


def _replicas_ignored(draft: Draft) -> None:
    draft.of(DEPLOYMENT, "web")["spec"]["replicas"] = 5
    assert draft.get(DEPLOYMENT, "web").ignore_changes == ["spec.replicas"]


def _limits_only(draft: Draft) -> None:
    container(draft)["resources"] = {"limits": {"cpu": "1", "memory": "128Mi"}}


def _two_of_three(draft: Draft) -> None:
    budget = draft.of(PDB, "web")["spec"]
    budget.pop("maxUnavailable")
    budget["minAvailable"] = "66%"


def _anti_affinity(draft: Draft) -> None:
    del pod(draft)["topologySpreadConstraints"]
    apart = {"labelSelector": {"matchLabels": {"app.kubernetes.io/name": "web"}}}
    pod(draft)["affinity"] = {
        "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [{**apart, "topologyKey": "kubernetes.io/hostname"}],
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {"weight": 100, "podAffinityTerm": {**apart, "topologyKey": "topology.kubernetes.io/zone"}}
            ],
        }
    }


def _other_hook(draft: Draft) -> None:
    # How long a command takes is not written anywhere, so the target group's delay cannot be held against it.
    container(draft)["lifecycle"] = {"preStop": {"exec": {"command": ["drain"]}}}


def _token_with_a_role(draft: Draft) -> None:
    pod(draft)["automountServiceAccountToken"] = True
    subject = {"kind": "ServiceAccount", "name": "web"}
    inputs = {
        "metadata": {"name": "web", "namespace": "apps"},
        "roleRef": {"kind": "Role", "name": "web"},
        "subjects": [subject],
    }
    draft.add(BINDINGS[0], "web", inputs)


def _wide_egress(draft: Draft) -> None:
    block = {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}
    draft.of(NETWORK_POLICY, "worker")["spec"]["egress"].append({"to": [{"ipBlock": block}]})


def _variables(*names: str) -> Callable[[Draft], object]:
    return in_container(env=[{"name": name, "value": "/run/secrets/it"} for name in names])


def _service_without_selector(draft: Draft) -> None:
    draft.add(
        SERVICE, "outside", {"metadata": {"name": "outside", "namespace": "apps"}, "spec": {"type": "ExternalName"}}
    )


def _sidecar(draft: Draft) -> None:
    sidecar = copy.deepcopy(container(draft))
    for key in ("ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"):
        sidecar.pop(key)
    pod(draft)["initContainers"] = [{**sidecar, "name": "proxy", "restartPolicy": "Always", "resources": _small()}]


def _small() -> dict[str, Any]:
    return {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "16Mi"}}


def _ingress_of_another_controller(draft: Draft) -> None:
    an_ingress("shop")(draft)
    ingress = draft.requests[-1].inputs
    ingress["spec"] |= {"ingressClassName": "nginx", "tls": [{"hosts": ["shop.example.com"], "secretName": "shop"}]}
    ingress["metadata"]["annotations"] = {}


def _two_groups(draft: Draft) -> None:
    for name in ("outside", "inside"):
        an_ingress(name)(draft)
        draft.requests[-1].inputs["metadata"]["annotations"][f"{ALB}group.name"] = name


def _fail_open_webhook(draft: Draft) -> None:
    webhook = {"name": "check.example.com", "failurePolicy": "Ignore", "timeoutSeconds": 5}
    draft.add(WEBHOOKS[1], "more", {"metadata": {"name": "more"}, "webhooks": [webhook]})


def _definition_of_others(draft: Draft) -> None:
    spec = {"group": "example.com", "names": {"kind": "Widget"}}
    draft.add(DEFINITION, "widgets", {"metadata": {"name": "widgets.example.com"}, "spec": spec})


def _definition_in_a_component(draft: Draft) -> None:
    # As the engine shows a ConfigFile: a component that the provider makes, with the definitions inside.
    component = draft.add("kubernetes:yaml/v2:ConfigFile", "definitions", {"file": "https://example.com/crds.yaml"})
    spec = {"group": "example.com", "names": {"kind": "Widget"}}
    definition = draft.add(DEFINITION, "definitions:widgets", {"metadata": {"name": "widgets"}, "spec": spec})
    definition.parent = component.urn
    draft.add(
        "kubernetes:example.com/v1:Widget",
        "one",
        {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "one", "namespace": "apps"}},
        depends_on=[component],
    )


def _two_metrics(draft: Draft) -> None:
    memory = {"name": "memory", "target": {"type": "AverageValue", "averageValue": "100Mi"}}
    draft.of(HPA, "web")["spec"]["metrics"].append({"type": "Resource", "resource": memory})


LEFT_ALONE: dict[str, Callable[[Draft], object]] = {
    "replicas beside an autoscaler, with changes ignored": _replicas_ignored,
    "a budget that leaves one of three to be taken": _two_of_three,
    "a hook that is no sleep": _other_hook,
    "a token for a service account that has a role": _token_with_a_role,
    "egress to everywhere but the metadata service": _wide_egress,
    "variables that say where a secret is": _variables("DB_PASSWORD_FILE", "TOKEN_PATH", "SECRET_NAME", "TOKENIZER"),
    "variables that speak of secrets and hold none": in_container(
        env=[{"name": name, "value": str(value)} for name, value in HARMLESS_ENV.items()]
    ),
    "files that speak of secrets and hold none": lambda draft: draft.of(CONFIG_MAP)["data"].update(
        {path.rpartition("/")[2]: content for path, content in HARMLESS_FILES.items()}
    ),
    "what its own object says to be none": lambda draft: (
        draft.of(DEPLOYMENT)["metadata"].setdefault("annotations", {}).update({ACKNOWLEDGED: "web/args#1,web/TOKEN"}),
        container(draft).update(args=["--password", "hunter2"], env=[{"name": "TOKEN", "value": "hunter2"}]),
        draft.of(CONFIG_MAP)["metadata"].setdefault("annotations", {}).update({ACKNOWLEDGED: "TOKEN,app.ini#password"}),
        draft.of(CONFIG_MAP)["data"].update({"TOKEN": "hunter2", "app.ini": "password = hunter2\n"}),
    ),
    "an address without a password": in_container(
        env=[{"name": "DATABASE_URL", "value": "postgres://db.example.com/app"}]
    ),
    "a password that is put in at the start": in_container(
        env=[{"name": "DATABASE_URL", "value": "postgres://app:$(PASSWORD)@db.example.com/app"}]
    ),
    "a Service for a name outside": _service_without_selector,
    "a sidecar without ports": _sidecar,
    "an Ingress of another controller": _ingress_of_another_controller,
    "one host on two load balancers": _two_groups,
    "a webhook that fails open": _fail_open_webhook,
    "a kind that nothing is made of": _definition_of_others,
    "a custom resource that waits for the component in which its definition is made": _definition_in_a_component,
    "a metric that is no share of the request": _two_metrics,
    "a claim where there is a default class": lambda draft: draft.add(
        CLAIM, "data", {"metadata": {"name": "data", "namespace": "apps"}, "spec": {}}
    ),
    "a deregistration as long as the pause": lambda draft: draft.of(TARGET_GROUP).update(deregistrationDelay=60),
    "the confined SELinux type": in_pod_security(seLinuxOptions={"type": "container_t"}),
    "a file in a ConfigMap that speaks of tokens": lambda draft: draft.of(CONFIG_MAP)["data"].update(
        {"token.conf": "token = read from a file\nother = 1\n"}
    ),
    "host names as aliases": in_pod(hostAliases=[{"ip": "10.0.0.1", "hostnames": ["db"]}]),
}


@pytest.mark.parametrize("change", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_what_is_fine_is_left_alone(change: Callable[[Draft], object]) -> None:
    assert newly_fired(Mutation(rule="", change=change)) == set()


def test_pods_kept_apart_by_affinity_are_spread() -> None:
    fired = newly_fired(Mutation(rule="", change=_anti_affinity))
    assert not {"spread-over-zones", "spread-over-nodes"} & fired


def test_limits_alone_are_requests_as_well() -> None:
    assert newly_fired(Mutation(rule="", change=_limits_only)) == {"no-cpu-limit"}


def test_an_alb_is_known_by_its_annotations_where_no_class_is_named() -> None:
    def change(draft: Draft) -> None:
        an_ingress("shop", without="ssl-policy")(draft)
        del draft.requests[-1].inputs["spec"]["ingressClassName"]

    assert newly_fired(Mutation(rule="", change=change)) == {"ingress-tls-policy"}


def test_a_value_that_is_not_known_yet_is_neither_fine_nor_at_fault() -> None:
    draft = shipped("prod")
    container(draft)["image"] = UNKNOWN
    undecided = {one.rule.name for one in judge(draft).undecided if one.resource == "Deployment web"}
    assert {"image-by-digest", "image-not-latest", "image-names-its-registry"} == undecided


@pytest.mark.parametrize(
    ("written", "amount"),
    [("250m", 0.25), ("1", 1.0), (2.0, 2.0), ("128Mi", 128 * 1024**2), ("1.5Gi", 1.5 * 1024**3), ("1e3", 1000.0)],
)
def test_a_quantity_is_read_in_its_base_unit(written: object, amount: float) -> None:
    assert quantity(written) == pytest.approx(amount)


@pytest.mark.parametrize("written", ["", "much", "5 Mi", True, None, {}, "1Zi"])
def test_what_is_no_quantity_is_none(written: object) -> None:
    assert quantity(written) is None


def test_a_share_is_rounded_as_asked() -> None:
    assert (share("25%", 3, up=False), share("25%", 3, up=True), share(2, 3, up=True)) == (0, 1, 2)


def test_a_selector_holds_all_its_expressions() -> None:
    labels = {"app": "web", "tier": "front"}
    exists = {"key": "tier", "operator": "Exists"}
    other = {"key": "app", "operator": "NotIn", "values": ["web"]}
    assert selects({"matchExpressions": [exists]}, labels)
    assert not selects({"matchExpressions": [exists, other]}, labels)
    assert not selects(
        {"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "x", "operator": "Exists"}]}, labels
    )
    assert selects({}, labels)
    assert not selects({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, labels)
    assert selects({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "api"]}]}, labels)
