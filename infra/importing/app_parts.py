"""Decisions about an app that are the same whatever it comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.importing.draft import StackDraft, Step
from infra.importing.names import secret_name
from infra.secret_texts.names import Suspicion, suspicion
from infra.secret_texts.texts import in_setting
from infra.settings.app.image import REFERENCE
from infra.usual_images import usual_user
from infra.values import text

ANYWHERE = "0.0.0.0/0"
MOST_CALLERS_OF_ALL = 10
"""Of more apps, each may call those only for which the input gives a reason: nobody reads the whole list."""
MOST_CALLERS_UNKNOWN = 40
"""Of more apps than that, one for which the input gives no reason at all may call nobody, or else everybody."""
USUAL_SIZE = "1Gi"
"""Of a volume whose size the input does not say."""
_ROOT_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID")
"""What official images need while they start as root, prepare their folders, and change to a user of their own."""
_BLANK = re.compile(r"<[^<>]+>")
UNKNOWN_TAG = "replace-me"
NO_VERSION = f"the input names no version, or latest, which changes under a running system; replace {UNKNOWN_TAG}"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A value that the input did not quite say, and the reason; none where it did."""

    value: Any
    why: str = ""


def pinned_image(image: str) -> Decision:
    """Return an image with a version: as it is given where it has one."""
    match = REFERENCE.fullmatch(image)
    if match is None or match["digest"] or (match["tag"] and match["tag"] != "latest"):
        return Decision(value=image)
    return Decision(value=f"{match['name']}:{UNKNOWN_TAG}", why=NO_VERSION)


def unknown_image(name: str) -> str:
    """Return the image of an app whose image must be built first, or is not named."""
    return f"registry.example.com/{name}:{UNKNOWN_TAG}"


def example_host(stack: str, app: str) -> str:
    """Return the host of an app that is reached from outside under a name that the input does not say."""
    return f"{app}.{stack}.example.com"


def image_security(image: str) -> Decision:
    """Return `security` for an app whose input does not say as whom it runs: as its image does elsewhere."""
    user = usual_user(image)
    if user is not None:
        return Decision(value=as_user(user, user), why=f"user {user} is the one that this image changes to by itself")
    why = "it runs as root, as it may have done; `nightowl image` tells the user of an image; name that one instead"
    return Decision(value=as_root(), why=why)


def as_user(user: int, group: int) -> dict[str, Any]:
    """Return `security` of an app that runs as this user."""
    return {"user": user, "group": group, "readOnlyRoot": False}


def as_root() -> dict[str, Any]:
    """Return `security` of an app that starts as root."""
    return {"level": "baseline", "user": 0, "readOnlyRoot": False, "capabilities": list(_ROOT_CAPABILITIES)}


def has_one_writer(app: Mapping[str, Any]) -> bool:
    """Whether an app of the draft has a volume that one pod at a time may write to."""
    volumes: Mapping[str, Mapping[str, Any]] = app.get("volumes", {})
    return any(
        ("claim" in one or one.get("kind") == "persistent") and not one.get("shared") for one in volumes.values()
    )


def is_secret(name: str, value: str) -> bool:
    """Whether a variable or a setting looks like a secret in plain text, or like a blank into which one is written."""
    is_blank = _BLANK.fullmatch(value) is not None and suspicion(name) in {Suspicion.HUMAN, Suspicion.LITERAL}
    return is_blank or bool(in_setting(name, value))


def add_secret(draft: StackDraft, app: str, *, key: str, of: str, env: str | None = None) -> str:
    """Name a secret in an app, and the command that creates it; return its name.

    `key` is what it is called where it was found, such as a variable, and `of` says where that is. `env` makes it a
    variable. The value is nowhere: whoever runs the command types it, or takes it from where it stood.
    """
    secrets: dict[str, Any] = draft.apps[app].setdefault("secrets", {})
    name = secret_name(key)
    if name in secrets and secrets[name] != _entry(app, name, env):
        name = secret_name(key, secrets)
    secrets[name] = _entry(app, name, env)
    names = sorted(_key_of(entry) for entry in secrets.values() if _secret_of(entry) == app)
    literals = " ".join(map(typed_literal, names))
    more = f", and {len(names) - 1} more" if len(names) > 1 else ""
    what = f"create the Secret of {app}, whose values nobody writes into a stack file ({of}{more})"
    command = f"kubectl --namespace {draft.name} create secret generic {app} {literals}"
    draft.steps[:] = [step for step in draft.steps if f" generic {app} " not in f"{step.command} "]
    draft.steps.append(Step(what=what, command=command))
    return name


def typed_literal(key: str) -> str:
    """Return the argument of `kubectl create secret generic` by which whoever runs it types the value of a key."""
    return f'--from-literal={key}="$(read -rsp "{key}: " value && printf %s "$value")"'


def _entry(app: str, name: str, env: str | None) -> object:
    reference = f"{app}/{name}"
    return {"ref": reference, "env": env} if env else reference


def _secret_of(entry: object) -> str:
    return _reference(entry).partition("/")[0]


def _key_of(entry: object) -> str:
    return _reference(entry).partition("/")[2]


def _reference(entry: object) -> str:
    return entry if isinstance(entry, str) else text(entry, "ref")
