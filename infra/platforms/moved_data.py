"""Data that an app would not find again, as it lies in the claims of replicas and the app has none, or the reverse.

A stateful app has a claim for each replica, and any other app one claim for a volume, under other names: where an app
becomes the one or the other, its volumes would be new and empty.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from infra.platforms.replica_data import claim_templates
from infra.platforms.state import MadeResource
from infra.settings.app.application import Application, StatefulSettings
from infra.settings.app.lent_volumes import replica_of
from infra.settings.app.volumes import VolumeSettings
from infra.settings.problems import Problem
from infra.values import within


def moved_problems(
    claims: Collection[str], sets: Iterable[MadeResource], apps: Mapping[str, Application]
) -> Iterator[Problem]:
    """Find volumes that would be empty, or not be had alone, though the data is in one of `claims` or of `sets`."""
    made = {one.name: one for one in sets}
    for app, settings in apps.items():
        for name, volume in settings.volumes.items():
            place = f"nightowl:apps.{app}.volumes.{name}"
            if isinstance(settings, StatefulSettings) and volume.makes_claim:
                yield from _of_one_claim(place, app, name, claims)
            elif volume.makes_claim:
                yield from _of_replicas(place, volume.claim_name(app, name), volume, claims, made)
            elif volume.claim is not None:
                yield from _of_one_replica(place, volume.claim, apps, made)


def unknown_data(claims: Collection[str], apps: Mapping[str, Application]) -> Iterator[str]:
    """Describe volumes that are to find data again of which the stack knows nothing."""
    for app, settings in apps.items():
        for name, volume in settings.volumes.items():
            claim = volume.claim_name(app, name)
            if volume.makes_claim and volume.was is not None and claim not in claims:
                yield (
                    f"nightowl:apps.{app}.volumes.{name}.was: this stack has no claim {claim}; unless the namespace "
                    "has one that was kept, the volume begins empty"
                )


def _of_one_claim(place: str, app: str, name: str, claims: Collection[str]) -> Iterator[Problem]:
    claim = f"{app}.{name}"
    if claim in claims:
        yield Problem(
            place,
            f"each replica would begin with an empty volume, as the data is in claim {claim}; give the volume "
            f"another name, and copy what a volume with claim: {claim} holds, or keep the kind that the app had",
        )


def _of_replicas(
    place: str, claim: str, volume: VolumeSettings, claims: Collection[str], made: Mapping[str, MadeResource]
) -> Iterator[Problem]:
    owner, _, name = claim.partition(".")
    if claim in claims or owner not in made or f"volume-{name}" not in claim_templates(made[owner]):
        return
    key = "kind" if volume.was is None else "was"
    yield Problem(
        f"{place}.{key}",
        f"the volume would be empty, as each replica of {owner} had data of its own; mount that of one "
        f"with claim: volume-{name}-{owner}-0 instead, or give the volume another name",
    )


def _of_one_replica(
    place: str, claim: str, apps: Mapping[str, Application], made: Mapping[str, MadeResource]
) -> Iterator[Problem]:
    for owner, one in made.items():
        if isinstance(apps.get(owner), StatefulSettings):
            continue  # the settings refuse it
        names = [name.removeprefix("volume-") for name in claim_templates(one)]
        replica = next((found for name in names if (found := replica_of(claim, owner, name)) is not None), None)
        if replica is None:
            continue
        if within(one.outputs, "spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted") == "Delete":
            yield Problem(
                f"{place}.claim",
                f"{claim} would be deleted with {owner}, as its volume said keep: false; update with "
                "kind: stateful and keep: true before",
            )
        elif replica < int(within(one.outputs, "spec", "replicas") or 0):
            yield Problem(
                f"{place}.claim",
                f"{owner}-{replica} still has {claim}, and would until the new pod is up; update with "
                f"kind: stateful and replicas: 0 of {owner} before",
            )
