"""docs/configuration.md, made from the models: `python -m infra.settings.reference > docs/configuration.md`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, cast, get_args, get_origin

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from infra.settings.annotations import choices, is_section, item_type, map_types, members
from infra.settings.build import PROJECT
from infra.settings.model import Model
from infra.settings.scalars import Notation
from infra.settings.stack import StackSettings

_HEAD = f"""\
# Configuration

Every key of a stack file, `stacks/Pulumi.<stack>.yaml`. A key that is not listed here is refused, with the one that was
probably meant. This file is made from the models in `infra/settings` (`python -m infra.settings.reference`), and so is
`stacks/schema.json`, by which editors complete keys and mark mistakes ([environments](environments.md#in-an-editor)).

Notation: CPU is `250m`, `0.5` or `2` cores; a size is `128Mi` or `1Gi`; a duration is `30s`, `5m` or `1h30m`; a
percentage is `60%`. A name has at most 40 lower-case letters, digits and dashes. Keys of
the file itself start with `{PROJECT}:`.
"""


@dataclass(frozen=True, kw_only=True)
class _Section:
    """One table: the models that may stand at a place (several where `kind` chooses), and the places."""

    title: str
    models: Mapping[str, type[Model]]
    places: list[str]


def reference() -> str:
    """Write the whole reference as Markdown."""
    found: dict[str, _Section] = {}
    _find_sections(found, "Stack file", {"": StackSettings}, f"{PROJECT}:")
    return "\n".join([_HEAD, *map(_section_text, found.values())])


def _find_sections(found: dict[str, _Section], title: str, models: Mapping[str, type[Model]], place: str) -> None:
    """Add the section at a place and all below it, in the order in which a reader meets them, each once."""
    found.setdefault(title, _Section(title=title, models=models, places=[])).places.append(place)
    for key, field in _fields(models).items():
        separator = "" if place.endswith(":") else "."
        _find_below(found, key, field.annotation, f"{place}{separator}{key}")


def _find_below(found: dict[str, _Section], key: str, annotation: Any, place: str) -> None:
    inner = members(annotation)
    sections = {(tag or "").strip("<>"): member for tag, member in inner if is_section(member)}
    if len(sections) > 1 and len(sections) == len(inner):
        return _find_sections(found, _title(key), sections, place)
    for _, member in inner:
        map_of = map_types(member)
        if is_section(member):
            _find_sections(found, _model_title(member), {"": member}, place)
        elif map_of:
            _find_below(found, key, map_of[1], f"{place}.<name>")
        else:
            _find_below(found, key, item_type(member), f"{place}[]")
    return None


def _fields(models: Mapping[str, type[Model]]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for model in models.values() for name, field in model.model_fields.items()}


def _section_text(section: _Section) -> str:
    places = ", ".join(f"`{place}`" for place in sorted(section.places, key=len) if not place.endswith(":"))
    lines = [f"## {section.title}", ""]
    if places:
        lines += [f"At {places}.", ""]
    for kind, model in section.models.items():
        text = _flat_paragraphs(inspect.getdoc(model) or "")
        lines += [f"`kind: {kind}`: {text}" if kind else text, ""]
    several = len(section.models) > 1
    lines += [f"| key | {'kind | ' if several else ''}type | default | what it does |", f"|{'---|' * (4 + several)}"]
    lines += [_kind_row(section.models)] if several else []
    lines += [
        _row(section, key, field) for key, field in _fields(section.models).items() if not (several and key == "kind")
    ]
    return "\n".join([*lines, ""])


def _row(section: _Section, key: str, field: FieldInfo) -> str:
    cells = [f"`{key}`"]
    if len(section.models) > 1:
        kinds = [kind for kind, model in section.models.items() if key in _fields({kind: model})]
        cells.append("all" if len(kinds) == len(section.models) else ", ".join(kinds))
    cells += [_type_text(key, field.annotation, field.metadata), _default_text(field), _flat(field.description or "")]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _kind_row(models: Mapping[str, type[Model]]) -> str:
    fields = {kind: _fields({kind: model})["kind"] for kind, model in models.items()}
    default = next((f"`{field.default}`" for field in fields.values() if not field.is_required()), "required")
    return f"| `kind` | all | {' or '.join(f'`{kind}`' for kind in fields)} | {default} | Which of the kinds above. |"


def _type_text(key: str, annotation: Any, metadata: Sequence[Any] = ()) -> str:
    if get_origin(annotation) is Annotated:
        inner = FieldInfo.from_annotation(annotation)
        return _type_text(key, inner.annotation, [*inner.metadata, *metadata])
    notation = _notation(metadata)
    if notation:
        return notation.name + _bounds(metadata)
    inner = members(annotation)
    if len(inner) > 1 and all(tag and is_section(member) for tag, member in inner):
        return _link(_title(key))
    if annotation is not inner[0][1]:
        return " or ".join(_type_text(key, member) for member in get_args(annotation) if member is not type(None))
    return _plain_type_text(key, annotation, metadata)


def _plain_type_text(key: str, annotation: Any, metadata: Sequence[Any]) -> str:
    map_of = map_types(annotation)
    if is_section(annotation):
        return _link(_model_title(annotation))
    if map_of:
        return f"map of {_type_text('name', map_of[0])} to {_type_text(key, map_of[1])}"
    if item_type(annotation):
        return f"list of {_type_text(key, item_type(annotation))}"
    if choices(annotation):
        return " or ".join(f"`{choice}`" for choice in choices(annotation))
    plain = {str: "text", int: "whole number", bool: "`true` or `false`"}
    return plain[annotation] + _bounds(metadata)


def _notation(metadata: Sequence[Any]) -> Notation | None:
    """Find the notation of a type; one that was added further out says more than the one it is made of."""
    return next((item for item in reversed(metadata) if isinstance(item, Notation)), None)


def _bounds(metadata: Sequence[Any]) -> str:
    low = next((item.ge for item in metadata if isinstance(item, Ge)), None)
    high = next((item.le for item in metadata if isinstance(item, Le)), None)
    if low is None:
        return ""
    return f" from {low}" if high is None else f" from {low} to {high}"


def _default_text(field: FieldInfo) -> str:
    default: object = field.default
    if field.is_required():
        return "required"
    if default is None or default in ((), {}):
        return "none"
    if isinstance(default, Model):
        return "its defaults"
    if isinstance(default, tuple):
        return f"`[{', '.join(map(str, cast(tuple[object, ...], default)))}]`"
    of_members = (get_args(member)[1:] for member in get_args(field.annotation))
    notation = next(filter(None, map(_notation, (field.metadata, *of_members))), Notation(""))
    return f"`{notation.write(default)}`"


def _link(title: str) -> str:
    return f"[{title.lower()}](#{title.lower().replace(' ', '-')})"


def _model_title(model: type[Model]) -> str:
    return _title(model.__name__.removesuffix("Settings"))


def _title(name: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return words[:1].upper() + words[1:]


def _flat(text: str) -> str:
    return " ".join(text.split())


def _flat_paragraphs(text: str) -> str:
    return "\n\n".join(_flat(paragraph) for paragraph in text.split("\n\n"))


if __name__ == "__main__":
    print(reference(), end="")
