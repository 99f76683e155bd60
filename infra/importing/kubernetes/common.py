"""What all objects say: what they are, what they are called, and what they are marked with."""

from __future__ import annotations

from typing import Any

from infra.importing.kubernetes.parts import Object, Part
from infra.importing.kubernetes.world import HOOK, World
from infra.importing.source import leaves

_SELECTORS = ("selector", "serviceName")
_POD_FIELDS = (
    "serviceAccountName",
    "serviceAccount",
    "automountServiceAccountToken",
    "enableServiceLinks",
    "subdomain",
)
_ROLES = ("eks.amazonaws.com/role-arn", "iam.gke.io/gcp-service-account", "azure.workload.identity/client-id")


def note_repeated(world: World) -> None:
    """Take each object once, and report the others of its kind and name."""
    first: dict[tuple[str, str, str], Object] = {}
    for one in world.objects:
        name = one.part.at("metadata", "name")
        before = first.setdefault((one.kind, one.name, one.namespace if name.given else str(one.part.place)), one)
        if before is not one:
            where = world.place(before.part)
            world.ledger.missing(one.part.place, f"{one.label} is in {where} too, and that one is taken; keep one")
    world.objects = list(first.values())


def note_nothing(world: World) -> None:
    """Note what says nothing, as if it were left out: a null, an empty list, an empty mapping."""
    noted = world.ledger.noted
    for leaf in leaves(world.source.values):
        value: Any = world.source.values
        for step in leaf:
            value = value[step]
        is_noted = any(leaf[:length] in noted for length in range(2, len(leaf) + 1))
        if not is_noted and (value is None or value in ([], {})):
            world.ledger.taken(leaf, text="says nothing")


def note_common(world: World) -> None:
    """Note what an app has without a word: names, versions, selectors, and an account without rights."""
    for one in world.objects:
        for part in (one.part["apiVersion"], one.part["kind"], one.part.at("metadata", "name")):
            _taken(world, part)
        _taken(world, one.part.at("metadata", "generateName"))
        _taken(world, one.part.at("metadata", "labels"))
        _taken(world, one.part.at("metadata", "namespace"))
        _note_annotations(world, one)
    for workload in world.workloads:
        for key in _SELECTORS:
            _taken(world, workload.object.spec[key])
        for key in _POD_FIELDS:
            _taken(world, workload.spec[key])
        if workload.spec["dnsPolicy"].text == "ClusterFirst":
            _taken(world, workload.spec["dnsPolicy"])
        for part in (workload.pod["metadata"], workload.spec):
            _taken(world, part["name"])
        for container in (*workload.spec["containers"].items(), *workload.spec["initContainers"].items()):
            _taken(world, container["imagePullPolicy"])


def _note_annotations(world: World, one: Object) -> None:
    for key, part in one.part.at("metadata", "annotations").entries():
        if key in _ROLES:
            world.ledger.missing(
                part.place, "write what its pods may do on AWS under 'permissions'; a role is made from it"
            )
        elif key.startswith(("kubectl.kubernetes.io/", "deployment.kubernetes.io/", "meta.helm.sh/")) or (
            key.startswith("helm.sh/") and key != HOOK
        ):
            _taken(world, part)


def _taken(world: World, part: Part) -> None:
    if part.given:
        world.ledger.taken(part.place)
