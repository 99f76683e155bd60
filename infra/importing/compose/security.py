"""Who a container is, and what it may do."""

from __future__ import annotations

import re
from typing import Any

from infra.importing.app_parts import as_root, as_user, image_security
from infra.importing.compose.dockerfile import FIRST_USER, user_number
from infra.importing.compose.service import Service
from infra.importing.compose.values import is_on, items
from infra.settings.app.security import CAPABILITIES_OF_BASELINE, CAPABILITIES_OF_RESTRICTED
from infra.values import text

_NAMED = "Kubernetes needs its number, which `docker run --rm --entrypoint id IMAGE` prints; write it as security.user"
_BEYOND = "no Pod Security Standard that a namespace enforces here allows it; change the app so that it needs none"
_OTHER_START = "another start than the image's may need root, as it had; try it as the user that the image changes to"
_NOT_NEEDED = "it is the default here: no process gains rights that its parent did not have"


def map_security(service: Service) -> None:
    """Write user, root file system and capabilities."""
    security = _user(service)
    if is_on(service.values.get("read_only")):
        security["readOnlyRoot"] = True
        service.taken(("read_only",), "security", "readOnlyRoot")
    elif "read_only" in service.values:
        service.taken(("read_only",), "security", "readOnlyRoot")
    _capabilities(service, security)
    if security.get("readOnlyRoot") is True:
        del security["readOnlyRoot"]
    service.settings["security"] = security
    _options(service)


def _user(service: Service) -> dict[str, Any]:
    given = service.values.get("user")
    user, _, group = str(given if given is not None else service.dockerfile.user).partition(":")
    number = user_number(user)
    if given is None and not user:
        home = _of_home(service)
        if home is not None:
            return home
        if service.values.get("entrypoint"):
            service.added("security", why=_OTHER_START)
            return as_root()
        decision = image_security(service.settings["image"])
        if decision.value["user"] == 0:
            decision = image_security(service.dockerfile.base or service.settings["image"])
        service.added("security", why=decision.why)
        return dict(decision.value)
    if number is None:
        decision = image_security(service.settings["image"])
        if given is not None:
            service.missing(("user",), _NAMED)
        service.added("security", why=f"the user {user!r} is a name: {_NAMED}")
        return dict(decision.value)
    of_group = user_number(group) if group else number
    security = as_user(number, number if of_group is None else of_group) if number else as_root()
    if given is not None:
        service.taken(("user",), "security", "user")
    else:
        service.added("security", why="USER of the Dockerfile names it")
    return security


def _of_home(service: Service) -> dict[str, Any] | None:
    """Return the user in whose home folder the service keeps data: the first one of an image has this number."""
    mounts = [
        item.partition(":")[2].partition(":")[0] if isinstance(item, str) else text(item, "target")
        for item in items(service.values.get("volumes"))
    ]
    home = next((match[0] for match in (re.match(r"/home/[\w.-]+(?=/)", mount) for mount in mounts) if match), None)
    if home is None:
        return None
    service.added("security", why=f"its data lies below {home}, the home of a user, who is {FIRST_USER} in most images")
    return as_user(FIRST_USER, FIRST_USER)


def _capabilities(service: Service, security: dict[str, Any]) -> None:
    kept: list[str] = list(security.get("capabilities", ()))
    for index, item in _listed(service, "cap_drop"):
        name = _name(item)
        kept = [] if name == "ALL" else [one for one in kept if one != name]
        service.taken(index, "security", text="every capability is dropped but those that are named")
    for index, item in _listed(service, "cap_add"):
        name = _name(item)
        if name in CAPABILITIES_OF_BASELINE:
            kept = [*kept, *([] if name in kept else [name])]
            service.taken(index, "security", "capabilities")
        else:
            service.dangerous(index, _BEYOND)
    if kept:
        security["capabilities"] = kept
    else:
        security.pop("capabilities", None)
    if any(name not in CAPABILITIES_OF_RESTRICTED for name in kept):
        security["level"] = "baseline"


def _options(service: Service) -> None:
    for index, item in _listed(service, "security_opt"):
        if re.fullmatch(r"no-new-privileges([:=]true)?", str(item)):
            service.taken(index, "security", text=_NOT_NEEDED)
        else:
            service.dangerous(index, _BEYOND)
    if is_on(service.values.get("privileged")):
        service.dangerous(("privileged",), _BEYOND)
    elif "privileged" in service.values:
        service.taken(("privileged",), "security", text="is off, as always here")


def _listed(service: Service, key: str) -> list[tuple[tuple[str | int, ...], Any]]:
    value = service.values.get(key)
    if key in service.values and not items(value):
        service.taken((key,), "security", text="has none")
    return [((key, index) if isinstance(value, list) else (key,), item) for index, item in enumerate(items(value))]


def _name(item: object) -> str:
    return str(item).upper().removeprefix("CAP_")
