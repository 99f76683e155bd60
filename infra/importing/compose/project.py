"""Compose files, read into one document."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from infra.errors import UsageError
from infra.importing.compose.environment import unread_files
from infra.importing.compose.loading import Loader, with_files
from infra.importing.compose.nodes import Node, found, plain
from infra.importing.compose.profiles import active_services, services_of
from infra.importing.compose.reach import Reach
from infra.importing.compose.references import broken_references
from infra.importing.source import Source
from infra.settings.partly import Location
from infra.settings.problems import SettingsError


@dataclass(frozen=True, kw_only=True)
class ComposeProject:
    """What a set of Compose files says."""

    name: str
    source: Source
    """The merged document with the values of all variables. Services whose profiles are not active are in it, too."""
    folder: Path
    """Of the first file; relative paths in the document start there."""
    written: Callable[[Location], str | None]
    """Returns the text of a scalar before interpolation (`${DB_PASSWORD}`)."""
    inactive: frozenset[str]
    """Services whose profiles are not active."""
    inactive_jobs: frozenset[str] = frozenset()
    """Jobs whose profiles are not active."""
    unset: Mapping[str, tuple[str, ...]]
    """Variables that nobody has set, which are empty therefore, and where they stand."""
    environment: Mapping[str, str] = field(repr=False)
    """The variables of the project: of the shell, and of its files."""
    reach: Reach
    """Which files it may name."""
    unread: Mapping[Location, str]
    """Where `env_file` of a service names a file that is not there, or is not to be read, and the reason."""


def read_compose(
    files: Sequence[Path],
    *,
    env_files: Sequence[Path] = (),
    profiles: Collection[str] = (),
    environment: Mapping[str, str],
) -> ComposeProject:
    """Read Compose files, which are merged in their order.

    Raises:
        UsageError: there is no file.
        SettingsError: the files cannot be read, or say what no Compose file can.
    """
    if not files:
        raise UsageError("name a Compose file, such as compose.yaml")
    reach = Reach(folder=files[0].parent, named=files)
    default = reach.folder / ".env"
    variables = with_files(environment, env_files or ([default] if default.is_file() else []), reach)
    loader = Loader(reach=reach)
    document = loader.project(files, variables)
    values = cast("Mapping[str, object]", plain(document))
    started = profiles or _profiles(variables)
    active, jobs = (active_services(document, started, section) for section in ("services", "jobs"))
    broken = list(broken_references(document, active))
    if broken:
        raise SettingsError(broken)
    return ComposeProject(
        name=_project_name(document, reach.folder, variables),
        source=Source(values=values, place=lambda at: _place(document, at)),
        folder=reach.folder,
        written=lambda at: _written(document, at),
        inactive=frozenset(services_of(document)) - active,
        inactive_jobs=frozenset(services_of(document, "jobs")) - jobs,
        unset={name: tuple(dict.fromkeys(places)) for name, places in loader.unset.items()},
        environment=variables,
        reach=reach,
        unread=dict(unread_files(values, reach, iter(sorted(active | jobs)))),
    )


def _profiles(variables: Mapping[str, str]) -> Collection[str]:
    return [name.strip() for name in variables.get("COMPOSE_PROFILES", "").split(",") if name.strip()]


def _project_name(document: Node, folder: Path, environment: Mapping[str, str]) -> str:
    """Return the name of the project, as Docker Compose makes it."""
    own = document.mapping.get("name")
    name = environment.get("COMPOSE_PROJECT_NAME") or (own.text if own else "") or folder.resolve().name
    return re.sub(r"[^a-z0-9_-]", "", name.lower()).lstrip("_-")


def _place(document: Node, at: Location) -> str:
    """Return the place of the value at a location, or of the nearest one above it."""
    for length in range(len(at), -1, -1):
        node = found(document, at[:length])
        if node is not None:
            return node.place
    return document.place


def _written(document: Node, at: Location) -> str | None:
    node = found(document, at)
    return None if node is None else node.written
