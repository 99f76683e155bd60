"""From manifests to a stack file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from infra.errors import UsageError
from infra.importing.draft import StackDraft
from infra.importing.findings import Ledger
from infra.importing.kubernetes.apps import draft_app, draft_releases, tidy
from infra.importing.kubernetes.common import note_common, note_nothing, note_repeated
from infra.importing.kubernetes.keys import KEYS
from infra.importing.kubernetes.leftovers import draft_leftovers
from infra.importing.kubernetes.network import draft_flows, note_policies
from infra.importing.kubernetes.parts import Object
from infra.importing.kubernetes.reading import read_objects
from infra.importing.kubernetes.routes import note_routes
from infra.importing.kubernetes.services import note_services
from infra.importing.kubernetes.world import World, find_workloads
from infra.importing.names import own_name
from infra.importing.run import Imported
from infra.importing.text_input import STANDARD_INPUT, called

_RELEASE = "app.kubernetes.io/instance"
"""The label by which charts name the release."""


def import_kubernetes(paths: Sequence[Path], stack: str | None = None) -> Imported:
    """Draft a stack file from files and folders of manifests.

    Raises:
        SettingsError: a file cannot be read, or is no manifest.
        UsageError: there is nothing to import, or something must be run first.
    """
    source, objects = read_objects(paths)
    name = own_name(stack or _usual_name(paths[0], objects))
    draft = StackDraft(name=name, origin=", ".join(map(_shown, paths)))
    world = World(objects=objects, source=source, draft=draft, ledger=Ledger(KEYS, source))
    note_repeated(world)
    find_workloads(world)
    note_common(world)
    apps = [draft_app(world, workload) for workload in world.workloads if workload.spec["containers"].value]
    draft_releases(world, apps)
    apps = [app for app in apps if app.name in draft.apps]
    draft_flows(world, apps)
    for app in apps:
        tidy(app)
    note_services(world)
    note_routes(world)
    note_policies(world)
    draft_leftovers(world)
    note_nothing(world)
    if not draft.apps and not draft.files:
        raise UsageError(f"{draft.origin}: no object there makes an app; import Deployments, StatefulSets or CronJobs")
    return Imported(draft=draft, findings=world.ledger.findings())


def _usual_name(path: Path, objects: Sequence[Object]) -> str:
    """Return the name of a folder with manifests, of the file without its ending, or of the release that was piped."""
    if path != STANDARD_INPUT:
        return path.resolve().name if path.is_dir() else path.resolve().stem
    releases = {one.part.at("metadata", "labels", _RELEASE).text for one in objects} - {""}
    namespaces = {one.namespace for one in objects} - {""}
    for names in (releases, namespaces):
        if len(names) == 1:
            return names.pop()
    raise UsageError("-: standard input has no name for the stack; give one: --stack NAME")


def _shown(path: Path) -> str:
    return called(path) if path == STANDARD_INPUT else path.name or path.resolve().name
