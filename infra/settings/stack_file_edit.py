"""Single values written into the text of a stack file: every comment, blank line and quote around them stays.

Pulumi writes a stack file anew when it changes one (it drops blank lines and respells lists and quotes), and so would
any YAML library. Here the text is changed in one place only, and what comes out is read again: nothing else may differ.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
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

_Plain = str | list["_Plain"] | dict[str, "_Plain"]


class StackFileEditError(UsageError):
    """The text of a stack file cannot be changed safely; the message names the key that is to be written by hand."""


def set_secrets_provider(text: str, value: str) -> str:
    """Set the top-level key `secretsprovider`, in front of the first key if it is new.

    Raises:
        StackFileEditError: the text is no stack file, or is written in a way that cannot be changed safely.
    """
    return set_value(text, (SECRETS_PROVIDER_KEY,), value)


def set_value(text: str, path: Sequence[str], value: str) -> str:
    """Set the text below the keys of `path`, such as `("config", "nightowl:delivery", "backend")`.

    An existing value is replaced where it stands, and the comment beside it stays. Missing keys are made: the first of
    the file in front of all others, any other one at the end of its section.

    Raises:
        StackFileEditError: the text is no stack file, or is written in a way that cannot be changed safely.
    """
    root = _composed(text, path)
    if _get(root, path) == value:
        return text
    edited = _edited(text, root, path, value)
    if _plain(_composed(edited, path)) != _with_value(_plain(root), path, value):
        raise _unsafe(path, "an anchor, an alias or an unusual layout is in the way")
    return edited


def get_value(text: str, path: Sequence[str]) -> str | None:
    """Read the scalar below the keys of `path` as it is written, or None where there is none.

    Raises:
        StackFileEditError: the text is no stack file.
    """
    return _get(_composed(text, path), path)


def _get(root: yaml.MappingNode | None, path: Sequence[str]) -> str | None:
    node: yaml.Node | None = root
    for key in path:
        node = _child(node, key)
    return node.value if isinstance(node, yaml.ScalarNode) and not _is_null(node) else None


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


def _edited(text: str, root: yaml.MappingNode | None, path: Sequence[str], value: str) -> str:
    if root is None:
        return _on_a_line_of_its_own(text, len(text), _block(path, value, 0, _newline(text)))
    node = root
    in_braces = False
    for depth, key in enumerate(path):
        child = _child(node, key)
        in_braces = in_braces or bool(node.flow_style)
        if child is None:
            return _with_new_key(text, node, path[depth:], value, first=depth == 0)
        if depth == len(path) - 1:
            return _with_replaced(text, child, path, value, in_braces=in_braces)
        if _is_null(child):
            return _with_first_keys(text, node, child, path[depth + 1 :], value)
        if not isinstance(child, yaml.MappingNode):
            raise _unsafe(path, f"{key} holds no keys")
        node = child
    raise _unsafe(path, "it names no key")


def _with_replaced(text: str, node: yaml.Node, path: Sequence[str], value: str, *, in_braces: bool) -> str:
    if not isinstance(node, yaml.ScalarNode) or node.style in {"|", ">"}:
        raise _unsafe(path, "it holds something else than a text on one line")
    start, end = _span(node)
    gap = " " if start == end else ""
    return text[:start] + gap + _scalar(value, in_braces=in_braces) + text[end:]


def _with_new_key(text: str, parent: yaml.MappingNode, path: Sequence[str], value: str, *, first: bool) -> str:
    if parent.flow_style:
        return _with_key_in_braces(text, parent, path, value)
    entries = _entries(parent)
    column = _column(text, _span(entries[0][0])[0])
    block = _block(path, value, column, _newline(text))
    if first:
        start = _line_start(text, _span(entries[0][0])[0])
        return text[:start] + block + text[start:]
    end = _line_end(text, _last_written(text, parent))
    if _has_blank_lines(text, entries):
        block = _newline(text) + block
    return _on_a_line_of_its_own(text, end, block)


def _with_key_in_braces(text: str, parent: yaml.MappingNode, path: Sequence[str], value: str) -> str:
    entry = _entry_in_braces(path, value)
    if not parent.value:
        start, end = _span(parent)
        return f"{text[:start]}{{ {entry} }}{text[end:]}"
    end = _last_written(text, _entries(parent)[-1][1])
    return f"{text[:end]}, {entry}{text[end:]}"


def _with_first_keys(text: str, parent: yaml.MappingNode, node: yaml.Node, path: Sequence[str], value: str) -> str:
    """Fill a section that has a key and nothing below it."""
    start, end = _span(node)
    if parent.flow_style:
        gap = " " if start == end else ""
        return f"{text[:start]}{gap}{{ {_entry_in_braces(path, value)} }}{text[end:]}"
    line = text[_line_start(text, start) : start]
    column = len(line) - len(line.lstrip(" ")) + INDENT_COLUMNS
    without_null = text[:start] + text[end:]
    return _on_a_line_of_its_own(
        without_null, _line_end(without_null, start), _block(path, value, column, _newline(text))
    )


def _entry_in_braces(path: Sequence[str], value: str) -> str:
    inner = _scalar(value, in_braces=True)
    for key in reversed(path[1:]):
        inner = f"{{ {_scalar(key, in_braces=True)}: {inner} }}"
    return f"{_scalar(path[0], in_braces=True)}: {inner}"


def _block(path: Sequence[str], value: str, column: int, newline: str) -> str:
    lines = [f"{' ' * (column + INDENT_COLUMNS * depth)}{_scalar(key)}:" for depth, key in enumerate(path)]
    lines[-1] += f" {_scalar(value)}"
    return newline.join(lines) + newline


def _on_a_line_of_its_own(text: str, position: int, block: str) -> str:
    """Put whole lines behind the line that ends at `position`; the file's last line may lack its end."""
    before = text[:position]
    if before and not before.endswith("\n"):
        before += _newline(text)
    return before + block + text[position:]


def _scalar(value: str, *, in_braces: bool = False) -> str:
    """Write a text as YAML, in quotes where a reader could take it for something else."""
    sample = f"{{ key: {value} }}" if in_braces else f"key: {value}"
    if _PLAIN_TEXT.fullmatch(value) and not _NUMBER_LIKE.fullmatch(value) and _reads_as_text(sample, value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _reads_as_text(sample: str, value: str) -> bool:
    try:
        return cast(object, yaml.safe_load(sample)) == {"key": value}
    except yaml.YAMLError:
        return False


def _last_written(text: str, node: yaml.Node) -> int:
    """Find where the last thing in a node ends. A block's own end lies behind the comments that follow it."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style:
        return _last_written(text, _entries(node)[-1][1])
    if isinstance(node, yaml.SequenceNode) and not node.flow_style:
        return _last_written(text, cast("list[yaml.Node]", node.value)[-1])
    start, end = _span(node)
    return start + len(text[start:end].rstrip())


def _has_blank_lines(text: str, entries: Sequence[tuple[yaml.Node, yaml.Node]]) -> bool:
    """Whether the entries of a section are set apart by empty lines."""
    starts = [_line_start(text, _span(key)[0]) for key, _ in entries]
    return any(not line.strip() for begin in starts[1:] for line in _lines_above(text, begin))


def _lines_above(text: str, position: int) -> list[str]:
    """Return the comment and empty lines directly above a line."""
    above: list[str] = []
    for line in reversed(text[:position].splitlines()):
        if line.strip() and not line.lstrip().startswith("#"):
            break
        above.append(line)
    return above


def _span(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.index, node.end_mark.index


def _line_start(text: str, position: int) -> int:
    return text.rfind("\n", 0, position) + 1


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end + 1


def _column(text: str, position: int) -> int:
    return position - _line_start(text, position)


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


def _with_value(plain: _Plain, path: Sequence[str], value: str) -> _Plain:
    if not path:
        return f"tag:yaml.org,2002:str {value}"
    below: Mapping[str, _Plain] = plain if isinstance(plain, dict) else {}
    return {**below, path[0]: _with_value(below.get(path[0], {}), path[1:], value)}


def _unsafe(path: Sequence[str], why: str) -> StackFileEditError:
    return StackFileEditError(f"{' > '.join(path)} cannot be written into the stack file ({why}); write it by hand")
