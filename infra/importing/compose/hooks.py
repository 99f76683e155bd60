"""Hooks: what runs before the container starts is `init`, or `release` where it runs once for all replicas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.importing.app_parts import is_secret, pinned_image
from infra.importing.compose.command import literal, words_of
from infra.importing.compose.dockerfile import user_number
from infra.importing.compose.hosts import with_own_hosts
from infra.importing.compose.order import replicas_of
from infra.importing.compose.scripts import with_interpreter
from infra.importing.compose.service import Service
from infra.importing.compose.values import is_on, items, pairs
from infra.importing.compose.variables import literal_value
from infra.secret_texts.texts import in_arguments
from infra.settings.app.image import REFERENCE
from infra.settings.partly import Location
from infra.values import mapping, sequence, text

KEY = "pre_start"
_PARTS = {"command", "entrypoint", "environment", "image", "per_replica", "privileged", "user"}
_PRIVILEGED = "no container here is privileged, and this hook needs it; let a node have it before the app comes"
_USER = "all containers of an app run as security.user; change the hook so that this user can run it"
_NO_COMMAND = "it names no command and no image: it would be the app once more"
_NO_IMAGE = "its image is no name of one; write the hook under 'init'"
_NO_WORDS = "the quotes of its command are not those of a shell; write it as a list of words"
_IN_PLAIN_TEXT = "it holds a secret: name that under 'secrets' of the app, and write the hook under 'init' or 'release'"
_ONCE = (
    "it runs once for all replicas, and 'release' has room for one command in the app's own image, before all 'init'; "
    "write it as an app of kind: job, and name that under 'dependsOn'"
)
_EACH_POD = "it runs in each new pod before the app starts, so it must be possible to repeat it"
_EACH_RELEASE = "it runs once before each rollout that changes image, command, configuration or secrets"
_REST = "a container of 'init' has image, command, args, env, files and resources; the rest is that of the app"


def map_hooks(service: Service) -> None:
    """Write what runs before the container of a service starts."""
    for index, hook in enumerate(sequence(service.values.get(KEY))):
        fields = mapping(hook)
        if not fields:
            continue
        if is_on(fields.get("privileged")):
            service.dangerous((KEY, index), _PRIVILEGED)
            continue
        reason = _reason(service, fields) or _write(service, index, fields)
        if reason:
            service.missing((KEY, index), reason)


def _reason(service: Service, hook: Mapping[str, Any]) -> str:
    """Return why a hook cannot be a container of the app; nothing where it can."""
    commands = [words_of(hook.get(key)) for key in ("entrypoint", "command")]
    words = [word for command in commands for word in command or ()]
    variables = [(name, "" if value is None else str(value)) for _, name, value in pairs(hook.get("environment"))]
    if "image" in hook and not REFERENCE.fullmatch(text(hook, "image")):
        return _NO_IMAGE
    if None in commands:
        return _NO_WORDS
    if not words and _is_own(service, hook):
        return _NO_COMMAND
    user = str(hook.get("user", "")).partition(":")[0]
    if user and user_number(user) != service.settings["security"].get("user"):
        return _USER
    if in_arguments(words) or any(is_secret(name, value) for name, value in variables):
        return _IN_PLAIN_TEXT
    return ""


def _write(service: Service, index: int, hook: Mapping[str, Any]) -> str:
    """Write a hook where it means what it does in the input; return the reason where that is nowhere."""
    settings = service.settings
    container = _container(service, index, hook)
    if not is_on(hook.get("per_replica")) and _can_be_release(service, index, hook):
        settings["release"] = container
        to: Location = ("release",)
        service.added(*to, why=_EACH_RELEASE)
    elif is_on(hook.get("per_replica")) or service.is_task or replicas_of(service) <= 1:
        name = f"pre-start-{index + 1}"
        settings.setdefault("init", {})[name] = _with_inherited(service, container)
        to = ("init", name)
        service.added(*to, why=_EACH_POD)
    else:
        return _ONCE
    _note(service, index, hook, to)
    return ""


def _container(service: Service, index: int, hook: Mapping[str, Any]) -> dict[str, Any]:
    container: dict[str, Any] = {}
    if not _is_own(service, hook):
        container["image"] = pinned_image(hook["image"]).value
    elif "command" in service.settings:
        container["command"] = service.settings["command"]
    env: dict[str, str] = {}
    for step, name, value in pairs(hook.get("environment")):
        if value is not None:
            given = str(value).lower() if isinstance(value, bool) else str(value)
            at = (KEY, index, "environment", step)
            env[name] = with_own_hosts(service, at, literal_value(given), name=name)
    if env:
        container["env"] = env
    known = {*env, *map(str, service.settings.get("env", {}))}
    for key, to in (("entrypoint", "command"), ("command", "args")):
        words = words_of(hook.get(key)) or []
        if words:
            container[to] = [with_own_hosts(service, (KEY, index, key), literal(word, known)) for word in words]
    first = "command" if "command" in container else "args"
    if first in container:
        container[first] = with_interpreter(container[first], service.settings.get("files", {}))
    return container


def _with_inherited(service: Service, container: dict[str, Any]) -> dict[str, Any]:
    """Return a container with variables, files and resources of the app, which a container of `init` has not."""
    settings = service.settings
    env = {**settings.get("env", {}), **container.get("env", {})}
    resources = {key: value for key, value in settings["resources"].items() if key != "gpu"}
    inherited = {"env": env, "files": settings.get("files"), "resources": resources}
    return {**container, **{key: value for key, value in inherited.items() if value}}


def _can_be_release(service: Service, index: int, hook: Mapping[str, Any]) -> bool:
    """Whether a hook that runs once is the first and only one, in the app's image, without a volume of one node."""
    once = [one for one in items(service.values[KEY]) if not is_on(mapping(one).get("per_replica"))]
    volumes = service.settings.get("volumes", {}).values()
    has_own = any(volume.get("kind") == "persistent" and not volume.get("shared") for volume in volumes)
    return index == 0 and len(once) == 1 and _is_own(service, hook) and not (has_own or service.is_task)


def _is_own(service: Service, hook: Mapping[str, Any]) -> bool:
    return hook.get("image") in {None, service.values.get("image")}


def _note(service: Service, index: int, hook: Mapping[str, Any], to: Location) -> None:
    places = {"image": "image", "entrypoint": "command", "command": "args", "environment": "env"}
    for key in hook:
        at = (KEY, index, key)
        if key == "image" and not _is_own(service, hook):
            decision = pinned_image(hook[key])
            if decision.why:
                service.decided(at, *to, "image", why=decision.why)
                service.comment("replace: the input names no version", *to, "image")
            else:
                service.taken(at, *to, "image")
        elif key == "user":
            service.taken(at, "security", "user")
        elif key == "environment" and any(value is None for _, _, value in pairs(hook[key])):
            service.decided(at, *to, "env", why="a variable without a value is one of the shell; write it")
        elif key in places:
            service.taken(at, *to, places[key])
        elif key in _PARTS:
            service.taken(at, *to)
        elif not str(key).startswith("x-"):
            service.missing(at, _REST)
