"""The variables of a service: those of its `env_file`, and those of its `environment`, which win."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from infra.importing.compose.dotenv import Variable, parse_dotenv, parse_raw
from infra.importing.compose.reach import OutOfReachError, Reach
from infra.settings.partly import Location
from infra.settings.yaml_file import read_text
from infra.values import mapping

if TYPE_CHECKING:
    from infra.importing.compose.project import ComposeProject


@dataclass(frozen=True, kw_only=True)
class EnvFile:
    """One file that `env_file` of a service names."""

    at: Location
    text: str
    """Its path as it is written, from the folder of the project."""
    required: bool
    raw: bool


def service_environment(project: ComposeProject, service: str) -> Mapping[str, tuple[str | None, str]]:
    """Return the variables of a service, each with its value and its file and line.

    A variable without a value is in none of the files and not in the shell either: the container does not have it.

    Raises:
        SettingsError: a file cannot be read, or has a line that is wrong.
    """
    own = _own(project, service)
    known = {name: Variable(value=value, place=place) for name, (value, place) in own.items() if value is not None}

    def lookup(name: str) -> str | None:
        if name in project.environment:
            return project.environment[name]
        return known[name].value if name in known else None

    variables = dict(known)
    for file in env_files(project.source.values, service):
        if file.at not in project.unread:
            path = project.reach.path(file.text)
            if path.exists():
                label = project.reach.label(path)
                text = read_text(path, label)
                variables |= (
                    parse_raw(text, label, lookup) if file.raw else parse_dotenv(text, label, lookup, variables)
                )
    return {name: (one.value, one.place) for name, one in variables.items()} | dict(own)


def env_files(values: Mapping[str, object], service: str) -> Iterator[EnvFile]:
    """List the files that `env_file` of a service names, in their order."""
    at = (*_place(values, service), "env_file")
    given = _service(values, service).get("env_file")
    entries = enumerate(cast("list[object]", given)) if isinstance(given, list) else [(None, given)]
    for index, entry in entries:
        place = at if index is None else (*at, index)
        if isinstance(entry, str) and entry:
            yield EnvFile(at=place, text=entry, required=True, raw=False)
        elif isinstance(entry, Mapping):
            long = cast("Mapping[str, object]", entry)
            path = long.get("path")
            if isinstance(path, str) and path:
                required = long.get("required") is not False
                yield EnvFile(at=place, text=path, required=required, raw=long.get("format") == "raw")


def unread_files(values: Mapping[str, object], reach: Reach, services: Iterator[str]) -> Iterator[tuple[Location, str]]:
    """Find the files that `env_file` names, and that are not there or not to be read, each with the reason."""
    for service in services:
        for file in env_files(values, service):
            try:
                path = reach.path(file.text)
            except OutOfReachError as error:
                yield file.at, str(error)
                continue
            if file.required and not path.exists():
                yield file.at, f"there is no file {file.text}; create it before the import, or set its variables in env"


def _own(project: ComposeProject, service: str) -> dict[str, tuple[str | None, str]]:
    """Return what `environment` of a service says; a name alone stands for the variable of whoever runs the command."""
    at = (*_place(project.source.values, service), "environment")
    given = _service(project.source.values, service).get("environment")
    own: dict[str, tuple[str | None, str]] = {}
    if isinstance(given, Mapping):
        for name, value in cast("Mapping[str, object]", given).items():
            text = project.environment.get(name) if value is None else _variable_text(value)
            own[name] = (text, project.source.place((*at, name)))
    elif isinstance(given, list):
        for index, entry in enumerate(cast("list[object]", given)):
            name, equals, value = _variable_text(entry).partition("=")
            own[name] = (value if equals else project.environment.get(name), project.source.place((*at, index)))
    return own


def _variable_text(value: object) -> str:
    """Return the text that a container gets for a value of YAML."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _service(values: Mapping[str, object], service: str) -> Mapping[str, object]:
    section, name = _place(values, service)
    return mapping(mapping(values.get(section)).get(name))


def _place(values: Mapping[str, object], service: str) -> tuple[str, str]:
    """Return where a service or a job stands; no job that is imported has the name of a service."""
    return "services" if service in mapping(values.get("services")) else "jobs", service
