"""How large a YAML file may be, so that a hostile one is refused before it costs memory or minutes.

Aliases and merge keys let twelve lines stand for a billion values: what counts is what the file says once every alias
is written out.
"""

from __future__ import annotations

import yaml

from infra.settings.plain import MOST_VALUES

LARGEST_FILE_BYTES = 2**20
"""As large as a ConfigMap may be (1 MiB): what is larger belongs into an image. Those of this repository have 4 KiB."""
DEEPEST_LEVEL = 50
"""Mappings and sequences inside one another; a stack file has about eight levels."""


class TooLargeError(Exception):
    """The file goes beyond a bound; the message says which, without the file's name."""


def check_expanded(document: yaml.Node) -> None:
    """Check how many values the document holds, each alias counted as what it stands for.

    Raises:
        TooLargeError: more than `MOST_VALUES`, or a value contains itself.
    """
    if _count(document, {}, set()) > MOST_VALUES:
        raise TooLargeError(f"has more than {MOST_VALUES:,} values; an alias may repeat itself")


def _count(node: yaml.Node, known: dict[int, int], open_nodes: set[int]) -> int:
    if id(node) in open_nodes:
        raise TooLargeError("has a value that contains itself by an alias; write it out")
    if id(node) not in known:
        open_nodes.add(id(node))
        known[id(node)] = 1 + sum(_count(child, known, open_nodes) for child in _children(node))
        open_nodes.remove(id(node))
    return known[id(node)]


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for entry in node.value for part in entry]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
