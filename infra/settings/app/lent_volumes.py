"""Volumes that apps of one stack share, and claims that two of them would have."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from infra.settings.app.volumes import VolumeSettings, find_lent
from infra.settings.model import FieldError
from infra.settings.nearest import nearest

Volumes = Mapping[str, VolumeSettings]


def volume_errors(volumes: Mapping[str, Volumes], stateful: frozenset[str] = frozenset()) -> Iterator[FieldError]:
    """Find the rules that are broken between the `volumes` of all apps, by app; locations are below the root.

    The `stateful` apps have a claim for each replica, which nobody else can mount.
    """
    owners: dict[str, str] = {}
    for app, of_app in volumes.items():
        for name, volume in of_app.items():
            place = ("apps", app, "volumes", name)
            if volume.source is not None:
                message = _lent_error(volume.source, app, name, volumes, stateful)
                if message:
                    yield FieldError((*place, "from"), message)
            elif volume.makes_claim and app not in stateful:
                claim = volume.claim_name(app, name)
                if claim in owners:
                    key = "was" if volume.was is not None else "kind"
                    yield FieldError((*place, key), f"{claim} is the data of {owners[claim]} too; name each its own")
                elif volume.was is not None and claim.partition(".")[0] in stateful:
                    yield FieldError((*place, "was"), _was_of_replicas(claim))
                owners.setdefault(claim, f"{app}.{name}")
    yield from _claim_errors(volumes, owners, stateful)
    yield from _repetition_errors(volumes)


def claim_of(app: str, name: str, volume: VolumeSettings, volumes: Mapping[str, Volumes]) -> str:
    """Return the claim of a persistent volume, which for one that is lent is its owner's."""
    if volume.source is None:
        return volume.claim_name(app, name)
    owner = volume.source.partition(".")[0]
    of_owner = volumes.get(owner, {})
    lent = find_lent(volume.source, name, of_owner)
    return f"{owner}.{name}" if lent is None else of_owner[lent].claim_name(owner, lent)


def former_owners(volumes: Volumes, apps: Collection[str]) -> list[str]:
    """List the apps that are no longer among `apps`, and whose data, which one pod has at a time, is in `volumes`."""
    owners = [volume.was.partition(".")[0] for volume in volumes.values() if volume.was and volume.has_one_writer]
    return [owner for owner in dict.fromkeys(owners) if owner not in apps]


def replica_of(claim: str, app: str, volume: str) -> int | None:
    """Return the replica of a stateful app whose claim for a volume this is, or None."""
    found = re.fullmatch(rf"volume-{re.escape(volume)}-{re.escape(app)}-([0-9]+)", claim)
    return None if found is None else int(found[1])


def _lent_error(
    reference: str, app: str, name: str, volumes: Mapping[str, Volumes], stateful: frozenset[str]
) -> str | None:
    owner = reference.partition(".")[0]
    if owner == app:
        return f"{owner} is this app itself, whose containers all have its volumes; remove it"
    if owner not in volumes:
        near = nearest(owner, volumes)
        return f"{owner} is not an app of this stack; {f'did you mean {near!r}?' if near else 'name one that is'}"
    lent = find_lent(reference, name, volumes[owner])
    if owner in stateful and (lent is None or volumes[owner][lent].makes_claim):
        return f"each replica of {owner} has data of its own, which no other app can mount; copy it over the network"
    if lent is None:
        has = sorted(one for one, volume in volumes[owner].items() if volume.is_persistent and volume.source is None)
        choice = f"write {' or '.join(f'{owner}.{one}' for one in has)}" if has else "give it one of kind: persistent"
        return f"{reference} names no persistent volume of {owner}; {choice}"
    if not volumes[owner][lent].shared:
        return (
            f"only one node can have {owner}.{lent}; give it shared: true and a storage class whose volumes several "
            "nodes can write, or run both as containers of one app, under sidecars"
        )
    return None


def _was_of_replicas(claim: str) -> str:
    owner, _, volume = claim.partition(".")
    return (
        f"each replica of {owner} has data of its own, such as volume-{volume}-{owner}-0, so this would be empty; copy "
        f"it over the network. What {owner} had before it was stateful is claim: {claim}"
    )


def _claim_errors(
    volumes: Mapping[str, Volumes], owners: Mapping[str, str], stateful: frozenset[str]
) -> Iterator[FieldError]:
    """Find claims of somebody else that are the stack's own, or that several apps have at once."""
    users: dict[str, list[tuple[str, str]]] = {}
    for app, of_app in volumes.items():
        for name, volume in of_app.items():
            if volume.claim is None:
                continue
            message = _own_claim_error(volume.claim, app, owners, volumes, stateful)
            if message:
                yield FieldError(("apps", app, "volumes", name, "claim"), message)
            else:
                users.setdefault(volume.claim, []).append((app, name))
    for claim, mounted in users.items():
        for app, name in mounted:
            other = next((one for one in mounted if one[0] != app), None)
            if other is not None and not volumes[app][name].shared:
                yield FieldError(
                    ("apps", app, "volumes", name, "claim"),
                    f"{claim} is {'.'.join(other)} too, and one node has it; give both shared: true if its storage "
                    "class lets several nodes have it, or run both as containers of one app, under sidecars",
                )


def _own_claim_error(
    claim: str, app: str, owners: Mapping[str, str], volumes: Mapping[str, Volumes], stateful: frozenset[str]
) -> str | None:
    owner = owners.get(claim)
    if owner is not None:
        own_app, _, own_name = owner.partition(".")
        if own_app == app:
            return f"{claim} is volume {own_name} of this app; remove one of them"
        return f"{claim} is made by this stack; write from: {owner}"
    for other in stateful:
        for name, volume in volumes[other].items():
            replica = replica_of(claim, other, name) if volume.makes_claim else None
            if replica is not None:
                return (
                    f"{claim} is the data of {other}-{replica}, which no other app can mount; copy it over the network"
                )
    return None


def _repetition_errors(volumes: Mapping[str, Volumes]) -> Iterator[FieldError]:
    """Find what one pod would mount twice, for which a kubelet may wait for ever."""
    for app, of_app in volumes.items():
        first: dict[str, str] = {}
        for name, volume in of_app.items():
            if not volume.is_persistent or volume.makes_claim:
                continue
            claim = claim_of(app, name, volume, volumes)
            if claim in first:
                key = "claim" if volume.claim is not None else "from"
                message = f"{claim} is volume {first[claim]} too; mount it once, at a folder that holds both"
                yield FieldError(("apps", app, "volumes", name, key), message)
            first.setdefault(claim, name)
