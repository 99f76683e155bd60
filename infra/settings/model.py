"""The base of every settings model: frozen, camelCase in YAML, unknown keys refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Self

from pydantic import BaseModel, ConfigDict, Discriminator, model_validator
from pydantic.alias_generators import to_camel

from infra.values import mapping

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

    def _errors(self) -> Iterable[FieldError]:
        """Find the broken rules between the keys of the section, each with its key below the section."""
        return ()

    @model_validator(mode="after")
    def _check_rules(self) -> Self:
        raise_any(self._errors())
        return self


class FieldError:
    """A rule between keys is broken.

    `field` names the key to correct, relative to the model that has the rule, as written in YAML: `max`,
    `health.liveness`, or a tuple where a key may itself contain a dot (`("files", "/etc/app.conf")`).
    """

    def __init__(self, field: str | Location, message: str) -> None:
        self.location: Location = tuple(field.split(".")) if isinstance(field, str) else field
        self.message = message

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.location))}: {self.message}"

    def below(self, *location: str | int) -> FieldError:
        """Return the same error as the section at `location` above it sees it."""
        return FieldError((*location, *self.location), self.message)


class RulesError(ValueError):
    """Rules between keys are broken: as pydantic carries them to its report."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        self.errors = errors
        super().__init__("; ".join(map(str, errors)))


def path_text(location: Location, write: Callable[[str], str] = str) -> str:
    """Return a location as text: `env.TOKEN`, `allowTo[0]`, `files["/etc/app.conf"]`; `write` changes each key."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        elif re.fullmatch(r"[\w-]+", part):
            text += f".{write(part)}" if text else write(part)
        else:
            text += f'["{write(part)}"]'
    return text


def by_kind(default: str) -> Discriminator:
    """Choose the member of a union by its `kind`; what is no mapping counts as the default, whose message says so."""

    def tag(value: object) -> str:
        kind = mapping(value).get("kind", default) if isinstance(value, Mapping) else getattr(value, "kind", default)
        return "<>" if kind is None else f"<{kind}>"

    return Discriminator(tag)


def raise_any(errors: Iterable[FieldError]) -> None:
    """Raise what was found, if anything was.

    Raises:
        RulesError: with all of `errors`.
    """
    found = tuple(errors)
    if found:
        raise RulesError(found)


def repeated(items: Sequence[object]) -> list[int]:
    """List the positions of the items that stand further in front too."""
    return [index for index, item in enumerate(items) if item in items[:index]]
