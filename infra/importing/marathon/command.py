"""What a container runs, and the variables of Marathon that it counts on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from infra.importing.marathon.variables import of_marathon, words
from infra.importing.marathon.work import SANDBOX, Unit, Work
from infra.settings.partly import Location
from infra.values import mapping, text, texts, within


def command(
    work: Work, unit: Unit, container: Mapping[str, Any], at: Location, target: dict[str, Any], *to: str | int
) -> None:
    """Take the command of a container: a line of shell, or the arguments of its image."""
    has_image = bool(text(container, "image", "id") or text(container, "container", "docker", "image"))
    command = mapping(within(container, "exec", "command"))
    shell = text(container, "cmd") or text(command, "shell")
    shell_at = (*at, "cmd") if text(container, "cmd") else (*at, "exec", "command", "shell")
    listed = texts(container, "args") if isinstance(container.get("args"), list) else texts(command, "argv")
    listed_at = (*at, "args") if container.get("args") else (*at, "exec", "command", "argv")
    variables = mapping(target.get("env"))
    if shell:
        starts_in_sandbox = not has_image and any(container.get(key) for key in ("fetch", "uris", "artifacts"))
        line = f"cd {SANDBOX}; {shell}" if starts_in_sandbox else shell
        target["command"] = words(work, unit, ["/bin/sh", "-c", line], shell_at, variables, *to, "command")
        if listed:
            work.ledger.missing(listed_at, "Marathon refuses cmd and args in one; cmd is taken")
    elif listed:
        overrides = within(container, "exec", "overrideEntrypoint") is True or not has_image
        key = "command" if overrides else "args"
        target[key] = words(work, unit, listed, listed_at, variables, *to, key)
    if within(container, "exec", "overrideEntrypoint") is not None:
        work.ledger.taken((*at, "exec", "overrideEntrypoint"), *to, "command")


def marathon_variables(
    work: Work, unit: Unit, container: Mapping[str, Any], target: dict[str, Any], position: int, *to: str | int
) -> None:
    """Write the variables that Marathon would set and the container needs, unless the input sets them."""
    keys = ("cmd", "args", "env", "environment", "healthChecks", "healthCheck", "check", "exec")
    said = json.dumps([container.get(key) for key in keys])
    place = to or ("apps", unit.name)
    for name, value, why in of_marathon(work, unit, said, position):
        env = target.setdefault("env", {})
        if name not in env:
            env[name] = value
            work.ledger.decided((*unit.at, "id"), *place, "env", name, why=why)
