"""The base of every settings model: frozen, camelCase in YAML, unknown keys refused."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

Location = tuple[str | int, ...]
"""The way to a value: keys as they are written in YAML, and list indexes."""


class Model(BaseModel):
    """A section of the stack file.

    Keys are camelCase in YAML and snake_case in Python. Instances are immutable, so a component can keep one without
    fearing that another component changes it. The text below a field is its description in docs/configuration.md.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=False,
        use_attribute_docstrings=True,
    )


class FieldError(ValueError):
    """A rule between keys is broken.

    `field` names the key to correct, relative to the model that raises it, as written in YAML: `max`,
    `health.liveness`, or a tuple where a key may itself contain a dot (`("files", "/etc/app.conf")`).
    """

    def __init__(self, field: str | Location, message: str) -> None:
        self.location: Location = tuple(field.split(".")) if isinstance(field, str) else field
        self.message = message
        super().__init__(f"{'.'.join(map(str, self.location))}: {message}")


class RulesError(ValueError):
    """Several rules between keys are broken at once."""

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(map(str, self.errors)))


def raise_any(errors: Iterable[FieldError]) -> None:
    """Raise what was found, if anything was.

    Raises:
        RulesError: with all of `errors`.
    """
    found = tuple(errors)
    if found:
        raise RulesError(found)
