"""The data of a stack's volumes: what an update keeps, what it deletes, and what it refuses, said in words.

Claims carry the annotation `nightowl/data`, and so does a namespace that ever held one that is kept: with the namespace
they would all go, also those whose app has left the stack file long ago.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pulumi

from infra.platforms.moved_data import moved_problems, unknown_data
from infra.platforms.replica_data import STATEFUL_SET_TYPE, claim_size, replica_farewells, replica_problems
from infra.platforms.state import MadeResource
from infra.settings.app.application import Application, StatefulSettings
from infra.settings.app.volumes import VolumeSettings
from infra.settings.problems import Problem, SettingsError
from infra.settings.scalars import bytes_text, find_bytes
from infra.settings.stack import StackSettings
from infra.values import mapping, text, texts, within

CLAIM_TYPE = "kubernetes:core/v1:PersistentVolumeClaim"
NAMESPACE_TYPE = "kubernetes:core/v1:Namespace"
ANNOTATION = "nightowl/data"
STACK_ANNOTATION = "nightowl/stack"
"""On a namespace with data that is kept: whose it is, for the next `up` after a destroy."""
KEPT, DELETED = "kept", "deleted"


def check_data(settings: StackSettings, state: Iterable[MadeResource]) -> None:
    """Refuse what would lose data of what the stack has made, or cannot become of it.

    Raises:
        SettingsError: an update would delete data that nobody gave up, or asks of a claim what cannot change.
    """
    made, name = list(state), settings.namespace.name
    live, wanted = _claims(made, name), _own_claims(settings.apps)
    problems = [
        *_unannounced(live, wanted, name),
        *replica_problems(_sets(made, name), settings.apps),
        *moved_problems(live, _sets(made, name), settings.apps),
        *_taken_away(live, wanted, settings.apps),
        *(problem for claim, (place, volume) in wanted.items() if claim in live
          for problem in _changes(live[claim], place, volume)),
    ]  # fmt: skip
    if problems:
        raise SettingsError(problems)


def partings(settings: StackSettings, state: Iterable[MadeResource]) -> Iterator[str]:
    """Describe what becomes of the data of each claim that leaves the stack file, and what may not be found again."""
    made, name = list(state), settings.namespace.name
    yield from _farewells(_claims(made, name), _own_claims(settings.apps), name)
    yield from replica_farewells(_sets(made, name), settings.apps)
    # A new stack takes over what an earlier one kept.
    if made:
        yield from unknown_data(_claims(made, name), settings.apps)


def namespace_outlives_stack(settings: StackSettings, state: Iterable[MadeResource]) -> bool:
    """Whether the namespace holds data that is kept, of apps that the stack file has or of those that it once had."""
    return keeps_data(settings.apps) or any(is_kept(one) for one in _namespaces(state, settings.namespace.name))


def _claims(state: Iterable[MadeResource], namespace: str) -> dict[str, MadeResource]:
    return {one.name: one for one in state if one.type == CLAIM_TYPE and _in_namespace(one, namespace)}


def _sets(state: Iterable[MadeResource], namespace: str) -> list[MadeResource]:
    return [one for one in state if one.type == STATEFUL_SET_TYPE and _in_namespace(one, namespace)]


def keeps_data(apps: Mapping[str, Application]) -> bool:
    """Whether some volume of `apps` is to outlive its app."""
    return any(volume.makes_claim and volume.keep for app in apps.values() for volume in app.volumes.values())


def holds_namespace(state: Iterable[MadeResource], name: str) -> bool:
    """Whether the stack has made the namespace."""
    return any(_namespaces(state, name))


def stack_of_data() -> str:
    """Name the running stack, as the namespace with its data does."""
    return f"{pulumi.get_project()}/{pulumi.get_stack()}"


def is_kept(made: MadeResource) -> bool:
    """Whether the data of a claim, of a volume or in a namespace outlives its place in the stack file."""
    return _data(made) == KEPT


def _namespaces(state: Iterable[MadeResource], name: str) -> Iterator[MadeResource]:
    return (one for one in state if one.type == NAMESPACE_TYPE and one.name == name)


def data_annotation(*, kept: bool) -> dict[str, str]:
    """Return the annotation of a claim, or of a namespace with claims, that says what becomes of the data."""
    return {ANNOTATION: KEPT if kept else DELETED}


def _own_claims(apps: Mapping[str, Application]) -> dict[str, tuple[str, VolumeSettings]]:
    return {
        volume.claim_name(app, name): (f"nightowl:apps.{app}.volumes.{name}", volume)
        for app, settings in apps.items()
        for name, volume in settings.volumes.items()
        if volume.makes_claim and not isinstance(settings, StatefulSettings)
    }


def _unannounced(live: Mapping[str, MadeResource], wanted: Iterable[str], namespace: str) -> Iterator[Problem]:
    """Find claims that the engine would delete because the release that made them had no `keep`."""
    for claim in sorted(live.keys() - set(wanted)):
        if _data(live[claim]) is None:
            yield Problem(
                f"claim {claim} of namespace {namespace}",
                f"its data of {claim_size(live[claim].outputs)} would be "
                "deleted, as a release without `keep` made it; deploy once with its volume in the stack file, and "
                "remove it then",
            )


def _taken_away(
    live: Mapping[str, MadeResource], wanted: Iterable[str], apps: Mapping[str, Application]
) -> Iterator[Problem]:
    """Find claims that an app is to have from somebody else, and that the update would delete."""
    leaving = {claim for claim in live.keys() - set(wanted) if _data(live[claim]) == DELETED}
    for app, settings in apps.items():
        for name, volume in settings.volumes.items():
            if volume.claim in leaving:
                yield Problem(
                    f"nightowl:apps.{app}.volumes.{name}.claim",
                    f"{volume.claim} would be deleted, as its volume said "
                    "keep: false; update with its volume and keep: true before",
                )


def _changes(claim: MadeResource, place: str, volume: VolumeSettings) -> Iterator[Problem]:
    """Find what a claim cannot become."""
    spec = mapping(claim.outputs.get("spec"))
    size, had = volume.size or 0, find_bytes(claim_size(claim.outputs))
    if had is not None and size < had:
        yield Problem(
            f"{place}.size",
            f"{bytes_text(size)} is less than the {bytes_text(had)} that the volume has, and none "
            "shrinks; write that again, or copy the data to another volume",
        )
    was = spec.get("storageClassName")
    if volume.storage_class is not None and was and was != volume.storage_class:
        yield Problem(
            f"{place}.storageClass",
            f"the volume is of class {was} for good; write {was}, or copy the data to a volume with another name",
        )
    modes = texts(spec, "accessModes")
    if modes and ("ReadWriteMany" in modes) != volume.shared:
        yield Problem(
            f"{place}.shared",
            f"a volume is shared or not for good; write {str(not volume.shared).lower()} again, or "
            "copy the data to a volume with another name",
        )


def _farewells(live: Mapping[str, MadeResource], wanted: Iterable[str], namespace: str) -> Iterator[str]:
    for claim in sorted(live.keys() - set(wanted)):
        of = f"the data of {claim_size(live[claim].outputs)} in claim {claim}"
        if is_kept(live[claim]):
            # One without a class is on a volume of the stack's own, which is deleted by the stack alone.
            deletes = (
                "a deployment with keep: false before the volume leaves the stack file deletes it"
                if within(live[claim].outputs, "spec", "storageClassName") == ""
                else f"`kubectl -n {namespace} delete pvc {claim}` deletes it"
            )
            yield f"{of} will be kept: a volume with `was: {claim}` has it again, and {deletes}"
        else:
            yield f"{of} will be deleted, as its volume said keep: false"


def _in_namespace(resource: MadeResource, namespace: str) -> bool:
    return text(resource.outputs, "metadata", "namespace") == namespace


def _data(resource: MadeResource) -> str | None:
    return within(resource.outputs, "metadata", "annotations", ANNOTATION)
