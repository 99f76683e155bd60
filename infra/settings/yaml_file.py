"""YAML files read the way Pulumi reads them, with every mistake named.

Pulumi reads YAML with gopkg.in/yaml.v3, which differs from PyYAML where that would surprise: `on` and `yes` are texts,
`1e3` is a number, `1:30` is no number in base 60, and a key that is written twice is refused.

A hostile file is refused before it costs memory or minutes: aliases and merge keys let twelve lines stand for a billion
values, so what counts is what the file says once every alias is written out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import yaml

from infra.settings.partly import Location
from infra.settings.plain import MOST_VALUES
from infra.settings.problems import Problem, SettingsError, key_text

LARGEST_FILE_BYTES = 2**20
"""As large as a ConfigMap may be (1 MiB): what is larger belongs into an image. Those of this repository have 4 KiB."""
DEEPEST_LEVEL = 50
"""Mappings and sequences inside one another; a stack file has about eight levels."""
LONGEST_NUMBER = 100
"""Characters of a whole number. 64 bits have 66 in base 2; of thousands, Python refuses to write them in base 10."""
_SCALARS = {
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)", "-+0123456789"),
    "float": (
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
    "timestamp": (r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?", "0123456789"),
    "merge": (r"<<", "<"),
    "null": (r"~|null|Null|NULL|", ("~", "n", "N", "")),
}
"""Plain scalars that are no texts: their form, and the characters with which they start (none if empty)."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """What a YAML file holds, and in which line each value stands: that of its key, or of the item of a list.

    What came by an alias has no line of its own.
    """

    values: dict[str, object]
    lines: Mapping[Location, int]


_T_co = TypeVar("_T_co", covariant=True)
_CParser: Any = getattr(yaml, "CSafeLoader", None)
"""None where PyYAML was built without libyaml."""


class _TooLargeError(Exception):
    """The file goes beyond a bound; the message says which, without the file's name."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the scalars of yaml.v3, its refusal of repeated keys, and bounds of what is read."""

    yaml_implicit_resolvers = dict[str, list[tuple[str, re.Pattern[str]]]]()

    def __init__(self, text: str, name: str, *, other_bases: bool = False, in_c: bool = False) -> None:
        super().__init__(text)
        if in_c:
            self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=_CParser)
            self.state: Any = self._next_event
        self._file = short_name(name)
        self._other_bases = other_bases
        """Whether it is a file of another program, whose numbers may have any base, and whose anchors may repeat."""
        self.lines: dict[Location, int] = {}
        self._mistakes: list[Problem] = []
        self._location: Location = ()
        self._level = 0
        self._values = 0
        """Each alias counts as what it stands for."""
        self._sizes: dict[int, int] = {}
        """Values in each node that is complete."""
        self._remedy = "split the stack"

    def _next_event(self) -> yaml.Event | None:
        """Return what comes next in the text, as PyYAML's parser in C reads it, which is several times as fast."""
        return next(self._events, None)

    def get_single_node(self) -> yaml.Node | None:
        """Read the only document, before values are made of it."""
        node: yaml.Node | None = super().get_single_node()
        self._raise_mistakes()
        return node

    def get_nodes(self) -> list[yaml.Node]:
        """Read all documents, before values are made of them."""
        nodes: list[yaml.Node] = []
        while self.check_node():
            node: yaml.Node | None = self.get_node()
            if node is not None:
                nodes.append(node)
        self._raise_mistakes()
        return nodes

    def _raise_mistakes(self) -> None:
        if self._mistakes:
            raise SettingsError(self._mistakes)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Read one value with all that is in it, and stop at once where a bound is passed."""
        location, values = self._location, self._values
        place: Any = index  # PyYAML passes the node of a key too, and None for the root and for a key itself
        if place is not None:
            step = getattr(place, "value", place)
            self._location = (*location, step if isinstance(step, str | int) else "?")
            start: Any = place if isinstance(place, yaml.Node) else cast(Any, self).peek_event()
            self.lines.setdefault(self._location, start.start_mark.line + 1)
        self._level += 1
        if self._level > DEEPEST_LEVEL:
            raise _TooLargeError(f"is nested more than {DEEPEST_LEVEL} levels deep")
        self._count(1)
        is_alias = self.check_event(yaml.AliasEvent)
        if self._other_bases and not is_alias:
            # YAML lets a later value have the name of an earlier one (1.2.2, section 7.1), and other programs do.
            cast(Any, self).anchors.pop(cast(Any, self).peek_event().anchor, None)
        node: yaml.Node | None = super().compose_node(parent, index)
        if is_alias:
            if id(node) not in self._sizes:
                raise _TooLargeError("has a value that contains itself by an alias; write it out")
            self._remedy = "an alias may repeat itself"
            self._count(self._sizes[id(node)] - 1)
        if not self._other_bases:
            self._mistakes += _other_base(self._file, self._location, node)
        self._sizes[id(node)] = self._values - values
        self._level -= 1
        self._location = location
        return node

    def compose_mapping_node(self, anchor: dict[Any, yaml.Node]) -> yaml.MappingNode:
        """Read a mapping, and note the keys of which PyYAML would silently take the last."""
        position = len(self._mistakes)
        node = super().compose_mapping_node(anchor)
        self._mistakes[position:position] = _repeated_keys(self._file, self._location, node)
        return node

    def _count(self, values: int) -> None:
        self._values += values
        if self._values > MOST_VALUES:
            raise _TooLargeError(f"has more than {MOST_VALUES:,} values; {self._remedy}")

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        """Read a whole number: decimal, or with the prefix of another base."""
        if len(str(node.value)) > LONGEST_NUMBER:
            raise ValueError
        return _whole_number(str(node.value))

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        """Read a number; without a fraction it is a whole one, as in the JSON that Pulumi makes of it."""
        number = super().construct_yaml_float(node)
        return int(number) if number.is_integer() else number


for _name, (_pattern, _starts) in _SCALARS.items():
    cast(Any, _Loader).add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(f"^(?:{_pattern})$"), [*_starts])
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_yaml_float)


def _whole_number(text: str) -> int:
    digits = text.replace("_", "")
    return int(digits, 8) if re.fullmatch(r"[-+]?0[0-7]+", digits) else int(digits, 0)


def read_yaml(path: Path) -> dict[str, object]:
    """Read a YAML file that holds one mapping. An empty file is an empty mapping. Raises as `read_document` does."""
    return read_document(path).values


def read_document(path: Path) -> Document:
    """Read a YAML file that holds one mapping, with its lines. An empty file is an empty mapping.

    Raises:
        SettingsError: the file cannot be read, is no YAML, is too large, holds something else, or has a key twice.
    """
    return parse_document(read_text(path), str(path))


def read_text(path: Path, name: str = "") -> str:
    """Read a text file that messages call `name`, of the size that a stack file may have.

    Raises:
        SettingsError: the file cannot be read, is no regular file, is too large, or is no text.
    """
    name = name or str(path)
    try:
        return _content(path, name).decode("utf-8-sig")
    except FileNotFoundError:
        raise _refused(name, "there is no such file") from None
    except OSError as error:
        raise _refused(name, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _refused(name, "is not UTF-8 text") from None


def parse_document(text: str, name: str) -> Document:
    """Read the text of a YAML file that messages call `name`. Raises SettingsError as `read_document` does."""
    values, lines = _read(text, name)
    if values is None:
        return Document(values={}, lines={})
    if not isinstance(values, dict):
        raise _refused(short_name(name), "is not a mapping; write keys such as config")
    plain = {str(key): value for key, value in cast(dict[object, object], values).items()}
    return Document(values=plain, lines=lines)


def parse_nodes(text: str, name: str) -> list[yaml.Node]:
    """Read the documents of a YAML file of another program as PyYAML's nodes, with the bounds of a stack file.

    Numbers may have any base, since that program reads them so, and tags may be its own; `scalar_value` makes values.

    Raises:
        SettingsError: the text is no YAML, is too large, or has a key twice.
    """

    def read(*, in_c: bool) -> list[yaml.Node]:
        return _Loader(text, name, other_bases=True, in_c=in_c).get_nodes()

    with yaml_errors(name):
        _require_few_values(text)
        return _read_by(read)


def scalar_value(node: yaml.ScalarNode) -> str | int | float | bool | None:
    """Return the value of a scalar as yaml.v3 reads it; a text for a date, and for a number without a finite value."""
    text = str(node.value)
    match str(node.tag).rpartition(":")[2]:
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int" if len(text) <= LONGEST_NUMBER and not re.fullmatch(r"[-+]?0[0-7]*[89]\d*", text):
            return _whole_number(text)
        case "float" if not text.lower().endswith((".inf", ".nan")):
            number = float(text)
            return int(number) if number.is_integer() else number if math.isfinite(number) else text
        case _:
            return text


def short_name(file: str | Path) -> str:
    """Return how messages call a file beside a line: its folder and its name."""
    return "/".join(Path(file).parts[-2:])


def _content(path: Path, name: str) -> bytes:
    """Read a file of this size at most. A checkout can hold a link to a device, which has no end, or to a pipe."""
    if path.exists() and not path.is_file():
        raise _refused(name, "is no regular file")
    with path.open("rb") as file:
        content = file.read(LARGEST_FILE_BYTES + 1)
    if len(content) > LARGEST_FILE_BYTES:
        raise _refused(name, f"is larger than {LARGEST_FILE_BYTES // 2**20} MiB; put large files into an image")
    return content


def _read(text: str, name: str) -> tuple[object, Mapping[Location, int]]:
    def read(*, in_c: bool) -> tuple[object, Mapping[Location, int]]:
        loader = _Loader(text, name, in_c=in_c)
        return cast(object, loader.get_single_data()), loader.lines

    with yaml_errors(name):
        return _read_by(read)


class _Reader(Protocol[_T_co]):
    def __call__(self, *, in_c: bool) -> _T_co: ...


def _read_by(read: _Reader[_T_co]) -> _T_co:
    """Return what `read` makes of a text by the parser in C, where there is one that accepts it.

    Otherwise the parser in Python reads it, which says better what is wrong.
    """
    if _CParser is not None:
        with suppress(yaml.YAMLError):
            return read(in_c=True)
    return read(in_c=False)


@contextmanager
def yaml_errors(name: str) -> Generator[None]:
    """Turn the ways in which PyYAML fails into one message."""
    try:
        yield
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, name) from None
    except yaml.YAMLError:
        raise _refused(short_name(name), "has a character that YAML does not allow") from None
    except _TooLargeError as error:
        raise _refused(short_name(name), str(error)) from None
    except SettingsError:
        raise
    except (ArithmeticError, AttributeError, LookupError, ValueError):
        # PyYAML's own ways to fail at a tag that the value does not fit (`!!bool x`): each names the value, or nothing.
        raise _refused(short_name(name), "has a number or a date that cannot be read; put it in quotes") from None


def _require_few_values(text: str) -> None:
    """Refuse a text with too many values at once, where PyYAML's parser in C is there: the other takes seconds."""
    if _CParser is None:
        return
    values = 0
    try:
        for event in yaml.parse(text, Loader=_CParser):
            values += isinstance(event, yaml.NodeEvent)
            if values > MOST_VALUES:
                raise _TooLargeError(f"has more than {MOST_VALUES:,} values; split the stack")
    except yaml.YAMLError:
        return  # the reading itself says where


def _refused(name: str | Path, message: str) -> SettingsError:
    return SettingsError([Problem(str(name), message)])


def _syntax_error(error: yaml.MarkedYAMLError, name: str) -> SettingsError:
    """Describe plainly what PyYAML found. Its words repeat texts of the file, which may be a secret without quotes."""
    said = f"{error.context} {error.problem}"
    begins, message = next(((begins, text) for sign, begins, text in _SYNTAX if sign in said), (False, _NO_YAML))
    mark = error.context_mark if begins and error.context_mark else error.problem_mark or error.context_mark
    return _refused(f"{short_name(name)}:{mark.line + 1}" if mark else short_name(name), message)


_NO_YAML = "is not YAML; look at the indentation, the quotes and the brackets here and above"
_SYNTAX = (
    ("'\\t'", False, "there is a tab; YAML is indented with spaces"),
    ("cannot start any token", False, "no text can begin with this character; put the text in quotes"),
    (
        "flow sequence",
        True,
        "the list that begins here is not closed; write ] at its end, and commas between its items",
    ),
    (
        "flow mapping",
        True,
        "the mapping that begins here is not closed; write } at its end, and commas between its keys",
    ),
    (
        "quoted scalar found unexpected",
        True,
        "the text that begins here is not closed; write the same quote at its end",
    ),
    ("double-quoted scalar", False, r"double quotes take no such escape; write \\ for \, or use single quotes"),
    ("undefined alias", False, "* begins the name of an alias that is not there; put the text in quotes"),
    ("duplicate anchor", False, "& begins a name that is there already; choose another"),
    ("alphabetic or numeric character", False, "& and * begin a name; put the text in quotes"),
    ("another document", False, "a second document begins here; a file holds one, so remove the line ---"),
    ("the tag", False, "! begins a tag, which no value takes; put the text in quotes"),
    ("parsing a tag", False, "! begins a tag, which no value takes; put the text in quotes"),
    ("scanning a tag", False, "! begins a tag, which no value takes; put the text in quotes"),
    ("unhashable key", False, "a key is a list or a mapping; write a text"),
    ("could not find expected ':'", True, "there is no colon after the key; write key: value"),
    (
        "mapping values are not allowed",
        False,
        "no key can stand here; put a text with a colon in quotes, or end the line above with one",
    ),
    (
        "sequence entries are not allowed",
        False,
        "an item of a list begins where none can; write - on a line of its own",
    ),
    ("for merging", False, "<< takes a mapping, or a list of mappings, by its alias"),
    ("a block scalar", False, "nothing can follow | or > on its line; begin the text on the next one"),
    ("expected <block end>", False, "the line does not fit those above; indent it as its neighbours are"),
)
"""What to do about a mistake, by words of PyYAML's message; and whether it is told where its value begins."""


def _other_base(file: str, location: Location, node: yaml.Node | None) -> Iterator[Problem]:
    """Find a number such as 022, which arrives as 18: by then nobody knows how it was written."""
    if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:int":
        text = str(node.value)
        if re.fullmatch(r"[-+]?0[0-9a-zA-Z_]+", text) and len(text) <= LONGEST_NUMBER:
            message = f"{text} is {_whole_number(text)} to YAML; put it in quotes, or write that"
            yield Problem(_place(location), message, f"{file}:{node.start_mark.line + 1}")


def _repeated_keys(file: str, location: Location, node: yaml.MappingNode) -> Iterator[Problem]:
    first_lines: dict[str, int] = {}
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            line = key.start_mark.line + 1
            if key.value in first_lines:
                message = f"is written twice, in lines {first_lines[key.value]} and {line}; keep one"
                yield Problem(_place((*location, key.value)), message, f"{file}:{line}")
            first_lines.setdefault(key.value, line)


def _place(location: Location) -> str:
    """Write the place of a key as other messages do: what lies in `config` starts with its namespace."""
    if len(location) > 1 and location[0] == "config":
        namespace, _, name = str(location[1]).partition(":")
        return key_text(namespace, (name, *location[2:]))
    return ".".join(map(str, location))
