"""Server-side apply as the real provider does it: one field manager per object, and no silent theft of fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from infra.local.standin import objects
from infra.local.standin.api import Cluster, RefusedError
from infra.local.standin.errors import ProviderError
from infra.local.standin.objects import Manifest, Ref

# Managers whose fields the program takes back: hand edits with kubectl, and what wrote objects before there was
# server-side apply. The real provider takes over the same ones, matched by prefix.
TAKEN_OVER = (
    ("kubectl", "Apply"),
    ("kubectl", "Update"),
    ("before-first-apply", "Update"),
    ("pulumi-kubernetes", "Update"),
    ("pulumi-resource-kubernetes", "Update"),
)


class FieldConflictError(ProviderError):
    """Another manager owns fields that the program sets."""

    def __init__(self, ref: Ref, refusal: RefusedError) -> None:
        causes = cast(list[dict[str, str]], refusal.details.get("causes") or [])
        fields = [f"{cause.get('field', '?')} ({cause.get('message', 'owner unknown')})" for cause in causes]
        super().__init__(
            f"{ref}: others own fields the program sets: {'; '.join(fields) or refusal.message}. "
            f'Leave these fields out of the program, or take them over with the annotation {objects.PATCH_FORCE}="true"'
        )


def apply(
    cluster: Cluster, manifest: Manifest, ref: Ref, *, manager: str, force: bool = False, dry_run: bool = False
) -> tuple[Manifest, tuple[str, ...]]:
    """The object after server-side apply, and the server's warnings. Raises FieldConflictError and RefusedError.

    A dry run looks past conflicts with hand edits, because a real update takes those over first.
    """
    forced = force or objects.is_annotated(manifest, objects.PATCH_FORCE)
    try:
        return cluster.apply(manifest, ref, manager=manager, force=forced, dry_run=dry_run)
    except RefusedError as refusal:
        owners = _conflicting_owners(refusal)
        if not owners:
            raise
        if dry_run and all(_is_hand_edit(owner) for owner in owners):
            return cluster.apply(manifest, ref, manager=manager, force=True, dry_run=True)
        raise FieldConflictError(ref, refusal) from refusal


def take_over(cluster: Cluster, live: Manifest, *, manager: str) -> None:
    """Gives `manager` the fields that hand edits own, so that the next apply sets or removes them.

    Does nothing where no such manager has a field. Raises RefusedError, also when the object changed in between.
    """
    entries = objects.items(live, "metadata", "managedFields")
    merged = merged_ownership(entries, manager=manager, api_version=str(live["apiVersion"]))
    if merged == entries:
        return
    version = objects.section(live, "metadata").get("resourceVersion")
    cluster.patch_json(
        objects.ref_of(live),
        [
            {"op": "replace", "path": "/metadata/managedFields", "value": merged},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
        ],
    )


def merged_ownership(entries: list[dict[str, Any]], *, manager: str, api_version: str) -> list[dict[str, Any]]:
    """The `managedFields` entries after `manager` has taken over those of TAKEN_OVER; the same list if none is."""
    taken = [entry for entry in entries if _is_taken_over(entry, manager)]
    if not taken:
        return entries
    own = [entry for entry in entries if entry.get("manager") == manager and entry.get("operation") == "Apply"]
    fields: dict[str, Any] = {}
    for entry in [*own, *taken]:
        fields = _union(fields, cast(dict[str, Any], entry.get("fieldsV1") or {}))
    base = own[0] if own else {"apiVersion": api_version, "fieldsType": "FieldsV1"}
    mine = {**base, "manager": manager, "operation": "Apply", "fieldsV1": fields}
    return [mine, *(entry for entry in entries if entry not in taken and entry not in own)]


def _is_taken_over(entry: Mapping[str, Any], manager: str) -> bool:
    if entry.get("subresource"):
        return False
    if entry.get("manager") == manager:
        return entry.get("operation") == "Update"
    return any(
        str(entry.get("manager", "")).startswith(prefix) and entry.get("operation") == operation
        for prefix, operation in TAKEN_OVER
    )


def _conflicting_owners(refusal: RefusedError) -> list[str]:
    """The managers named in the conflicts of a refused apply: `conflict with "kubectl-edit" using apps/v1`."""
    causes = cast(list[dict[str, str]], refusal.details.get("causes") or [])
    messages = [cause.get("message", "") for cause in causes if cause.get("reason") == "FieldManagerConflict"]
    return [message.partition('"')[2].partition('"')[0] for message in messages]


def _is_hand_edit(owner: str) -> bool:
    return any(owner.startswith(prefix) for prefix, _ in TAKEN_OVER)


def _union(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    both = {
        key: _union(first[key], second[key]) if isinstance(first[key], dict) else first[key]
        for key in first.keys() & second.keys()
    }
    return {**first, **second, **both}
