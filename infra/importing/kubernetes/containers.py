"""What a container runs, is told and is given."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

from infra.importing.app_parts import Decision, add_secret, is_secret, pinned_image, unknown_image
from infra.importing.kubernetes import quantities
from infra.importing.kubernetes.app import App
from infra.importing.kubernetes.parts import Part
from infra.importing.names import secret_name
from infra.importing.secret_words import HiddenWord, hide_secrets, variables_of_secrets
from infra.settings.app.environment import PodField
from infra.settings.app.image import REFERENCE
from infra.settings.app.references import references

_HOST_VARIABLE = re.compile(r"(?i)host|addr|server|url|uri|endpoint|service|node|seed|peer|proxy|backend|master|broker")
_SERVICE_LINK = re.compile(r"[A-Z0-9_]+_SERVICE_(?:HOST|PORT)\b")
_IN_PLAIN_TEXT = "stands there in plain text; create the Secret by the command below, and give out a new one"


def draft_command(app: App, container: Part, *to: str) -> None:
    """Draft image, command and arguments."""
    image = pinned_image(container["image"].text)
    if REFERENCE.fullmatch(image.value) is None:
        image = Decision(value=unknown_image(app.name), why="the input names no image; write it")
    app.section(*to)["image"] = image.value
    app.took(container["image"], *to, "image", why=image.why)
    if image.why:
        app.world.draft.comments[*app.place, *to, "image"] = image.why.partition(",")[0].partition(";")[0]
    for key in ("command", "args"):
        words = [app.text(word.text, is_host="-" in word.text) for word in container[key].items()]
        for index, hidden in _hidden(app, container[key], words).items():
            app.took(container[key][index], "secrets", hidden.secret, why=f"{hidden.variable} {_IN_PLAIN_TEXT}")
            words[index] = hidden.word
        if words:
            app.put(container[key], words, *to, key)


def _hidden(app: App, command: Part, words: list[str]) -> dict[int, HiddenWord]:
    return hide_secrets(app.world.draft, app.name, words, of=app.world.place(command))


def draft_env(app: App, container: Part, *to: str) -> None:
    """Draft the variables: those of `env` go before those of `envFrom`."""
    named = {one["name"].text for one in container["env"].items()}
    for source in container["envFrom"].items():
        _env_from(app, source, named, *to)
    for variable in container["env"].items():
        _variable(app, variable, *to)
    _service_links(app, container, *to)
    env = app.section(*to).get("env", {})
    known = {*env, *variables_of_secrets(app.said)}
    for name, value in env.items():
        if isinstance(value, str):
            env[name] = _escaped(value, known)
    if not env:
        app.section(*to).pop("env", None)


def _service_links(app: App, container: Part, *to: str) -> None:
    """Draft the variables that Kubernetes sets for each Service, where the container names them."""
    world, env = app.world, app.section(*to, "env")
    said = json.dumps([container["command"].value, container["args"].value, list(env.values())])
    if not _SERVICE_LINK.search(said):
        return
    for service in world.of_kind("Service"):
        prefix, host = re.sub(r"\W", "_", service.name.upper()), world.hosts.get(service.name)
        port = service.spec.at("ports", 0, "port").text
        for variable, value in ((f"{prefix}_SERVICE_HOST", host), (f"{prefix}_SERVICE_PORT", port)):
            if value and variable not in env and re.search(rf"\b{variable}\b", said):
                env[variable] = value
                why = "Kubernetes set it for each Service; here apps are found by name, and the variable says it"
                world.ledger.decided(container.place, *app.place, *to, "env", variable, why=why)


def _env_from(app: App, source: Part, named: set[str], *to: str) -> None:
    prefix = source["prefix"].text
    for kind, key in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
        reference = source[key]
        if not reference.given:
            continue
        name = reference["name"].text
        if kind == "ConfigMap":
            found, texts = app.config_map(name)
            for one, part in texts.items():
                if prefix + one not in named:
                    _text(app, part, prefix + one, part.text, *to)
            if found is None:
                app.missing(source, f"ConfigMap {name} is not in the input; write its variables under 'env'")
            else:
                app.took(source, *to, "env")
            continue
        keys = [one for one in app.secret_keys(name) if prefix + one not in named]
        for one in keys:
            _secret_variable(app, source, f"{name}/{one}", prefix + one)
        if not keys:
            what = (
                f"nobody knows the keys of Secret {name}; write each under 'secrets', as {{ref: {name}/KEY, env: KEY}}"
            )
            app.missing(source, what)


def _variable(app: App, variable: Part, *to: str) -> None:
    name, source = variable["name"].text, variable["valueFrom"]
    if not name:
        app.missing(variable, "it has no name; leave it out")
        return
    if not source.given:
        _text(app, variable, name, variable["value"].text, *to)
        return
    section = app.section(*to, "env")
    if source["fieldRef"].given:
        _field(app, variable, name, *to)
    elif source["resourceFieldRef"].given:
        resource, divisor = source.at("resourceFieldRef", "resource"), source.at("resourceFieldRef", "divisor")
        if resource.text in {"limits.cpu", "limits.memory", "requests.cpu", "requests.memory"}:
            section[name] = {"resource": resource.text}
            app.took(variable, *to, "env", name)
            if divisor.text not in {"", "0", "1"}:
                app.missing(divisor, "the variable holds whole cores or bytes; let the program divide")
        else:
            app.missing(variable, "the limits and requests of CPU and memory alone can be told to a container")
    elif source["configMapKeyRef"].given:
        reference = source["configMapKeyRef"]
        found = app.config_map(reference["name"].text)[1].get(reference["key"].text)
        if found is None:
            app.missing(
                variable,
                f"key {reference['key'].text} of ConfigMap {reference['name'].text} is not in the input; write the "
                f"value as env.{name}",
            )
        else:
            _text(app, variable, name, found.text, *to)
            app.took(found, *to, "env", name)
    elif source["secretKeyRef"].given:
        reference = source["secretKeyRef"]
        _secret_variable(app, variable, f"{reference['name'].text}/{reference['key'].text}", name)
    else:
        app.missing(variable, f"write the value as env.{name}")


def _field(app: App, variable: Part, name: str, *to: str) -> None:
    path = variable.at("valueFrom", "fieldRef", "fieldPath").text
    section = app.section(*to, "env")
    path = {"status.podIPs": "status.podIP", "status.hostIPs": "status.hostIP"}.get(path, path)
    inside = re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path)
    if path in get_args(PodField):
        section[name] = {"field": path}
        app.took(variable, *to, "env", name)
    elif inside:
        section[name] = app.workload.pod.at("metadata", inside[1]).labels().get(inside[2], "")
        app.took(variable, *to, "env", name, why=f"it is the value of {inside[2]}; change it here when you change that")
    else:
        app.missing(variable, f"{path} is none of {', '.join(get_args(PodField))}; write another one, or the value")


def _text(app: App, part: Part, name: str, value: str, *to: str) -> None:
    if is_secret(name, value):
        taken = variables_of_secrets(app.said).get(name)
        if taken and app.plain_secrets.get(name) != value:
            app.missing(part, _another(name))
            return
        entry = taken or add_secret(app.world.draft, app.name, key=name, of=app.world.place(part), env=name)
        app.plain_secrets[name] = value
        app.took(part, "secrets", entry, why=f"{name} {_IN_PLAIN_TEXT}")
        return
    text = app.text(value, is_host=bool(_HOST_VARIABLE.search(name)))
    app.section(*to, "env")[name] = text
    why = "" if text == value else "names of Services and paths are those that apps have here"
    app.took(part, *to, "env", name, why=why)


def _secret_variable(app: App, part: Part, reference: str, variable: str) -> None:
    known = variables_of_secrets(app.said)
    secrets = app.section("secrets")
    if variable in known:
        if secrets[known[variable]]["ref"] == reference:
            app.took(part, "secrets", known[variable])
        else:
            app.missing(part, _another(variable))
        return
    name = secret_name(reference.partition("/")[2], secrets)
    secrets[name] = {"ref": reference, "env": variable}
    app.took(part, "secrets", name)


def _another(variable: str) -> str:
    return (
        f"{variable} is another secret already, and the containers of an app share its secrets; give the variable of "
        "one of them another name, or let it read a file"
    )


def _escaped(text: str, known: set[str]) -> str:
    """Return a text whose references that no variable has stay as they are written, as in Kubernetes."""
    for name in references(text):
        if name not in known:
            text = text.replace(f"$({name})", f"$$({name})")
    return re.sub(r"(?<!\$)\$(?=\{[A-Za-z_][A-Za-z0-9_]*(?::?[-?+][^}]*)?\})", "$$", text)


def draft_resources(app: App, container: Part, *to: str) -> None:
    """Draft CPU and memory. What has a limit alone requests as much, as in Kubernetes."""
    requests, limits = container.at("resources", "requests"), container.at("resources", "limits")
    for resource, read in (("cpu", quantities.cpu), ("memory", quantities.size)):
        request, limit = requests[resource], limits[resource]
        asked, most = read(request.text), read(limit.text)
        if asked or most:
            source = request if asked else limit
            why = ""
            if resource == "memory" and not most:
                why = "it is the limit, too, as no other is given; write a higher one as 'memoryLimit'"
            app.put(source, asked or most, *to, "resources", resource, why=why)
        if asked and most:
            key = f"{resource}Limit"
            if quantities.is_more(limit.text, request.text) or resource == "cpu":
                app.put(limit, most, *to, "resources", key)
            else:
                app.took(limit, *to, "resources", resource)
        for part, value in ((request, asked), (limit, most)):
            if part.given and value is None:
                app.missing(part, "it is no amount; leave it out")
    _devices(app, [*requests.entries(), *limits.entries()], *to)


def _devices(app: App, entries: list[tuple[str, Part]], *to: str) -> None:
    for name, part in entries:
        if name == "nvidia.com/gpu" and part.number and not to:
            app.put(part, part.number, "resources", "gpu")
        elif name == "ephemeral-storage":
            app.missing(part, "write the sizes of 'volumes' and 'writable'")
        elif name not in {"cpu", "memory"}:
            app.missing(part, "there is no key: CPU, memory and whole GPUs of the app are what it may ask for")


def all_texts(app: App) -> Iterator[str]:
    """List the texts of an app that may name another one."""
    pending: list[Any] = [
        app.said.get(key) for key in ("env", "args", "command", "files", "init", "sidecars", "release")
    ]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            pending += list(value.values())  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        elif isinstance(value, list):
            pending += value
