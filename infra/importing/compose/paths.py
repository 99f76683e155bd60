"""Relative paths of a Compose file in another folder, which start there and not in the folder of the project."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from infra.importing.compose.nodes import Node

_Move = Callable[[str], str]


def moved(document: Node, base: Path, folder: Path) -> Node:
    """Return a document whose relative paths start in `folder`, though they are written for `base`."""
    if base.resolve() == folder.resolve():
        return document

    def move(text: str) -> str:
        if not text or text.startswith(("/", "~", "$")) or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|git@", text):
            return text
        path = os.path.relpath(base.resolve() / text, folder.resolve())
        return path if path.startswith(".") else f"./{path}"

    together = dict(document.mapping)
    for section in ("services", "jobs"):
        if section in together:
            services = together[section].mapping
            together[section] = together[section].having({name: _service(one, move) for name, one in services.items()})
    for section in ("configs", "secrets"):
        if section in together:
            entries = together[section].mapping
            together[section] = together[section].having(
                {key: _below(one, "file", move) for key, one in entries.items()}
            )
    return document.having(together)


def _service(service: Node, move: _Move) -> Node:
    if not isinstance(service.value, dict):
        return service
    together = dict(service.value)
    for key, change in _OF_SERVICE.items():
        if key in together:
            together[key] = change(together[key], move)
    return service.having(together)


def _text(node: Node, move: _Move) -> Node:
    return node.having(move(node.value)) if isinstance(node.value, str) else node


def _below(node: Node, key: str, move: _Move) -> Node:
    return node.having({**node.mapping, key: _text(node.mapping[key], move)}) if key in node.mapping else node


def _build(node: Node, move: _Move) -> Node:
    if isinstance(node.value, str):
        return _text(node, move)
    contexts = node.mapping.get("additional_contexts")
    node = _below(node, "context", move)
    if contexts is None or not contexts.mapping:
        return node
    below = contexts.having({key: _text(one, move) for key, one in contexts.mapping.items()})
    return node.having({**node.mapping, "additional_contexts": below})


def _files(node: Node, move: _Move) -> Node:
    if isinstance(node.value, list):
        return node.having([_below(one, "path", move) if one.mapping else _text(one, move) for one in node.value])
    return _text(node, move)


def _volumes(node: Node, move: _Move) -> Node:
    return node.having([_volume(one, move) for one in node.items]) if isinstance(node.value, list) else node


def _volume(node: Node, move: _Move) -> Node:
    if node.mapping:
        is_bind = "type" in node.mapping and node.mapping["type"].value == "bind"
        return _below(node, "source", move) if is_bind else node
    source, colon, rest = node.text.partition(":")
    return node.having(f"{move(source)}:{rest}") if colon and source.startswith(".") else node


def _extends(node: Node, move: _Move) -> Node:
    return _below(node, "file", move)


_OF_SERVICE: dict[str, Callable[[Node, _Move], Node]] = {
    "build": _build,
    "env_file": _files,
    "label_file": _files,
    "extends": _extends,
    "volumes": _volumes,
}
