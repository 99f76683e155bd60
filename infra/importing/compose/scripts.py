"""Scripts that a service mounts and runs: files are mounted without the right to execute them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from infra.importing.compose.service import Service
from infra.settings.partly import Location

_WHY = "a mounted file has no right to be executed, so its interpreter runs it"


def run_scripts(service: Service) -> None:
    """Let the interpreter of each mounted script run it, in the command and in the questions of health."""
    health: dict[str, Any] = service.settings.get("health", {})
    for name in ("readiness", "liveness"):
        if name in health:
            health[name] |= {"exec": _run(service, health[name]["exec"], ("health", name, "exec"))}
    key = "command" if "command" in service.settings else "args"
    if service.settings.get(key):
        service.settings[key] = _run(service, service.settings[key], (key,))


def _run(service: Service, words: list[str], to: Location) -> list[str]:
    changed = with_interpreter(words, service.settings.get("files", {}))
    if changed != words:
        service.added(*to, why=_WHY)
    return changed


def with_interpreter(words: list[str], files: Mapping[str, str]) -> list[str]:
    """Return a command that runs a script among `files` by its interpreter; any other as it is."""
    if words[0] in files:
        return [*_interpreter(files[words[0]]), *words]
    if len(words) == 3 and words[1] == "-c" and words[2].split()[:1] and words[2].split()[0] in files:
        return [*words[:2], " ".join([*_interpreter(files[words[2].split()[0]]), words[2]])]
    return words


def _interpreter(script: str) -> list[str]:
    first = re.match(r"#!\s*(?:/usr/bin/env\s+)?(\S+)", script)
    return [first[1]] if first else ["sh"]
