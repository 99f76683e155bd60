"""YAML files read the way Pulumi reads them, with every flaw named.

Pulumi reads YAML with gopkg.in/yaml.v3, which differs from PyYAML where that would surprise: `on` and `yes` are texts,
`1e3` is a number, `1:30` is no number in base 60, and a key that is written twice is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import yaml

from infra.settings.model import Location
from infra.settings.plain import MOST_VALUES
from infra.settings.problems import Problem, SettingsError, key_text
from infra.settings.yaml_bounds import DEEPEST_LEVEL, LARGEST_FILE_BYTES, TooLargeError, check_expanded

_SCALARS = {
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)", "-+0123456789"),
    "float": (
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
    "timestamp": (r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?", "0123456789"),
    "merge": (r"<<", "<"),
    "null": (r"~|null|Null|NULL|", "~nN"),
}
"""Plain scalars that are no texts: their form, and the characters with which they start."""


def _implicit_types() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    """Make the table that PyYAML looks scalars up in: the types to try, by first character (none if empty)."""
    types = {
        name: (f"tag:yaml.org,2002:{name}", re.compile(f"^(?:{pattern})$")) for name, (pattern, _) in _SCALARS.items()
    }
    characters = {character for _, firsts in _SCALARS.values() for character in firsts}
    by_character = {
        character: [types[name] for name, (_, firsts) in _SCALARS.items() if character in firsts]
        for character in characters
    }
    return {**by_character, "": [types["null"]]}


LONGEST_NUMBER = 100
"""Characters of a whole number. 64 bits have 66 in base 2; of thousands, Python refuses to write them in base 10."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the scalars of yaml.v3, and its refusal of repeated keys."""

    yaml_implicit_resolvers = _implicit_types()

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._values = 0
        self._level = 0

    def get_single_node(self) -> yaml.Node | None:
        """Read the only document, before values are made of it."""
        node: yaml.Node | None = super().get_single_node()
        if node is not None:
            check_expanded(node)
            _refuse_repeated_keys(node)
        return node

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Read one value with all that is in it, and stop at once where a bound is passed."""
        self._values += 1
        self._level += 1
        if self._values > MOST_VALUES:
            raise TooLargeError(f"has more than {MOST_VALUES:,} values; split the stack")
        if self._level > DEEPEST_LEVEL:
            raise TooLargeError(f"is nested more than {DEEPEST_LEVEL} levels deep")
        node: yaml.Node | None = super().compose_node(parent, index)
        self._level -= 1
        return node

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        """Read a whole number: decimal, or with the prefix of another base."""
        text = str(node.value).replace("_", "")
        if len(text) > LONGEST_NUMBER:
            raise ValueError
        return int(text, 8) if re.fullmatch(r"[-+]?0[0-7]+", text) else int(text, 0)

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        """Read a number; without a fraction it is a whole one, as in the JSON that Pulumi makes of it."""
        number = super().construct_yaml_float(node)
        return int(number) if number.is_integer() else number


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_yaml_float)


def read_yaml(path: Path) -> dict[str, object]:
    """Read a YAML file that holds one mapping. An empty file is an empty mapping.

    Raises:
        SettingsError: the file cannot be read, is no YAML, is too large, holds something else, or has a key twice.
    """
    try:
        text = _content(path).decode("utf-8-sig")
    except FileNotFoundError:
        raise _refused(path, "there is no such file") from None
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _refused(path, "is not UTF-8 text") from None
    document = _parse(text, path)
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise _refused(path, "is not a mapping; write keys such as config")
    return {str(key): value for key, value in cast(dict[object, object], document).items()}


def _content(path: Path) -> bytes:
    """Read a file of this size at most. A checkout can hold a link to a device, which has no end, or to a pipe."""
    if path.exists() and not path.is_file():
        raise _refused(path, "is no regular file")
    with path.open("rb") as file:
        content = file.read(LARGEST_FILE_BYTES + 1)
    if len(content) > LARGEST_FILE_BYTES:
        raise _refused(path, f"is larger than {LARGEST_FILE_BYTES // 2**20} MiB; put large files into an image")
    return content


def _parse(text: str, path: Path) -> object:
    try:
        return cast(object, _Loader(text).get_single_data())
    except yaml.MarkedYAMLError as error:
        raise _refused(path, _syntax_message(error)) from None
    except yaml.YAMLError:
        raise _refused(path, "has a character that YAML does not allow") from None
    except TooLargeError as error:
        raise _refused(path, str(error)) from None
    except SettingsError:
        raise
    except (ArithmeticError, AttributeError, LookupError, ValueError):
        # PyYAML's own ways to fail at a tag that the value does not fit (`!!bool x`): each names the value, or nothing.
        raise _refused(path, "has a number or a date that cannot be read; put it in quotes") from None


def _refused(path: Path, message: str) -> SettingsError:
    return SettingsError([Problem(str(path), message)])


def _syntax_message(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    problem = " ".join((error.problem or "is not YAML").split())
    if "'\\t'" in problem:
        return f"{place}there is a tab; YAML is indented with spaces"
    # The name of an alias or a tag, which a secret without quotes can be taken for.
    return place + re.sub(r""" (?:'(?!<)[^']{2,}'|"(?!<)[^"]{2,}")""", "", problem)


def _refuse_repeated_keys(document: yaml.Node) -> None:
    """Find the keys that are written twice in one mapping, of which PyYAML would silently take the last."""
    problems: list[Problem] = []
    visited: set[int] = set()
    waiting: list[tuple[Location, yaml.Node]] = [((), document)]
    while waiting:
        location, node = waiting.pop()
        if id(node) in visited:  # an alias of what was judged already
            continue
        visited.add(id(node))
        problems += _repeated_keys(location, node)
        waiting += _children(location, node)
    if problems:
        raise SettingsError(problems)


def _repeated_keys(location: Location, node: yaml.Node) -> Iterator[Problem]:
    first_lines: dict[str, int] = {}
    for key, _ in _entries(node):
        line = key.start_mark.line + 1
        if key.value in first_lines:
            place = _place((*location, key.value))
            yield Problem(place, f"is written twice, in lines {first_lines[key.value]} and {line}; keep one")
        first_lines.setdefault(key.value, line)


def _children(location: Location, node: yaml.Node) -> list[tuple[Location, yaml.Node]]:
    if isinstance(node, yaml.SequenceNode):
        return [((*location, index), item) for index, item in enumerate(node.value)]
    return [((*location, key.value), value) for key, value in _entries(node)]


def _entries(node: yaml.Node) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        return []
    return [(key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)]


def _place(location: Location) -> str:
    """Write the place of a key as other messages do: what lies in `config` starts with its namespace."""
    if len(location) > 1 and location[0] == "config":
        namespace, _, name = str(location[1]).partition(":")
        return key_text(namespace, (name, *location[2:]))
    return ".".join(map(str, location))
