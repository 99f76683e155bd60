"""Objects that become no app: those that stay as they are, and those that are named in the report."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any, cast

import yaml

from infra.importing.draft import Step
from infra.importing.kubernetes.parts import Object
from infra.importing.kubernetes.world import HOOK, LONG_RUNNING, TASKS, World
from infra.importing.text_input import STANDARD_INPUT
from infra.secret_texts.texts import in_text

FIRST = (
    "CustomResourceDefinition",
    "PriorityClass",
    "ConfigMap",
    "Issuer",
    "ClusterIssuer",
    "Certificate",
)
"""What others depend on, in this order; all else follows by its kind."""
_WEBHOOK = "it changes what the whole cluster takes, which is for those who run it; install it beside the stack"
_TOLD: Mapping[str, str] = {
    "DaemonSet": (
        "no kind runs one pod on each node, as that is for those who run the cluster; install it beside the stack, "
        "in a namespace of its own: kubectl apply --filename FILE"
    ),
    "Role": "there is no key: each app has a service account of its own, without rights in the cluster",
    "RoleBinding": "there is no key: each app has a service account of its own, without rights in the cluster",
    "ResourceQuota": "it is computed from the apps; write other limits as nightowl:namespace.quota",
    "LimitRange": "write 'resources' of each app",
    "IngressClass": "write its name as className below nightowl:platform.ingress",
    "Gateway": "write the ingress controller of the cluster as nightowl:platform.ingress",
    "GatewayClass": "write the ingress controller of the cluster as nightowl:platform.ingress",
    "Endpoints": "name the address in 'env', and open the way to it by 'allowTo'",
    "EndpointSlice": "name the address in 'env', and open the way to it by 'allowTo'",
    "PodTemplate": "write what it describes as an app",
    "StorageClass": "storage classes are of the cluster; make it beside the stack, and name it as 'storageClass'",
    "PodSecurityPolicy": "a namespace enforces a Pod Security Standard; write 'security' of each app",
    "ValidatingWebhookConfiguration": _WEBHOOK,
    "MutatingWebhookConfiguration": _WEBHOOK,
    "APIService": _WEBHOOK,
    "Event": "it tells of what was; leave it out",
    "ControllerRevision": "Kubernetes makes it; leave it out",
}
_RIGHTS = "rights in the whole cluster are for those who run it; install what needs them beside the stack"
_DECIDED: Mapping[str, str] = {
    "Namespace": "the namespace is called as the stack is; its labels are nightowl:namespace.labels",
    "PriorityClass": "high, normal and low are the classes here: 'availability.priority'",
}
_NOISE = ("creationTimestamp", "generation", "managedFields", "namespace", "resourceVersion", "selfLink", "uid")
_NOISY_NOTES = ("kubectl.kubernetes.io/", "deployment.kubernetes.io/", "meta.helm.sh/", "helm.sh/")
_ROUTED = ("Ingress", "HTTPRoute", "GRPCRoute", "NetworkPolicy", "HorizontalPodAutoscaler", "PodDisruptionBudget")
_SERVED = ("Service", "PersistentVolumeClaim", "ServiceAccount")


def draft_leftovers(world: World) -> None:
    """Report what becomes no app, and keep as manifests what a namespace of apps takes."""
    for one in world.objects:
        place = one.part.place
        if one.kind == "Secret":
            _secret(world, one)
        elif "test" in one.annotations.get(HOOK, "").split(","):
            world.ledger.missing(place, "it is a test of Helm; run it by hand after a deployment")
        elif one.kind in {"ClusterRole", "ClusterRoleBinding"}:
            world.ledger.dangerous(place, _RIGHTS)
        elif one.kind == "PersistentVolume":
            _volume(world, one)
        elif one.kind in _TOLD:
            world.ledger.missing(place, _TOLD[one.kind])
        elif one.kind in _DECIDED:
            world.ledger.decided(place, "namespace" if one.kind == "Namespace" else "apps", why=_DECIDED[one.kind])
        elif one.kind in LONG_RUNNING or one.kind in TASKS:
            _unused_workload(world, one)
        elif one.kind in _SERVED or one.kind in _ROUTED:
            _unused(world, one)
        elif one.kind == "ConfigMap" and one.part.place in world.used:
            continue
        elif one.kind != "Kustomization":
            world.kept.append(one)
    _write(world)


def _secret(world: World, one: Object) -> None:
    name = f'select(.kind == "Secret" and .metadata.name == "{one.name}")'
    program = f'{name} | .metadata.namespace = "{world.draft.name}"'
    command = (
        f"kubectl create --dry-run=client --output json --filename {shlex.quote(str(one.file))} | "
        f"jq {shlex.quote(program)} | kubectl apply --filename -"
    )
    world.ledger.decided(one.part.place, "apps", why="its values are written nowhere; the command below applies it")
    what = f"apply Secret {one.name} from its own file, whose values nobody copies"
    if one.file == STANDARD_INPUT:
        what = f"apply Secret {one.name}, whose values nobody copies: pipe the same manifests into this command"
    world.draft.steps.append(Step(what=what, command=command))


def _volume(world: World, one: Object) -> None:
    if one.spec["hostPath"].given or one.spec["local"].given:
        world.ledger.dangerous(one.part.place, "a volume on a folder of one node; let the storage class make it")
    else:
        world.ledger.missing(one.part.place, "make it beside the stack, and write its claim as 'claim' of a volume")


def _unused_workload(world: World, one: Object) -> None:
    owner = one.part.at("metadata", "ownerReferences", 0, "name").text
    if owner and world.workload_of(one.kind, one.name) is None:
        world.ledger.decided(one.part.place, "apps", why=f"{owner} makes it")


def _unused(world: World, one: Object) -> None:
    """Report what no app has taken."""
    place = one.part.place
    if one.kind == "Service" and one.spec["type"].text == "ExternalName":
        target = one.spec["externalName"].text
        what = f"name {target} in 'env' instead of {one.name}, and open the way to it by 'allowTo'"
        world.ledger.missing(place, what)
    elif one.kind == "Service" and world.served_by(one.name) is None:
        world.ledger.missing(place, "no workload of the input is behind it; name the address in 'env' of who calls it")
    elif one.kind == "PersistentVolumeClaim" and place not in world.used:
        world.ledger.missing(
            place, "no workload of the input mounts it; write it under 'volumes' of the app that has it"
        )
    elif one.kind == "PodDisruptionBudget" and not _chosen(world, one):
        world.ledger.missing(place, "no workload of the input is meant; write 'availability.maxUnavailable'")
    elif one.kind == "HorizontalPodAutoscaler":
        reference = one.spec["scaleTargetRef"]
        if world.workload_of(reference["kind"].text, reference["name"].text) is None:
            world.ledger.missing(place, "its target is not in the input; write 'scaling' of the app")
    elif one.kind == "ServiceAccount":
        world.ledger.taken(place, "apps", text="each app has a service account of its own, without rights")


def _chosen(world: World, budget: Object) -> bool:
    labels = budget.spec.at("selector", "matchLabels").labels()
    return bool(labels) and any(labels.items() <= one.labels.items() for one in world.apps())


def _write(world: World) -> None:
    """Write the objects that stay as they are, in the order in which they depend on each other."""
    folder = f"manifests/{world.draft.name}"
    taken: dict[str, Object] = {}
    for one in sorted(world.kept, key=_order):
        body = _clean(world, one)
        text = yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=10**9)
        if in_text(text):
            world.ledger.missing(
                one.part.place, "something in it looks like a secret; keep that in a Secret, and write it by hand"
            )
            continue
        called = re.sub(r"[^a-z0-9.-]+", "-", f"{one.kind}-{one.name}".lower())
        path = f"{folder}/{_order(one)[0]:02d}-{called}.yaml"
        if path in taken:
            what = f"{world.place(taken[path].part)} has another one of this name, which is kept; rename this one"
            world.ledger.missing(one.part.place, what)
            continue
        taken[path] = one
        world.draft.files[path] = text
        world.ledger.taken(one.part.place, "manifests", text=f"it stays as it is, in {path}")
    if taken:
        world.draft.sections["manifests"] = [folder]


def _order(one: Object) -> tuple[int, str, str]:
    return (FIRST.index(one.kind) + 1 if one.kind in FIRST else 20, one.kind, one.name)


def _clean(world: World, one: Object) -> dict[str, Any]:
    """Return an object without what a cluster, kubectl and Helm write into it."""
    body = cast("dict[str, Any]", json.loads(json.dumps(one.part.value)))
    body.pop("status", None)
    metadata = body["metadata"]
    for key in _NOISE:
        metadata.pop(key, None)
    own = {key: text for key, text in one.annotations.items() if not key.startswith(_NOISY_NOTES)}
    metadata.pop("annotations", None)
    if own:
        metadata["annotations"] = own
    reference = one.spec["scaleTargetRef"]
    target = world.workload_of(reference["kind"].text or "Deployment", reference["name"].text)
    if target is not None:
        body["spec"]["scaleTargetRef"]["name"] = target.app
    return body
