"""The one editor of stack files: a text or a list is written in one place, and every other character stays.

Pulumi writes a stack file anew when it changes one, and so does every YAML library
(docs/decisions/0030-stack-files-are-edited-as-text.md). Here the parser only says where things stand; the text is
changed there, and what comes out is read again: nothing else may differ.
"""

from __future__ import annotations

import json
import re
import stat
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

import yaml

from infra.errors import UsageError

SECRETS_PROVIDER_KEY = "secretsprovider"
"""Top-level key of a stack file: which key encrypts its secrets (ProjectStack in Pulumi's sdk/go/common/workspace)."""
INDENT_COLUMNS = 2
_NULLS = ("", "~", "null", "Null", "NULL")
_PLAIN_TEXT = re.compile(r"[A-Za-z0-9/][A-Za-z0-9:/?=&@._+-]*[A-Za-z0-9/]")
"""Texts that need no quotes, if they are also read back as a text."""
_NUMBER_LIKE = re.compile(r"[0-9][0-9a-fA-F_xob.:+-]*")
"""Readers of YAML differ in which of these are numbers."""

Value = str | Sequence[str]
_Plain = str | list["_Plain"] | dict[str, "_Plain"]


class StackFileEditError(UsageError):
    """The text of a stack file cannot be changed safely; the message names the key that is to be written by hand."""


def read_text(file: Path) -> str:
    """Read a stack file to edit it. `Path.read_text` would turn the line ends of Windows into others."""
    return file.read_bytes().decode()


def replace_text(file: Path, text: str) -> None:
    """Replace the content of a file at once: an interruption leaves the old one or the new one.

    The file keeps its mode, and a symbolic link to it stays one.

    Raises:
        OSError: it cannot be written, or was made read-only.
    """
    target = file.resolve()
    mode = stat.S_IMODE(target.stat().st_mode)
    if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(0, "it is read-only", str(target))
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
        new = Path(folder) / target.name
        new.write_bytes(text.encode())
        new.chmod(mode)
        new.replace(target)


def get_value(text: str, path: Sequence[str]) -> str | None:
    """Return the scalar below the keys of `path` as it is written, or None where there is none.

    Raises:
        StackFileEditError: the text is no stack file.
    """
    node: yaml.Node | None = _composed(text, path)
    for key in path:
        node = _child(node, key)
    return node.value if isinstance(node, yaml.ScalarNode) and not _is_null(node) else None


def has_key(text: str, path: Sequence[str]) -> bool:
    """Whether there is a key, with whatever value. Raises StackFileEditError: the text is no stack file."""
    node: yaml.Node | None = _composed(text, path)
    for key in path:
        node = _child(node, key)
    return node is not None


def set_value(text: str, path: Sequence[str], value: Value) -> str:
    """Set the text or the list below the keys of `path`, such as `("config", "nightowl:delivery", "backend")`.

    An existing value is replaced where it stands, in its style, and the comment beside it stays. Missing keys are made:
    the first of the file in front of all others, any other one at the end of its section.

    Raises:
        StackFileEditError: the text is no stack file, or is written in a way that cannot be changed safely.
    """
    root = _composed(text, path)
    wanted = _with_value(_plain(root), path, value)
    if _plain(root) == wanted:
        return text
    edited = _edited(text, root, path, value)
    if _plain(_composed(edited, path)) != wanted:
        raise _unsafe(path, "an anchor, an alias or an unusual layout is in the way")
    return edited


def _composed(text: str, path: Sequence[str]) -> yaml.MappingNode | None:
    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        raise _unsafe(path, f"line {mark.line + 1} is not YAML" if mark else "the file is not YAML") from None
    if root is None or _is_null(root):
        return None
    if not isinstance(root, yaml.MappingNode):
        raise _unsafe(path, "the file holds no keys")
    return root


def _edited(text: str, root: yaml.MappingNode | None, path: Sequence[str], value: Value) -> str:
    if root is None:
        return _with_lines(text, len(text), path, value, column=0)
    node, in_braces = root, False
    for depth, key in enumerate(path):
        child, below = _child(node, key), path[depth + 1 :]
        in_braces = in_braces or bool(node.flow_style)
        if child is None:
            return _with_new_key(text, node, path[depth:], value, first=depth == 0)
        if not below:
            return _with_replaced(text, child, path, value, in_braces=in_braces)
        if _is_null(child):
            return _with_first_keys(text, child, below, value, in_braces=in_braces)
        if not isinstance(child, yaml.MappingNode):
            raise _unsafe(path, f"{key} holds no keys")
        node = child
    raise _unsafe(path, "it names no key")


def _with_replaced(text: str, node: yaml.Node, path: Sequence[str], value: Value, *, in_braces: bool) -> str:
    if isinstance(node, yaml.SequenceNode) and not isinstance(value, str):
        start, end = node.start_mark.index, _last_written(text, node)
        if re.search(r"(?:^|\s)#", text[start:end]):
            raise _unsafe(path, "there are comments inside the list")
        if not node.flow_style:
            gap = _newline(text) + " " * node.start_mark.column
            return text[:start] + gap.join(f"- {_scalar(item)}" for item in value) + text[end:]
    elif not isinstance(node, yaml.ScalarNode) or node.style in {"|", ">"}:
        raise _unsafe(path, "it holds something else than a text on one line")
    return _with_span_replaced(text, node, _written(value, in_braces=in_braces))


def _with_first_keys(text: str, null: yaml.Node, path: Sequence[str], value: Value, *, in_braces: bool) -> str:
    """Fill a section that has a key and nothing below it."""
    if in_braces:
        return _with_span_replaced(text, null, f"{{ {_entry_in_braces(path, value)} }}")
    start = null.start_mark.index
    line = text[_line_start(text, start) : start]
    column = len(line) - len(line.lstrip(" ")) + INDENT_COLUMNS
    without_null = text[:start] + text[null.end_mark.index :]
    return _with_lines(without_null, _line_end(without_null, start), path, value, column=column)


def _with_new_key(text: str, parent: yaml.MappingNode, path: Sequence[str], value: Value, *, first: bool) -> str:
    entries = _entries(parent)
    if parent.flow_style:
        entry = _entry_in_braces(path, value)
        if not entries:
            return _with_span_replaced(text, parent, f"{{ {entry} }}")
        end = _last_written(text, entries[-1][1])
        return f"{text[:end]}, {entry}{text[end:]}"
    start = _line_start(text, entries[0][0].start_mark.index)
    column = entries[0][0].start_mark.column
    if first:
        return _with_lines(text, start, path, value, column=column)
    end = _line_end(text, _last_written(text, parent))
    return _with_lines(text, end, path, value, column=column, apart=_are_set_apart(text, entries))


def _with_span_replaced(text: str, node: yaml.Node, written: str) -> str:
    start, end = node.start_mark.index, node.end_mark.index
    # Where there is nothing yet, the node begins right behind the colon of its key.
    return text[:start] + (" " if start == end else "") + written + text[end:]


def _with_lines(
    text: str, position: int, path: Sequence[str], value: Value, *, column: int, apart: bool = False
) -> str:
    """Put lines for the keys of `path` where a line begins, or behind a last line that lacks its end."""
    newline = _newline(text)
    keys = [f"{' ' * (column + INDENT_COLUMNS * depth)}{_scalar(key)}:" for depth, key in enumerate(path)]
    before = text[:position]
    if before and not before.endswith("\n"):
        before += newline
    return f"{before}{newline if apart else ''}{newline.join(keys)} {_written(value)}{newline}{text[position:]}"


def _entry_in_braces(path: Sequence[str], value: Value) -> str:
    key = _scalar(path[0], in_braces=True)
    if len(path) == 1:
        return f"{key}: {_written(value, in_braces=True)}"
    return f"{key}: {{ {_entry_in_braces(path[1:], value)} }}"


def _written(value: Value, *, in_braces: bool = False) -> str:
    if isinstance(value, str):
        return _scalar(value, in_braces=in_braces)
    return f"[{', '.join(_scalar(item, in_braces=True) for item in value)}]"


def _scalar(value: str, *, in_braces: bool = False) -> str:
    """Write a text as YAML, in quotes where a reader could take it for something else."""
    sample = f"{{ key: {value} }}" if in_braces else f"key: {value}"
    if _PLAIN_TEXT.fullmatch(value) and not _NUMBER_LIKE.fullmatch(value):
        with suppress(yaml.YAMLError):
            if cast(object, yaml.safe_load(sample)) == {"key": value}:
                return value
    return json.dumps(value, ensure_ascii=False)


def _last_written(text: str, node: yaml.Node) -> int:
    """Find where the last thing in a node ends. A block's own end lies behind the comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        return _last_written(text, _entries(node)[-1][1] if isinstance(node, yaml.MappingNode) else node.value[-1])
    start = node.start_mark.index
    return start + len(text[start : node.end_mark.index].rstrip())


def _are_set_apart(text: str, entries: Sequence[tuple[yaml.Node, yaml.Node]]) -> bool:
    """Whether there is an empty line above an entry of a section, or among the comments above it."""
    for key, _ in entries[1:]:
        for line in reversed(text[: _line_start(text, key.start_mark.index)].splitlines()):
            if not line.strip():
                return True
            if not line.lstrip().startswith("#"):
                break
    return False


def _line_start(text: str, position: int) -> int:
    return text.rfind("\n", 0, position) + 1


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end + 1


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _entries(node: yaml.MappingNode) -> list[tuple[yaml.Node, yaml.Node]]:
    return cast("list[tuple[yaml.Node, yaml.Node]]", node.value)


def _child(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in _entries(node) if name.value == key), None)


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style is None and node.value in _NULLS


def _plain(node: yaml.Node | None) -> _Plain:
    """Return what a text holds, each scalar as type and text, so that no difference is lost in a conversion."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _plain(value) for key, value in _entries(node)}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in cast("list[yaml.Node]", node.value)]
    if node is None or _is_null(node):
        return {}
    return f"{node.tag} {node.value}"


def _with_value(plain: _Plain, path: Sequence[str], value: Value) -> _Plain:
    if path:
        below: Mapping[str, _Plain] = plain if isinstance(plain, dict) else {}
        return {**below, path[0]: _with_value(below.get(path[0], {}), path[1:], value)}
    if isinstance(value, str):
        return f"tag:yaml.org,2002:str {value}"
    return [_with_value({}, (), item) for item in value]


def _unsafe(path: Sequence[str], why: str) -> StackFileEditError:
    return StackFileEditError(f"{' > '.join(path)} cannot be written into the stack file ({why}); write it by hand")
