"""Which apps come first, and who may call whom."""

from __future__ import annotations

import json
import posixpath

from infra.importing.app_parts import ANYWHERE, MOST_CALLERS_OF_ALL, MOST_CALLERS_UNKNOWN
from infra.importing.marathon.reader import Definitions, absolute
from infra.importing.marathon.work import Unit, Work
from infra.values import texts


def order(work: Work, unit: Unit, read: Definitions) -> None:
    """Take the dependencies of an app and of the groups that it lies in."""
    before: list[str] = []
    group = posixpath.dirname(unit.identifier)
    # Ids in a pod or an app are relative to its group, those in a group to the group itself.
    given = [((*unit.at, "dependencies"), unit.value, group)]
    given += [
        (("groups", one, "dependencies"), value, one)
        for one, value in read.groups.items()
        if unit.identifier.startswith(f"{one.rstrip('/')}/")
    ]
    for at, value, base in given:
        for index, dependency in enumerate(texts(value, "dependencies")):
            target = absolute(dependency, base)
            found = [
                other.name
                for identifier, other in work.units.items()
                if (identifier == target or identifier.startswith(f"{target.rstrip('/')}/")) and other is not unit
            ]
            if found:
                work.ledger.taken((*at, index), "apps", unit.name, "dependsOn")
            else:
                work.ledger.missing((*at, index), "none of these files defines it; import it too, or leave it out")
            before += [name for name in found if name not in before]
    if before:
        work.app(unit)["dependsOn"] = before


def flows(work: Work) -> None:
    """Let each app call those that it could reach, and the world outside, as it could on Mesos."""
    serving = [unit.name for unit in work.units.values() if unit.ports]
    is_large = len(work.units) > MOST_CALLERS_OF_ALL
    for unit in work.units.values():
        app = work.app(unit)
        said = json.dumps([app.get(key) for key in ("command", "args", "env", "init", "sidecars", "health")])
        others = [name for name in serving if name != unit.name]
        named = [name for name in others if name in app.get("dependsOn", ()) or _calls(said, name)]
        by_reason = is_large and (bool(named) or len(others) > MOST_CALLERS_UNKNOWN)
        app["allowTo"] = [*(named if by_reason else others), ANYWHERE]
        why = "all apps of the cluster and the internet, as on Mesos; keep those that it calls"
        if by_reason:
            why = "the apps that its definition names, and the internet; add those that it finds by itself"
        work.ledger.decided((*unit.at, "id"), "apps", unit.name, "allowTo", why=why)


def _calls(said: str, name: str) -> bool:
    return any(
        f"{before}{name}{after}" in said for before in ("/", "@", '"', "=", " ", ",") for after in (":", '"', "/", ",")
    )
