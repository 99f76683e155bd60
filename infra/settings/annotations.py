"""What the annotation of a settings field allows: the one place that takes Python's type hints apart."""

from __future__ import annotations

from types import UnionType
from typing import Annotated, Any, Literal, TypeGuard, Union, get_args, get_origin

from pydantic import Tag

from infra.settings.model import Model


def members(annotation: Any) -> list[tuple[str | None, Any]]:
    """List what an annotation may be, without `Annotated` and `None`; members of a tagged union come with their tag."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        tag = next((item.tag for item in metadata if isinstance(item, Tag)), None)
        return [(tag or inner_tag, member) for inner_tag, member in members(inner)]
    if get_origin(annotation) in {Union, UnionType}:
        return [found for member in get_args(annotation) for found in members(member)]
    return [] if annotation in {None, type(None)} else [(None, annotation)]


def fields(model: type[Model]) -> dict[str, Any]:
    """Map the keys of a section, as written in YAML, to the annotations of their values."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def is_section(annotation: Any) -> TypeGuard[type[Model]]:
    """Whether a value is a mapping with fixed keys."""
    return isinstance(annotation, type) and issubclass(annotation, Model)


def map_types(annotation: Any) -> tuple[Any, Any] | None:
    """Return the types of the keys and the values of a mapping with free keys."""
    return get_args(annotation) if get_origin(annotation) is dict else None


def item_type(annotation: Any) -> Any | None:
    """Return the type of the items of a list."""
    return get_args(annotation)[0] if get_origin(annotation) is tuple else None


def choices(annotation: Any) -> tuple[Any, ...]:
    """Return the values of a fixed choice."""
    return get_args(annotation) if get_origin(annotation) is Literal else ()
