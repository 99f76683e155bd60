"""The settings of the running Pulumi program: the only reader of Pulumi's configuration."""

from __future__ import annotations

import json

import pulumi
from pulumi.runtime.config import CONFIG

from infra.settings.build import PROJECT, build_settings, foreign_secrets, stray_keys
from infra.settings.problems import Problem, SettingsError
from infra.settings.stack import StackSettings


def load() -> StackSettings:
    """Read and check the whole configuration of the stack, before any resource is made.

    Raises:
        pulumi.RunError: with one line per problem; Pulumi prints it without a traceback.
    """
    config = CONFIG.get()
    in_plain = {key: _value(text) for key, text in config.items() if not pulumi.runtime.is_config_secret(key)}
    try:
        return build_settings(_sections(), [*stray_keys(config), *foreign_secrets(in_plain), *_encrypted()])
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None


def _sections() -> dict[str, object]:
    config = pulumi.Config(PROJECT)
    texts = {key: config.get(key) for key in StackSettings.section_keys()}
    return {key: _value(text) for key, text in texts.items() if text is not None}


def _value(text: str) -> object:
    """Read what Pulumi hands over: JSON for a mapping, the bare text of a scalar, an empty text for nothing."""
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _encrypted() -> list[Problem]:
    keys = [f"{PROJECT}:{key}" for key in StackSettings.section_keys()]
    return [
        Problem(key, "has an encrypted value; settings name where a secret is kept and never hold it")
        for key in keys
        if pulumi.runtime.is_config_secret(key)
    ]
