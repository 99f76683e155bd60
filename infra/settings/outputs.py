"""`{output: NAME}`: what the stack's own Pulumi code returns by a name, where a value of the stack file stands."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated, Any, cast

from pydantic import AfterValidator

from infra.settings.model import FieldError, Location, Model
from infra.settings.nearest import nearest
from infra.settings.scalars import Notation, form

_check_output_name = form(
    r"(?a)[A-Za-z][\w-]{0,62}", "is not the name of an output: use letters, digits, dashes and underscores"
)
OutputName = Annotated[str, AfterValidator(_check_output_name), Notation("output")]


class OutputReference(Model):
    """A value that the stack's own Pulumi code returns."""

    output: OutputName
    """The name under which it is returned."""

    def __str__(self) -> str:
        return f"output {self.output}"


def text_or_output(value: Any) -> str:
    """Distinguish a text from `{output: NAME}`, by the tags of a union's members. A mapping is meant as an output."""
    return "<output>" if isinstance(value, OutputReference | Mapping) else "<text>"


def unknown_outputs(value: object, place: Location, known: Collection[str]) -> Iterator[FieldError]:
    """Find the outputs named in settings at `place` that are not among those that the stack's own code returns."""
    for location, name in output_references(value, place):
        if name not in known:
            near = nearest(name, known)
            there_are = f"it returns {', '.join(sorted(known))}" if known else "it returns none"
            hint = f"did you mean '{near}'?" if near else there_are
            yield FieldError(location, f"the stack's own code returns no output {name!r}; {hint}")


def output_references(value: object, place: Location = ()) -> Iterator[tuple[Location, str]]:
    """List the outputs that settings name, each with its place below `value`."""
    if isinstance(value, OutputReference):
        yield place, value.output
    elif isinstance(value, Model):
        for name, field in type(value).model_fields.items():
            yield from output_references(getattr(value, name), (*place, field.alias or name))
    elif isinstance(value, Mapping):
        for key, item in cast("Mapping[object, object]", value).items():
            yield from output_references(item, (*place, str(key)))
    elif isinstance(value, tuple):
        for index, item in enumerate(cast("Sequence[object]", value)):
            yield from output_references(item, (*place, index))
