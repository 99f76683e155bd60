"""Volumes that apps of one stack share, and claims that two of them would have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
                owners.setdefault(claim, f"{app}.{name}")


def _lent_error(
    reference: str, app: str, name: str, volumes: Mapping[str, Volumes], stateful: frozenset[str]
) -> str | None:
    owner = reference.partition(".")[0]
    if owner == app:
        return f"{owner} is this app itself, whose containers all have its volumes; remove it"
    if owner not in volumes:
        near = nearest(owner, volumes)
        return f"{owner} is not an app of this stack; {f'did you mean {near!r}?' if near else 'name one that is'}"
    if owner in stateful:
        return f"each replica of {owner} has data of its own, which no other app can mount; copy it over the network"
    lent = find_lent(reference, name, volumes[owner])
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
