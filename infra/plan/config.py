"""`nightowl config`: what a stack file says together with the files that it extends, and where each value stands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from infra.settings.build import PROJECT
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
        SettingsError: the stack file, or one that it extends, is not usable; nothing of it is printed, as it may hold a
            secret.
    """
    stack = read_stack_file(file)
    stack.settings()
    if as_json:
        console.out(json.dumps(config_document(stack.layers, origin=origin), indent=2))
    else:
        console.out(config_text(stack.layers, origin=origin), end="")


def config_document(layers: Layers, *, origin: bool) -> dict[str, Any]:
    """Return the files, the stack's own first, and the configuration, as plain values for JSON."""
    document: dict[str, Any] = {"files": _files(layers), "config": layers.config}
    if origin:
        document["origins"] = {_name(place): layers.place(place) for place in _leaves(layers.config)}
    return document


def config_text(layers: Layers, *, origin: bool) -> str:
    """Write the configuration as one stack file that extends none."""
    own, *below = _files(layers)
    head = f"# {own}, on top of {', '.join(below)}" if below else f"# {own}, which extends no file"
    return "\n".join([head, "config:", *_lines(layers, _in_order(layers.config), (), origin=origin), ""])


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
    return written if _read_back(written) == value else json.dumps(value)


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
