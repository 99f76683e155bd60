"""Secrets and configs: what Compose keeps beside the services, and mounts into them as files."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from infra.importing.app_parts import typed_literal
from infra.importing.compose.files import read_file
from infra.importing.compose.hosts import with_hosts_of_file
from infra.importing.compose.service import Service, Stack
from infra.importing.compose.values import items
from infra.importing.draft import Step
from infra.importing.names import secret_name
from infra.secret_texts.texts import in_file
from infra.settings.partly import Location
from infra.values import mapping, text

_FOLDER = "/run/secrets"


def map_secrets(service: Service) -> None:
    """Write references of the secrets that a service has."""
    for key, source, fields in _used(service, "secrets"):
        target = text(fields, "target") or source
        own = target if not target.startswith("/") else posixpath.basename(target)
        name = secret_name(own, service.settings.get("secrets", ()))
        service.settings.setdefault("secrets", {})[name] = f"{_keeper(service.stack)}/{secret_name(source)}"
        path = target if target.startswith("/") else f"{_FOLDER}/{target}"
        if path == f"{_FOLDER}/{name}":
            service.taken(key, "secrets", name)
        else:
            service.decided(key, "secrets", name, why=f"its file is {_FOLDER}/{name} here; change what reads {path}")
    if "secrets" in service.values and not service.values["secrets"]:
        service.taken(("secrets",), "secrets", text="has none")


def map_configs(service: Service) -> None:
    """Write the files that a service has of configs."""
    for key, source, fields in _used(service, "configs"):
        target = text(fields, "target") or f"/{source}"
        target = target if target.startswith("/") else f"/{target}"
        content = _content(service.stack, source)
        if content is None:
            service.missing(key, f"its content is not in the project; write it under 'files' as {target}")
        elif in_file(target, content):
            service.missing(
                key,
                (
                    "its content looks like it holds a secret; keep that in a Secret, and "
                    f"mount it by 'secrets' instead of {target}"
                ),
            )
        else:
            own = with_hosts_of_file(service, key, target, content)
            service.settings.setdefault("files", {})[target] = own
            service.taken(key, "files", target)
    if "configs" in service.values and not service.values["configs"]:
        service.taken(("configs",), "files", text="has none")


def map_stored(stack: Stack) -> None:
    """Note where secrets and configs are kept, and how the Secret is made."""
    secrets = mapping(stack.project.source.values.get("secrets"))
    words: list[str] = []
    for name, value in secrets.items():
        called = secret_name(name)
        words.append(_argument(stack, called, mapping(value)))
        stack.ledger.decided(
            ("secrets", name), why=f"it is key {called} of Secret {_keeper(stack)}; the command below creates it"
        )
    if words:
        stack.draft.steps.append(
            Step(
                what=f"create the Secret with {', '.join(map(secret_name, secrets))}",
                command=(
                    f"kubectl --namespace {stack.draft.name} create secret generic {_keeper(stack)} {' '.join(words)}"
                ),
            )
        )
    for name in mapping(stack.project.source.values.get("configs")):
        if _content(stack, name) is None:
            stack.ledger.missing(
                ("configs", name), "its content is not in the project; write it under 'files' of the apps that have it"
            )
        else:
            stack.ledger.taken(("configs", name), text="it stands under 'files' of the apps that have it")


def _used(service: Service, key: str) -> Iterator[tuple[Location, str, Mapping[str, Any]]]:
    """List what a service has of secrets or configs: place, name at the top, and what else is said."""
    value = service.values.get(key)
    for index, item in enumerate(items(value)):
        place: Location = (key, index) if isinstance(value, list) else (key,)
        source = item if isinstance(item, str) else text(item, "source")
        if source:
            yield place, source, mapping(item)
        else:
            service.missing(place, f"names none of the {key} of the project")


def _keeper(stack: Stack) -> str:
    """Return the name of the Secret that has all of the project's secrets."""
    return f"{stack.draft.name}-secrets"


def _argument(stack: Stack, name: str, value: Mapping[str, Any]) -> str:
    file, variable = text(value, "file"), text(value, "environment")
    if file:
        return f"--from-file={name}={shlex.quote(str(stack.project.folder / file))}"
    if variable.isidentifier():
        return f'--from-literal={name}="${variable}"'
    return typed_literal(name)


def _content(stack: Stack, name: str) -> str | None:
    """Return the content of a config; None where it lies elsewhere."""
    value = mapping(mapping(stack.project.source.values.get("configs")).get(name))
    if text(value, "content"):
        return text(value, "content")
    if text(value, "environment"):
        return stack.project.environment.get(text(value, "environment"))
    file = text(value, "file")
    return read_file(stack.project.folder, Path(file)) if file else None
