"""Lists written into the text of a stack file, as infra.settings.stack_file_edit writes single texts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import cast

import yaml

from infra.settings.stack_file_edit import StackFileEditError, set_value

_MARKER = "to-be-replaced-by-a-list"
_PLAIN_ITEM = re.compile(r"repo:[A-Za-z0-9@/._-]+(?::[A-Za-z0-9/._-]+)+")
"""A subject that YAML reads as a text without quotes, in brackets too."""


def set_text(text: str, path: Sequence[str], value: str) -> str:
    """Set the text below the keys of `path`. A number of the same digits becomes the text that it should be.

    Raises:
        StackFileEditError: the text is no stack file, or is written in a way that cannot be changed safely.
    """
    return set_value(set_value(text, path, _MARKER), path, value)


def set_list(text: str, path: Sequence[str], items: Sequence[str]) -> str:
    """Set the list below the keys of `path`. One that is there keeps its style, a new one is written in brackets.

    Raises:
        StackFileEditError: the text is no stack file, or is written in a way that cannot be changed safely.
    """
    there = _list_at(text, path)
    if there is None:
        edited = set_value(text, path, _MARKER).replace(_MARKER, _in_brackets(items))
    else:
        edited = _with_replaced(text, there, path, items)
    if _loaded(edited, path) != _with_list(_loaded(text, path), path, items):
        raise _unsafe(path, "an anchor, an alias or an unusual layout is in the way")
    return edited


def _with_replaced(text: str, there: yaml.SequenceNode, path: Sequence[str], items: Sequence[str]) -> str:
    start, end = there.start_mark.index, there.end_mark.index
    if there.flow_style:
        written = _in_brackets(items)
    else:
        # The end of the list itself lies behind the comments that follow it.
        last = cast("list[yaml.Node]", there.value)[-1]
        end = start + len(text[start : last.end_mark.index].rstrip())
        written = f"\n{' ' * there.start_mark.column}".join(f"- {_item(item)}" for item in items)
    if re.search(r"(?:^|\s)#", text[start:end]):
        raise _unsafe(path, "there are comments inside the list")
    return text[:start] + written + text[end:]


def _list_at(text: str, path: Sequence[str]) -> yaml.SequenceNode | None:
    try:
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError:
        return None  # set_value refuses it with the reason
    for key in path:
        if not isinstance(node, yaml.MappingNode):
            return None
        entries = cast("list[tuple[yaml.Node, yaml.Node]]", node.value)
        node = next((value for name, value in entries if name.value == key), None)
    return node if isinstance(node, yaml.SequenceNode) else None


def _in_brackets(items: Sequence[str]) -> str:
    return f"[{', '.join(_item(item) for item in items)}]"


def _item(item: str) -> str:
    return item if _PLAIN_ITEM.fullmatch(item) else json.dumps(item, ensure_ascii=False)


def _loaded(text: str, path: Sequence[str]) -> object:
    try:
        return cast(object, yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise _unsafe(path, f"the file is not YAML: {' '.join(str(error).split())}") from None


def _with_list(loaded: object, path: Sequence[str], items: Sequence[str]) -> object:
    if not path:
        return list(items)
    below = cast(Mapping[object, object], loaded if isinstance(loaded, Mapping) else {})
    return {**below, path[0]: _with_list(below.get(path[0]), path[1:], items)}


def _unsafe(path: Sequence[str], why: str) -> StackFileEditError:
    return StackFileEditError(f"{' > '.join(path)} cannot be written into the stack file ({why}); write it by hand")
