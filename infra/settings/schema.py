"""stacks/schema.json, made from the models for editors: `python -m infra.settings.schema > stacks/schema.json`.

An editor sees one file. What is missing there may stand in a file that it extends, and `null` removes what does. So the
schema asks for no key, takes `null` everywhere but for `extends`, and where no `kind` is written takes the keys of
every kind. The rules between keys, and the forms of most texts, only the loader knows.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, cast, get_args, get_origin

from annotated_types import Ge, Le, MinLen
from pydantic import BeforeValidator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from infra.settings.annotations import choices, is_section, item_type, map_types, members
from infra.settings.build import PROJECT
from infra.settings.layers import EXTENDS
from infra.settings.model import Model
from infra.settings.scalars import UNIQUE, Notation
from infra.settings.stack import StackSettings
from infra.settings.stack_file import STACK_FILE_KEYS

Schema = dict[str, Any]

NAME = f"{PROJECT}:"
_TYPES = {str: "string", int: "integer", bool: "boolean"}
_NOTATIONS: Mapping[str, Schema] = {
    "CPU": {"type": ["string", "number"], "exclusiveMinimum": 0, "pattern": r"^[0-9]+(\.[0-9]+)?m?$"},
    "size": {"type": ["string", "number"], "pattern": r"^[0-9]+(\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$"},
    "duration": {"type": "string", "pattern": r"^(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$"},
    "percentage": {"type": ["string", "integer"], "pattern": r"^[0-9]+%?$"},
}
"""Scalars that are not written as what they are read into (infra/settings/scalars.py)."""


def schema() -> Schema:
    """Return the JSON Schema (draft 7, which every editor knows) of stack files and of the files that they extend."""
    definitions: dict[str, Schema] = {}
    sections = _properties(definitions, {"": StackSettings})
    config: Schema = {
        "type": ["object", "null"],
        "description": "Keys of this stack.",
        "properties": {f"{NAME}{key}": value for key, value in sections.items()},
        "patternProperties": {f"^{NAME}(?!({'|'.join(sections)})$)": False, "^[^:]*$": False},
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Stack file of Nightowl",
        "type": "object",
        "properties": {**dict.fromkeys(STACK_FILE_KEYS, True), "config": config},
        "additionalProperties": False,
        "definitions": dict(sorted(definitions.items())),
    }


def _properties(definitions: dict[str, Schema], models: Mapping[str, type[Model]]) -> dict[str, Schema]:
    """Return the schemas of the keys of a section; of several kinds, those of each that a key has."""
    found: dict[str, list[Schema]] = {}
    for model in models.values():
        for name, field in model.model_fields.items():
            key = field.alias or name
            one = _property(definitions, key, field)
            if one not in found.setdefault(key, []):
                found[key].append(one)
    return {key: forms[0] if len(forms) == 1 else {"anyOf": forms} for key, forms in found.items()}


def _property(definitions: dict[str, Schema], key: str, field: FieldInfo) -> Schema:
    described = {"description": " ".join(field.description.split())} if field.description else {}
    value = _value(definitions, key, field.annotation, field.metadata)
    # Each file has its own, so that there is none to remove.
    taken = value if f"{NAME}{key}" == EXTENDS else _or_null(value)
    return {**described, **taken, **_default(field)}


def _default(field: FieldInfo) -> Schema:
    default: Any = field.default
    if field.is_required() or default is None or default in ((), {}) or isinstance(default, Model):
        return {}
    if isinstance(default, tuple):
        return {"default": [*cast("tuple[object, ...]", default)]}
    annotated = (get_args(member)[1:] for member in get_args(field.annotation))
    notation = next(filter(None, map(_notation, (field.metadata, *annotated))), None)
    return {"default": notation.write(default) if notation and notation.name in _NOTATIONS else default}


def _value(definitions: dict[str, Schema], key: str, annotation: Any, metadata: Sequence[Any] = ()) -> Schema:
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return _value(definitions, key, inner, [*more, *metadata])
    whole = _whole(definitions, key, annotation, metadata)
    written = [item.json_schema_input_type for item in metadata if isinstance(item, BeforeValidator)]
    known = [one for one in written if one is not PydanticUndefined]
    if not known:
        return whole
    other = _value(definitions, key, known[0])
    # A section has a short form besides; any other value is written otherwise than it is read.
    return {"anyOf": [other, whole]} if "$ref" in whole else other


def _whole(definitions: dict[str, Schema], key: str, annotation: Any, metadata: Sequence[Any]) -> Schema:
    notation = _notation(metadata)
    if notation and notation.name in _NOTATIONS:
        return dict(_NOTATIONS[notation.name])
    inner = members(annotation)
    sections = {(tag or "").strip("<>"): member for tag, member in inner if is_section(member)}
    if len(sections) > 1 and len(sections) == len(inner):
        return _defined(definitions, key[:1].upper() + key[1:], sections)
    several = [member for member in get_args(annotation) if member is not type(None)]
    if annotation is not inner[0][1]:
        forms = [_value(definitions, key, member) for member in several]
        return forms[0] if len(forms) == 1 else {"anyOf": forms}
    return _plain(definitions, key, annotation, metadata)


def _plain(definitions: dict[str, Schema], key: str, annotation: Any, metadata: Sequence[Any]) -> Schema:
    map_of, item = map_types(annotation), item_type(annotation)
    if is_section(annotation):
        return _defined(definitions, annotation.__name__.removesuffix("Settings"), {"": annotation})
    if map_of:
        return {"type": "object", "additionalProperties": _or_null(_value(definitions, key, map_of[1]))}
    if item is not None:
        return {
            "type": "array",
            "items": _value(definitions, key, item),
            **({"uniqueItems": True} if UNIQUE in metadata else {}),
            **_shortest("minItems", metadata),
        }
    if choices(annotation):
        return {"enum": list(choices(annotation))}
    # What Nightowl hands on as it is, such as the values of a chart, has any type.
    if annotation not in _TYPES:
        return {}
    return {"type": _TYPES[annotation], **_bounds(metadata), **_shortest("minLength", metadata)}


def _defined(definitions: dict[str, Schema], name: str, models: Mapping[str, type[Model]]) -> Schema:
    """Return a reference to the definition of a section, and make that where it is met first."""
    if name not in definitions:
        definitions[name] = {}
        definitions[name] |= _section(definitions, models)
    return {"$ref": f"#/definitions/{name}"}


def _section(definitions: dict[str, Schema], models: Mapping[str, type[Model]]) -> Schema:
    properties = _properties(definitions, models)
    section: Schema = {
        "type": ["object", "null"],
        "description": "\n\n".join(
            " ".join(f"{kind}: {text}".split()) if kind else " ".join(text.split())
            for kind, model in models.items()
            for text in [(inspect.getdoc(model) or "").partition("\n\n")[0]]
        ),
        "properties": properties,
        "additionalProperties": False,
    }
    if len(models) > 1:
        kind: Schema = {"description": "Which kind.", "enum": [*models, None]}
        section["properties"] = {"kind": kind, **{key: one for key, one in properties.items() if key != "kind"}}
        section["allOf"] = [_keys_of_kind(kind, model) for kind, model in models.items()]
    return section


def _keys_of_kind(kind: str, model: type[Model]) -> Schema:
    keys = [field.alias or name for name, field in model.model_fields.items()]
    return {
        "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
        "then": {"propertyNames": {"enum": keys}},
    }


def _or_null(value: Schema) -> Schema:
    """Take nothing too, which removes what stands in a file that is extended. Definitions take it already."""
    if "anyOf" in value:
        return {**value, "anyOf": [*value["anyOf"], {"type": "null"}]}
    if "enum" in value:
        return {**value, "enum": [*value["enum"], None]}
    if "type" in value:
        types: object = value["type"]
        several = cast("list[str]", types) if isinstance(types, list) else [types]
        return {**value, "type": [*several, "null"]}
    return value


def _notation(metadata: Iterable[Any]) -> Notation | None:
    """Find the notation of a type; one that was added further out says more than the one it is made of."""
    return next((item for item in reversed([*metadata]) if isinstance(item, Notation)), None)


def _bounds(metadata: Iterable[Any]) -> Schema:
    bounds: Schema = {}
    # The members of a union keep them as they are written, inside of `Field(ge=1)`.
    for item in [one for given in metadata for one in (given.metadata if isinstance(given, FieldInfo) else [given])]:
        if isinstance(item, Ge):
            bounds["minimum"] = item.ge
        if isinstance(item, Le):
            bounds["maximum"] = item.le
    return bounds


def _shortest(key: str, metadata: Iterable[Any]) -> Schema:
    found = next((item.min_length for item in metadata if isinstance(item, MinLen)), None)
    return {} if found is None else {key: found}


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2, ensure_ascii=False))
