"""A stack file read without Pulumi, for commands and tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from infra.settings.build import settings_of
from infra.settings.problems import Problem, SettingsError, unknown_key
from infra.settings.stack import StackSettings
from infra.settings.yaml_file import read_yaml

_STACK_FILE_KEYS = ("config", "encryptedkey", "encryptionsalt", "environment", "secretsprovider")
"""Top-level keys of a stack file (ProjectStack in github.com/pulumi/pulumi/sdk/v3/go/common/workspace)."""


def settings_from_stack_file(path: Path) -> StackSettings:
    """Build the settings of a `stacks/Pulumi.<stack>.yaml`, with the messages that the program itself would give.

    Raises:
        SettingsError: with every problem found, also where the file cannot be read.
    """
    return settings_of(stack_config(path))


def stack_config(path: Path) -> dict[str, object]:
    """Read the configuration in a stack file: the values of all namespaces, by key.

    Raises:
        SettingsError: it is no stack file.
    """
    document = read_yaml(path)
    unknown = [Problem(key, unknown_key(key, _STACK_FILE_KEYS)) for key in document if key not in _STACK_FILE_KEYS]
    config = document.get("config")
    if config is not None and not isinstance(config, Mapping):
        unknown.append(Problem("config", "is not a mapping; write keys such as nightowl:apps below it"))
    if unknown:
        raise SettingsError(unknown)
    return {str(key): value for key, value in cast(Mapping[object, object], config or {}).items()}
