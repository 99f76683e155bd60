"""The settings of the running Pulumi program: the only reader of Pulumi's configuration."""

from __future__ import annotations

import json

import pulumi
from pulumi.runtime.config import CONFIG

from infra.settings.build import settings_of
from infra.settings.problems import SettingsError
from infra.settings.stack import StackSettings


def load() -> StackSettings:
    """Read and check the whole configuration of the stack, before any resource is made.

    Raises:
        pulumi.RunError: with one line per problem; Pulumi prints it without a traceback.
    """
    config = {key: _value(text) for key, text in CONFIG.get().items()}
    try:
        return settings_of(config, list(filter(pulumi.runtime.is_config_secret, config)))
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None


def _value(text: str) -> object:
    """Read what Pulumi hands over: JSON for a mapping, the bare text of a scalar, an empty text for nothing."""
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
