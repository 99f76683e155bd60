"""Files of Marathon made one: every app, pod and group under its absolute id."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from infra.importing.marathon.json_file import JsonFile, read_json
from infra.importing.source import Source
from infra.importing.text_input import called
from infra.settings.model import path_text
from infra.settings.partly import Location
from infra.settings.problems import Problem, SettingsError
from infra.values import mapping, sequence, text

_OF_A_GROUP = {"apps", "groups", "pods"}
_OF_AN_APP = {
    "args", "cmd", "constraints", "container", "cpus", "dependencies", "env", "fetch", "healthChecks", "instances",
    "labels", "mem", "portDefinitions", "ports", "upgradeStrategy", "uris",
}  # fmt: skip
MOST_APPS = 400
"""As many as a stack file has room for, each with its fifty values (infra/settings/plain.py)."""
_RUNS = {"affectedApps", "appId", "currentActions", "taskId", "tasks", "queue", "deployments", "steps", "slaveId"}
"""Keys of what the API says of deployments and tasks, which describe nothing to run."""


@dataclass(frozen=True, kw_only=True)
class Definitions:
    """Apps, pods and groups by their absolute ids, with where each value stands."""

    apps: Mapping[str, Mapping[str, Any]]
    pods: Mapping[str, Mapping[str, Any]]
    groups: Mapping[str, Mapping[str, Any]]
    source: Source
    """The same under `apps`, `pods` and `groups`, with the keys that are null, which are left out there."""


@dataclass
class _Collected:
    kinds: dict[str, dict[str, Mapping[str, Any]]] = field(
        default_factory=lambda: {"apps": {}, "pods": {}, "groups": {}}
    )
    origins: dict[tuple[str, str], tuple[JsonFile, list[Location]]] = field(
        default_factory=dict[tuple[str, str], tuple[JsonFile, list[Location]]]
    )
    """The file, and where in it the definition stands."""
    problems: list[Problem] = field(default_factory=list[Problem])


def read_definitions(files: Sequence[Path]) -> Definitions:
    """Read files with definitions: an app, a pod, a group, a list of them, or an answer of the API.

    Raises:
        SettingsError: a file cannot be read, holds something else, or two define the same id.
    """
    collected = _Collected()
    for path in files:
        document = read_json(path)
        before = len(collected.origins)
        _collect(collected, document, document.value, (), "/")
        if len(collected.origins) == before and not collected.problems:
            message = "describes no app, pod or group; name a definition, or the answer of GET /v2/apps or /v2/groups"
            collected.problems.append(Problem(document.name, message))
    if not collected.problems and not (collected.kinds["apps"] or collected.kinds["pods"]):
        collected.problems.append(Problem(", ".join(map(called, files)), "has groups and no app in them"))
    count = len(collected.kinds["apps"]) + len(collected.kinds["pods"])
    if count > MOST_APPS:
        message = f"has {count} apps, and a stack file has room for {MOST_APPS}; import one group at a time"
        collected.problems.append(Problem(", ".join(map(called, files)), message))
    if collected.problems:
        raise SettingsError(collected.problems)
    values = {kind: found for kind, found in collected.kinds.items() if found}
    return Definitions(
        apps={name: _without_nulls(app) for name, app in collected.kinds["apps"].items()},
        pods={name: _without_nulls(pod) for name, pod in collected.kinds["pods"].items()},
        groups=collected.kinds["groups"],
        source=Source(values=values, place=_Places(collected.origins)),
    )


def _without_nulls(value: Any) -> Any:
    """Leave out keys without a value, as Marathon does; items of a list keep their places."""
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value).items()
        return {key: _without_nulls(item) for key, item in entries if item is not None}
    return [_without_nulls(item) for item in cast("list[Any]", value)] if isinstance(value, list) else value


def absolute(identifier: str, group: str) -> str:
    """Return an id from the root: `/shop/db` for `../db` in the group `/shop/web`."""
    return posixpath.normpath(posixpath.join(group, identifier)).replace("//", "/")


def _collect(collected: _Collected, file: JsonFile, value: Any, place: Location, group: str) -> None:
    """Take what a value defines: one thing, or several in a list or under `apps`."""
    if isinstance(value, list):
        for index, item in enumerate(cast("list[Any]", value)):
            _collect(collected, file, item, (*place, index), group)
        return
    keys = set(mapping(value))
    line = file.lines.get(place, 1)
    if not isinstance(value, Mapping):
        message = "is no object; write an app, a pod or a group"
        collected.problems.append(Problem(path_text(place) or "the file", message, f"{file.name}:{line}"))
    elif keys == {"app"}:
        # The API answers one app so.
        _collect(collected, file, mapping(value)["app"], (*place, "app"), group)
    elif "id" not in keys and keys & _OF_A_GROUP:
        _collect_below(collected, file, value, place, group)
    elif not text(value, "id") or (not text(value, "id").strip("/ ") and not keys & _OF_A_GROUP):
        message = "is required: the name of the app, such as /shop/web"
        if not keys & (_OF_AN_APP | {"containers"}):
            message = "describes no app, pod or group, which have an id"
        collected.problems.append(Problem(path_text((*place, "id")), message, f"{file.name}:{line}"))
    elif "run" in keys and keys & (_OF_AN_APP | _OF_A_GROUP | {"containers"}) <= {"labels"}:
        message = "describes a job of Metronome, which Marathon does not run; write it as an app of kind: cron or job"
        collected.problems.append(Problem(path_text((*place, "run")), message, f"{file.name}:{line}"))
    elif keys & _RUNS and not keys & (_OF_AN_APP | _OF_A_GROUP | {"containers", "spec"}):
        message = "describes a deployment or a task, and no app; name a definition, or the answer of GET /v2/apps"
        collected.problems.append(Problem(path_text((*place, "id")), message, f"{file.name}:{line}"))
    else:
        _collect_one(collected, file, cast("Mapping[str, Any]", value), place, group)


def _collect_one(collected: _Collected, file: JsonFile, value: Mapping[str, Any], place: Location, group: str) -> None:
    identifier = absolute(value["id"], group)
    if value.keys() & _OF_A_GROUP:
        own = {key: item for key, item in value.items() if key not in _OF_A_GROUP}
        _keep(collected, file, kind="groups", identifier=identifier, value=own, places=[place])
        _collect_below(collected, file, value, place, identifier)
    elif isinstance(value.get("spec"), Mapping):
        # The API answers the status of a pod, of which its definition is a part.
        status = {key: item for key, item in value.items() if key != "spec"}
        whole, places = {**status, **value["spec"]}, [(*place, "spec"), place]
        _keep(collected, file, kind="pods", identifier=identifier, value=whole, places=places)
    else:
        kind = "pods" if "containers" in value else "apps"
        _keep(collected, file, kind=kind, identifier=identifier, value=value, places=[place])


def _collect_below(collected: _Collected, file: JsonFile, value: Any, place: Location, group: str) -> None:
    for key in ("apps", "pods", "groups"):
        for index, item in enumerate(sequence(mapping(value).get(key))):
            _collect(collected, file, item, (*place, key, index), group)


def _keep(
    collected: _Collected,
    file: JsonFile,
    *,
    kind: str,
    identifier: str,
    value: Mapping[str, Any],
    places: list[Location],
) -> None:
    line = file.lines.get((*places[-1], "id"), 1)
    others = ["groups"] if kind == "groups" else ["apps", "pods"]
    known = [collected.origins[other, identifier] for other in others if (other, identifier) in collected.origins]
    before = next(iter(known), None)
    if before is None:
        collected.kinds[kind][identifier] = value
        collected.origins[kind, identifier] = (file, places)
    elif kind == "groups":
        # A group may be told in several files, each with some of its apps.
        collected.kinds[kind][identifier] = {**collected.kinds[kind][identifier], **value}
    else:
        first = f"{before[0].name}:{before[0].lines.get((*before[1][-1], 'id'), 1)}"
        message = f"is defined twice, here and at {first}; keep one"
        collected.problems.append(Problem(identifier, message, f"{file.name}:{line}"))


class _Places:
    def __init__(self, origins: Mapping[tuple[str, str], tuple[JsonFile, list[Location]]]) -> None:
        self._origins = origins

    def __call__(self, location: Location) -> str:
        if len(location) < 2 or (str(location[0]), str(location[1])) not in self._origins:
            return ""
        file, places = self._origins[str(location[0]), str(location[1])]
        lines = (file.lines.get(one) for one in _upwards(places, location[2:]))
        return f"{file.name}:{next((line for line in lines if line is not None), 1)}"


def _upwards(places: Sequence[Location], below: Location) -> Iterator[Location]:
    """List where a value may stand, and then what it lies in."""
    for length in range(len(below), -1, -1):
        for place in places:
            yield (*place, *below[:length])
