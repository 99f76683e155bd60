"""The settings of the running Pulumi program: the only reader of Pulumi's configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pulumi
from pulumi.runtime.config import CONFIG

from infra.settings.build import PROJECT, settings_of
from infra.settings.layers import Layer, Layers, layers_on
from infra.settings.problems import SettingsError
from infra.settings.stack import StackSettings
from infra.settings.stack_file import read_base, read_stack_file


def load(folder: Path = Path("stacks")) -> StackSettings:
    """Read and check the whole configuration of the stack. Raises as `load_with_layers` does."""
    return load_with_layers(folder)[0]


def load_with_layers(folder: Path) -> tuple[StackSettings, Layers]:
    """Read and check the whole configuration of the stack, before any resource is made; with the files it comes from.

    Pulumi gives the program what stands in the stack's own file; the files that it extends are read from `folder`.

    Raises:
        pulumi.RunError: with one line per problem; Pulumi prints it without a traceback.
    """
    config = {key: _value(text) for key, text in CONFIG.get().items()}
    encrypted = list(filter(pulumi.runtime.is_config_secret, config))
    try:
        layers = layers_on(_own_layer(config, folder), lambda name: read_base(folder, name))
        with layers.locating():
            return settings_of(layers.config, encrypted), layers
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None


def _own_layer(config: Mapping[str, object], folder: Path) -> Layer:
    """Find the file that the configuration was read from, for its lines; none where `--config-file` names another."""
    unknown = Layer(file="", config=config, lines={})
    try:
        own = read_stack_file(folder / f"Pulumi.{pulumi.get_stack()}.yaml").layers.own
    except SettingsError:
        return unknown
    said, read = ({key: one[key] for key in one if key.startswith(f"{PROJECT}:")} for one in (config, own.config))
    return replace(own, config=config) if said == read else unknown


def _value(text: str) -> object:
    """Read what Pulumi hands over: JSON for a mapping, the bare text of a scalar, an empty text for nothing."""
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
