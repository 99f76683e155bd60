"""The data of the replicas of stateful apps, whose claims the control plane makes from a template of their StatefulSet.

No state of the engine has these claims, only the template: which there are follows from the number of replicas.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from infra.platforms.state import MadeResource
from infra.settings.app.application import Application, StatefulSettings
from infra.settings.app.volumes import VolumeSettings
from infra.settings.problems import Problem
from infra.settings.scalars import bytes_text, find_bytes
from infra.values import mappings, text, within

STATEFUL_SET_TYPE = "kubernetes:apps/v1:StatefulSet"


def replica_problems(sets: Iterable[MadeResource], apps: Mapping[str, Application]) -> Iterator[Problem]:
    """Find what the stack file asks of `sets` that Kubernetes takes only once."""
    for made in sets:
        name, namespace = made.name, text(made.outputs, "metadata", "namespace")
        settings = apps.get(name)
        if isinstance(settings, StatefulSettings):
            remedy = (
                "write that again; or let the StatefulSet be made anew around its replicas, whose claims stay as they "
                f"are: `kubectl -n {namespace} delete statefulset {name} --cascade=orphan`, `pulumi refresh`, and "
                "update"
            )
            for place, change in _changes(made, settings):
                yield Problem(f"nightowl:apps.{name}.{place}", f"{change}; {remedy}")


def replica_farewells(sets: Iterable[MadeResource], apps: Mapping[str, Application]) -> Iterator[str]:
    """Describe what becomes of the claims of replicas that an update takes away."""
    for made in sets:
        name, namespace = made.name, text(made.outputs, "metadata", "namespace")
        settings = apps.get(name)
        if isinstance(settings, StatefulSettings):
            # A smaller number of replicas arrives together with what the stack file says of their data now.
            left, kept = settings.replica_count, all(volume.keep for volume in _claims(settings).values())
        else:
            policy = within(made.outputs, "spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted")
            left, kept = 0, policy != "Delete"
        for replica in range(left, int(within(made.outputs, "spec", "replicas") or 0)):
            for volume, template in claim_templates(made).items():
                claim = f"{volume}-{name}-{replica}"
                of = f"the data of {claim_size(template)} in claim {claim}"
                if kept:
                    yield (
                        f"{of} will be kept: replica {replica} of {name} has it again, and "
                        f"`kubectl -n {namespace} delete pvc {claim}` deletes it"
                    )
                else:
                    yield f"{of} will be deleted, as its volume said keep: false"


def _changes(made: MadeResource, settings: StatefulSettings) -> Iterator[tuple[str, str]]:
    """Find the keys below the app that ask for something else than was made, each with what is wrong."""
    had = "parallel" if within(made.outputs, "spec", "podManagementPolicy") == "Parallel" else "ordered"
    if settings.start != had:
        yield "start", f"{had} is what the app was made with, for good"
    wanted, templates = _claims(settings), claim_templates(made)
    for name in sorted(templates.keys() - wanted.keys()):
        yield "volumes", f"{name.removeprefix('volume-')} is missing, and the claims of a stateful app are given once"
    for name in sorted(wanted.keys() - templates.keys()):
        yield f"volumes.{name.removeprefix('volume-')}", "is new, and the claims of a stateful app are given once"
    for name in sorted(wanted.keys() & templates.keys()):
        place, volume, template = f"volumes.{name.removeprefix('volume-')}", wanted[name], templates[name]
        had = claim_size(template)
        if find_bytes(had) != volume.size:
            yield f"{place}.size", f"{bytes_text(volume.size or 0)} is not the {had} of the replicas' claims"
        if volume.storage_class not in {None, text(template, "spec", "storageClassName")}:
            yield f"{place}.storageClass", f"{volume.storage_class} is not the class of the replicas' claims"


def _claims(settings: StatefulSettings) -> dict[str, VolumeSettings]:
    return {f"volume-{name}": volume for name, volume in settings.volumes.items() if volume.makes_claim}


def claim_templates(made: MadeResource) -> dict[str, Mapping[str, Any]]:
    """Return the templates of the claims that each replica has, by the volume's name in the pod."""
    return {text(one, "metadata", "name"): one for one in mappings(made.outputs, "spec", "volumeClaimTemplates")}


def claim_size(claim: Mapping[str, Any]) -> str:
    """Return how much a claim, or the template of one, asks for."""
    return text(claim, "spec", "resources", "requests", "storage") or "an unknown size"
