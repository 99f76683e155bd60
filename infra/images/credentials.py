"""Credentials for registries, where `docker login` keeps them."""

from __future__ import annotations

import base64
import binascii
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.images.reference import DOCKER_HUB
from infra.values import mapping

_KEY_OF_DOCKER_HUB = "https://index.docker.io/v1/"
_HELPER_SECONDS = 10
_TOKEN_USER = "<token>"  # noqa: S105
"""The user of what is an identity token instead of a password, by the protocol of Docker's credential helpers."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Credentials:
    """A user with a password, or an identity token, which the registry's authority takes instead of both."""

    user: str = ""
    password: str = ""
    identity_token: str = ""


def find_credentials(host: str, environment: Mapping[str, str] = os.environ) -> Credentials | None:
    """Return what `docker login` stored for a registry in `config.json`, or None. A broken file has none."""
    folder = Path(environment.get("DOCKER_CONFIG") or Path(environment.get("HOME", "~"), ".docker")).expanduser()
    config = mapping(_json(folder / "config.json"))
    keys = [_KEY_OF_DOCKER_HUB, DOCKER_HUB] if host == DOCKER_HUB else [host, f"https://{host}", f"https://{host}/"]
    helpers, auths = mapping(config.get("credHelpers")), mapping(config.get("auths"))
    for key in keys:
        helper = helpers.get(key) or config.get("credsStore")
        found = (_from_helper(str(helper), key) if helper else None) or _from_entry(mapping(auths.get(key)))
        if found is not None:
            return found
    return None


def _from_entry(entry: Mapping[str, object]) -> Credentials | None:
    token = str(entry.get("identitytoken") or "")
    try:
        user, _, password = base64.b64decode(str(entry.get("auth") or ""), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    if token:
        return Credentials(identity_token=token)
    return Credentials(user=user, password=password) if user and password else None


def _from_helper(name: str, key: str) -> Credentials | None:
    try:
        answer = subprocess.run(
            [f"docker-credential-{name}", "get"],
            input=key, capture_output=True, text=True, timeout=_HELPER_SECONDS, check=True,
        )  # fmt: skip
        entry = mapping(json.loads(answer.stdout))
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    user, secret = str(entry.get("Username") or ""), str(entry.get("Secret") or "")
    if user == _TOKEN_USER:
        return Credentials(identity_token=secret)
    return Credentials(user=user, password=secret) if user and secret else None


def _json(file: Path) -> object:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
