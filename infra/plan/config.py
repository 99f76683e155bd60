"""`nightowl config`: what a stack file says together with the files that it extends, and where each value stands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import yaml
from rich.console import Console

from infra.secret_texts.texts import REDACTED
from infra.settings.build import PROJECT, without_secret_values
from infra.settings.layers import Layers
from infra.settings.model import Location, path_text
from infra.settings.problems import SettingsError
from infra.settings.stack import StackSettings
from infra.settings.stack_file import read_stack_file
from infra.settings.yaml_file import parse_document
from infra.values import mapping

INDENT = "  "
ORIGIN_COLUMN = 60
"""Where the origins stand, unless a line is longer."""


def run_config(file: Path, *, origin: bool, as_json: bool, console: Console) -> None:
    """Print the whole configuration of the stack file `file`, as YAML or JSON; with `origin`, where each value stands.

    Raises:
        SettingsError: the stack file has mistakes. All of it is printed before, but for what looks like a secret;
            nothing where it, or a file that it extends, cannot be read.
    """
    stack = read_stack_file(file)
    mistakes: SettingsError | None = None
    config = stack.layers.config
    try:
        stack.settings()
    except SettingsError as error:
        mistakes, config = error, without_secret_values(_with_texts_as_keys(config))
    if as_json:
        console.out(json.dumps(_document(stack.layers, config, origin=origin), indent=2, default=str))
    else:
        console.out(_text(stack.layers, config, origin=origin), end="")
    if mistakes is not None:
        raise mistakes


def _document(layers: Layers, config: Mapping[str, object], *, origin: bool) -> dict[str, Any]:
    """Return the files, the stack's own first, and the configuration, as plain values for JSON."""
    document: dict[str, Any] = {"files": _files(layers), "config": config}
    if origin:
        document["origins"] = {_name(place): layers.place(place) for place in _leaves(config)}
    return document


def _text(layers: Layers, config: Mapping[str, object], *, origin: bool) -> str:
    """Write the configuration as one stack file that extends none."""
    own, *below = _files(layers)
    head = f"# {own}, on top of {', '.join(below)}" if below else f"# {own}, which extends no file"
    return "\n".join([head, "config:", *_lines(layers, _in_order(config), (), origin=origin), ""])


def _with_texts_as_keys(config: Mapping[str, object]) -> dict[str, object]:
    """Return a configuration with mistakes as one that can be searched: keys may be numbers there, values binary."""
    return {str(key): _with_texts_below(value) for key, value in config.items()}


def _with_texts_below(value: object) -> object:
    if isinstance(value, Mapping):
        return _with_texts_as_keys(cast("Mapping[str, object]", value))
    if isinstance(value, list):
        return [_with_texts_below(item) for item in cast("list[object]", value)]
    return REDACTED if isinstance(value, bytes) else value


def _files(layers: Layers) -> list[str]:
    return [layer.file for layer in reversed(layers.all)]


def _in_order(config: Mapping[str, object]) -> dict[str, object]:
    """Bring the sections into the order of docs/configuration.md; those of others come last."""
    known = [f"{PROJECT}:{key}" for key in StackSettings.section_keys()]
    return {key: config[key] for key in dict.fromkeys([*(key for key in known if key in config), *config])}


def _lines(layers: Layers, section: Mapping[str, object], place: Location, *, origin: bool) -> Iterator[str]:
    for key, value in section.items():
        here = (*place, key)
        start = f"{INDENT * len(here)}{_scalar(key)}:"
        below = mapping(value)
        if below:
            yield start
            yield from _lines(layers, below, here, origin=origin)
            continue
        first, *rest = _value_lines(value)
        line = f"{start} {first}"
        yield f"{line:{ORIGIN_COLUMN}}  # {layers.place(here)}" if origin else line
        yield from (f"{INDENT * len(here)}{one}" if one else "" for one in rest)


def _value_lines(value: object) -> list[str]:
    if isinstance(value, str) and "\n" in value:
        lines = yaml.safe_dump(value, default_style="|", width=10**6, allow_unicode=True).splitlines()
        return lines if lines[0].startswith("|") else [json.dumps(value)]
    return [_scalar(value)]


def _scalar(value: object) -> str:
    """Write a value on one line, so that Pulumi reads the same: it takes texts for numbers that PyYAML does not."""
    written = (
        yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True).removesuffix("...\n").strip()
    )
    return written if _read_back(written) == value else json.dumps(value, default=str)


def _read_back(written: str) -> object:
    try:
        return parse_document(f"value: {written}", "").values["value"]
    except SettingsError:
        return None


def _leaves(value: object, place: Location = ()) -> Iterator[Location]:
    if not mapping(value):
        yield place
    for key, item in mapping(value).items():
        yield from _leaves(item, (*place, key))


def _name(place: Location) -> str:
    return f"{place[0]}{'.' if place[1:] else ''}{path_text(place[1:])}"
