"""Order: which services come first, and which run to their end."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from infra.importing.compose.service import Service
from infra.importing.compose.values import items, number_of
from infra.values import mapping, text

KEY = "depends_on"
COMPLETED = "service_completed_successfully"
_TASK_NAMES = re.compile(
    r"(?:^|[-_])(?:migrations?|migrate|migrator|init|setup|seed|bootstrap|install|installer|create|createbuckets?)(?:$|[-_])"
)
_TASK_MODES = {"replicated-job", "global-job"}


def tasks(services: Mapping[str, Mapping[str, Any]], varied: Collection[str]) -> set[str]:
    """List the services that run to their end: others wait for that, or they say that nothing starts them again.

    Of those that are `varied`, a variable says whether they are started again, which tells of an environment.
    """
    awaited = {name for one in services.values() for name, condition in _dependencies(one) if condition == COMPLETED}
    started = {name for one in services.values() for name, condition in _dependencies(one) if condition != COMPLETED}
    return {
        name
        for name, values in services.items()
        if name in awaited
        or text(values, "deploy", "mode") in _TASK_MODES
        or (name not in started and name not in varied and _ends(name, values))
    }


def map_order(service: Service, known: Mapping[str, Service]) -> None:
    """Write which apps come first, and who starts the app again."""
    value = service.values.get(KEY)
    for step, name in _steps(value):
        other = known.get(name)
        condition = text(value, name, "condition")
        if other is None:
            service.missing((KEY, step), "is no service that is imported")
        elif other.app == service.app:
            service.missing((KEY, step), "is the service itself")
        else:
            depends = service.settings.setdefault("dependsOn", [])
            depends.extend([other.app] if other.app not in depends else [])
            if condition == COMPLETED:
                service.taken((KEY, step), "dependsOn", text=f"{other.app} is of kind job")
            elif condition in {"", "service_started"}:
                service.taken((KEY, step), "dependsOn", text="an update waits until it is ready")
            else:
                service.taken((KEY, step), "dependsOn")
    if KEY in service.values and not value:
        service.taken((KEY,), "dependsOn", text="has none")
    _map_restart(service)


def _map_restart(service: Service) -> None:
    restart = service.values.get("restart")
    if "restart" not in service.values:
        return
    if service.is_task:
        service.decided(
            ("restart",), "kind", why="a job runs to its end, and 'retries' says how often a failed try is repeated"
        )
        retries = re.fullmatch(r"on-failure:([0-9]+)", str(restart))
        if retries:
            service.settings["retries"] = min(20, int(retries[1]))
    elif restart in ("always", "unless-stopped"):
        service.taken(("restart",), text="what ends is started again")
    else:
        service.decided(
            ("restart",), why="what ends is started again, always; what runs to its end is of kind: job or cron"
        )


def _ends(name: str, values: Mapping[str, Any]) -> bool:
    if values.get("ports") or values.get("expose") or values.get("healthcheck"):
        return False
    restart, condition = values.get("restart"), text(values, "deploy", "restart_policy", "condition")
    if restart in ("no", False) or condition == "none":
        return True
    return (str(restart).startswith("on-failure") or condition == "on-failure") and bool(_TASK_NAMES.search(name))


def _dependencies(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    value = values.get(KEY)
    for _, name in _steps(value):
        yield name, text(value, name, "condition")


def _steps(value: object) -> list[tuple[str | int, str]]:
    if isinstance(value, Mapping):
        return [(str(name), str(name)) for name in mapping(value)]
    return [(index, str(name)) for index, name in enumerate(items(value))]


def replicas_of(service: Service) -> int:
    """Return the number of replicas that a service asks for."""
    for place in (("deploy", "replicas"), ("scale",)):
        count = number_of(service.get(*place))
        if count is not None:
            return max(0, min(1000, int(count)))
    return 1
