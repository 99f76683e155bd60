"""Variables: as they are, but for those that hold a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping

from infra.importing.app_parts import add_secret, is_secret
from infra.importing.compose.environment import service_environment
from infra.importing.compose.hosts import with_own_hosts
from infra.importing.compose.service import Service
from infra.importing.compose.values import items
from infra.importing.names import secret_name
from infra.secret_texts.names import Suspicion, suspicion
from infra.settings.app.references import VARIABLE_NAME
from infra.settings.partly import Location
from infra.values import mapping

ENVIRONMENT = "environment"
_OF_COMPOSE = ("COMPOSE_", "DOCKER_BUILDKIT", "DOCKER_HOST")
"""How the names of variables begin that tell Docker's own tools something (their documentation)."""
_VARIABLE = re.compile(r"\$\{?(\w+)(?::?[-?][^}]*)?\}?")
_TEMPLATE = re.compile(r"\{\{-?\s*\.(?:Service|Node|Task)\b")
_FIELDS = {
    ".Task.Name": "metadata.name", ".Node.Hostname": "spec.nodeName", ".Node.ID": "spec.nodeName",
}  # fmt: skip
"""What a pod has of what Swarm puts into `{{...}}` (docs.docker.com, docker service create, templates)."""
_OF_SWARM = (
    "Swarm fills it in, and nobody does here: write a value, or { field: metadata.name } for the name of the pod"
)
_CREATED = "it is a secret, which no stack file holds; the command below creates it"
_NO_VALUE = "has no value: Compose takes it from the shell that starts it; write it under 'env', or leave it out"


def map_environment(service: Service) -> None:
    """Take over the variables of a service, those of its files included."""
    found = service_environment(service.stack.project, service.name)
    steps = _steps(service.values.get(ENVIRONMENT))
    from_files = [name for name in found if name not in steps and not name.startswith(_OF_COMPOSE)]
    for name, (value, place) in found.items():
        if name not in steps and name.startswith(_OF_COMPOSE):
            continue
        _map(service, name, value, place, steps.get(name))
    if "env_file" in service.values:
        unread = [(key[2:], why) for key, why in service.stack.project.unread.items() if key[:2] == service.key()]
        for key, why in unread:
            service.missing(key, why)
        if not any(key == ("env_file",) for key, _ in unread):
            text = (
                f"{len(from_files)} variables from files" if from_files else "nothing that 'environment' does not say"
            )
            service.taken(("env_file",), "env", text=text)
    if ENVIRONMENT in service.values and not steps:
        service.taken((ENVIRONMENT,), "env", text="has none")


def literal_value(text: str) -> str:
    """Write the text of a variable so that Kubernetes hands it on as it is."""

    def escaped(match: re.Match[str]) -> str:
        return match[0] * 2 if len(match[0]) > 1 or text[match.end() : match.end() + 1] in {"(", "{"} else match[0]

    return re.sub(r"\$+", escaped, text)


def _map(service: Service, name: str, value: object, place: str, step: str | int | None) -> None:
    key = (ENVIRONMENT, step) if step is not None else ("env_file",)
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if not re.fullmatch(VARIABLE_NAME, name):
        if step is not None:
            service.missing(key, "its name is none that a variable may have here: letters, digits and underscores")
        return
    if _TEMPLATE.search(text):
        _map_template(service, name, text, key)
        return
    if is_secret(name, text) or (not text and suspicion(name) in {Suspicion.HUMAN, Suspicion.LITERAL}):
        _map_secret(service, name, text, place, key)
        return
    if value is None:
        if step is not None:
            service.missing(key, _NO_VALUE)
        return
    service.settings.setdefault("env", {})[name] = with_own_hosts(service, key, literal_value(text), name=name)
    if step is not None:
        service.taken(key, "env", name)


def _map_template(service: Service, name: str, text: str, key: Location) -> None:
    """Write a variable that Swarm fills in for each task: as what a pod has of that, where it is nothing else."""
    field = _FIELDS.get(text.strip("{} "))
    if field is None:
        service.missing(key, f"{name}: {_OF_SWARM}")
        return
    service.settings.setdefault("env", {})[name] = {"field": field}
    service.decided(key, "env", name, why=f"Swarm fills in {text}, for which {field} of the pod stands here")


def _map_secret(service: Service, name: str, text: str, place: str, key: tuple[str | int, ...]) -> None:
    stack = service.stack
    same = _what_fills(service, name, text, place, key)
    known = stack.secrets.get(same)
    called = secret_name(name)
    secrets = service.settings.setdefault("secrets", {})
    why = _CREATED
    if known is not None and called not in secrets:
        secrets[called] = {"ref": known, "env": name}
        why = f"it is a secret with the value of {known}, which fills both; write another 'ref' if that is by chance"
    else:
        called = add_secret(stack.draft, service.app, key=name, of=f"{name}, {place}", env=name)
        stack.secrets.setdefault(same, f"{service.app}/{called}")
    if key[0] == ENVIRONMENT:
        service.decided(key, "secrets", called, why=why)
    else:
        service.added("secrets", called, why=f"{name} of {place}: {why}")


def _what_fills(service: Service, name: str, text: str, place: str, key: Location) -> tuple[str, str]:
    """Return what makes two secrets the same one: their value, or where the value that is missing comes from.

    That is a variable of the shell, by its name or by `${...}`, or a line of a file that several services read.
    """
    if text:
        return ("value", text)
    if key[0] != ENVIRONMENT:
        return ("line", f"{name} {place}")
    given = service.values[ENVIRONMENT][key[-1]]
    written = service.stack.project.written(service.key(*key)) or ""
    value = written.partition("=")[2] if isinstance(given, str) and isinstance(key[-1], int) else written
    variable = _VARIABLE.fullmatch(value)
    if given is None or (isinstance(key[-1], int) and "=" not in str(given)):
        return ("variable", name)
    return ("variable", variable[1]) if variable else ("line", f"{name} {place}")


def _steps(value: object) -> dict[str, str | int]:
    """Return the step in the input of each variable that the service itself names."""
    if isinstance(value, Mapping):
        return {name: name for name in mapping(value)}
    return {str(item).partition("=")[0]: index for index, item in enumerate(items(value))}
