"""Compose files as nodes: values that know the file and line where they stand, and how they were written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import cast

import yaml

from infra.settings.partly import Location
from infra.settings.problems import Problem, SettingsError
from infra.settings.yaml_file import parse_nodes, scalar_value

Scalar = str | int | float | bool | None


class Mode(StrEnum):
    """How a value goes together with the one that a file before it has: 13-merge.md of the specification."""

    MERGE = "merge"
    RESET = "!reset"
    """The value of the files before goes away, and there is no other."""
    OVERRIDE = "!override"
    """The value replaces that of the files before, whatever it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A value of a Compose file, with the nodes in it. Nodes are shared between services, and never changed."""

    value: dict[str, Node] | list[Node] | Scalar
    place: str
    """File and line: that of its key, or of the item of a list."""
    written: str | None = None
    """The text of a scalar before interpolation."""
    mode: Mode = Mode.MERGE

    @property
    def mapping(self) -> dict[str, Node]:
        """Return the nodes of a mapping by their keys; none of anything else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[Node]:
        """Return the nodes of a sequence; none of anything else."""
        return self.value if isinstance(self.value, list) else []

    @property
    def text(self) -> str:
        """Return the text of a scalar that is one; an empty one of anything else."""
        return self.value if isinstance(self.value, str) else ""

    def having(self, value: dict[str, Node] | list[Node] | Scalar) -> Node:
        """Return the node of another value at the same place."""
        return replace(self, value=value)


def parse_compose(text: str, name: str) -> list[Node]:
    """Read the documents in the text of a Compose file that places call `name`.

    Raises:
        SettingsError: it is no YAML, a bound is passed, or something is written that no Compose file can say.
    """
    reader = _Reader(name)
    documents = [reader.node(document, (), document.start_mark.line + 1) for document in parse_nodes(text, name)]
    for document in documents:
        if not isinstance(document.value, dict | None):
            reader.problems.append(Problem(name, "is not a mapping; write keys such as services", document.place))
    if reader.problems:
        raise SettingsError(reader.problems)
    return [document for document in documents if document.value is not None]


def size_of(node: Node) -> int:
    """Count the values in a node, itself among them."""
    return 1 + sum(size_of(below) for below in (*node.mapping.values(), *node.items))


def plain(node: Node) -> object:
    """Return the plain value of a node."""
    if isinstance(node.value, dict):
        return {key: plain(below) for key, below in node.value.items()}
    if isinstance(node.value, list):
        return [plain(below) for below in node.value]
    return node.value


def found(node: Node, location: Location) -> Node | None:
    """Find the node at a location."""
    for step in location:
        if isinstance(step, int):
            if step >= len(node.items):
                return None
            node = node.items[step]
        elif step not in node.mapping:
            return None
        else:
            node = node.mapping[step]
    return node


class _Reader:
    """Makes nodes of PyYAML's, and notes what is wrong."""

    def __init__(self, name: str) -> None:
        self.problems: list[Problem] = []
        self._name = name

    def node(self, source: yaml.Node, location: Location, line: int) -> Node:
        place = f"{self._name}:{line}"
        mode = Mode(source.tag) if source.tag in set(Mode) else Mode.MERGE
        if mode is Mode.RESET:
            return Node(value=None, place=place, mode=mode)
        if mode is Mode.MERGE and not str(source.tag).startswith("tag:yaml.org,2002:"):
            self._problem(location, place, f"the tag {source.tag} has no meaning in a Compose file; remove it")
        if isinstance(source, yaml.MappingNode):
            return Node(value=self._mapping(source, location), place=place, mode=mode)
        if isinstance(source, yaml.SequenceNode):
            items = cast("list[yaml.Node]", source.value)
            value = [self.node(item, (*location, i), item.start_mark.line + 1) for i, item in enumerate(items)]
            return Node(value=value, place=place, mode=mode)
        try:
            scalar = _scalar(cast(yaml.ScalarNode, source), is_own=mode is Mode.OVERRIDE)
        except (ArithmeticError, ValueError):
            scalar = None
            self._problem(location, place, f"does not fit its tag {source.tag}; remove the tag")
        return Node(value=scalar, place=place, written=str(source.value), mode=mode)

    def _mapping(self, source: yaml.MappingNode, location: Location) -> dict[str, Node]:
        merged: dict[str, Node] = {}
        own: dict[str, Node] = {}
        for key, value in cast("list[tuple[yaml.Node, yaml.Node]]", source.value):
            line = key.start_mark.line + 1
            if key.tag == "tag:yaml.org,2002:merge":
                merged = self._merged(value, location, line)
            elif not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:null":
                self._problem(location, f"{self._name}:{line}", "a key is no text; put it in quotes")
            else:
                own[str(key.value)] = self.node(value, (*location, str(key.value)), line)
        return merged | own

    def _merged(self, value: yaml.Node, location: Location, line: int) -> dict[str, Node]:
        sources = cast("list[yaml.Node]", value.value) if isinstance(value, yaml.SequenceNode) else [value]
        merged: dict[str, Node] = {}
        for source in sources:
            if not isinstance(source, yaml.MappingNode):
                self._problem((*location, "<<"), f"{self._name}:{line}", "merges no mapping; write the alias of one")
                continue
            merged = self._mapping(source, location) | merged
        return merged

    def _problem(self, location: Location, place: str, message: str) -> None:
        self.problems.append(Problem(".".join(map(str, location)), message, place))


def _scalar(node: yaml.ScalarNode, *, is_own: bool) -> Scalar:
    """Return the value of a scalar; the tag of one with a tag of Compose's own does not say what type it has."""
    return str(node.value) if is_own else scalar_value(node)
