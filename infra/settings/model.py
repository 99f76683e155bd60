"""The base of every settings model: frozen, camelCase in YAML, unknown keys refused."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Self, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    ModelWrapValidatorHandler,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, InitErrorDetails

from infra.settings.partly import Location, Readable
from infra.values import mapping


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

    def _rules(self) -> Iterable[Rule]:
        """List the rules between the keys of the section: each is asked by itself, so that none hides another."""
        return (self._errors,)

    def _errors(self) -> Iterable[FieldError]:
        """Find what breaks the rule of a section that has one, each with its key below the section."""
        return ()

    @model_validator(mode="after")
    def _check_rules(self) -> Self:
        raise_any(error for rule in self._rules() for error in rule())
        return self

    @model_validator(mode="wrap")
    @classmethod
    def _check_what_can_be_read(cls, value: Any, read: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        """Check the rules between the keys that have a usable value, where others have none."""
        known = cast("Readable | None", info.context)
        try:
            made = read(value)
        except ValidationError as error:
            if known is None or not isinstance(value, Mapping):
                raise
            section = cast("Mapping[str, object]", value)
            found = error.errors(include_url=False)
            # What an unknown key was meant to say is not known here: the caller reads the section without it.
            if any(one["type"] == "extra_forbidden" and len(one["loc"]) == 1 for one in found):
                raise
            if found[0]["loc"] == ():
                known.keep(section, cls._read_in_part(section, (), known), _broken(found[0]))
                raise
            rest = cls._read_in_part(section, {one["loc"][0] for one in found}, known)
            broken = list(rest._errors_of_what_is_there())
            known.keep(section, rest, [one.location for one in broken])
            if not broken:
                raise
            # The types of pydantic's own errors are the names of what makes them anew.
            again = cast("list[InitErrorDetails]", found)
            rules = InitErrorDetails(type="value_error", loc=(), input=section, ctx={"error": RulesError(broken)})
            raise ValidationError.from_exception_data(error.title, [*again, rules]) from None
        if known is not None:
            known[id(value)] = made
        return made

    @classmethod
    def _read_in_part(cls, section: Mapping[str, object], failed: Collection[str | int], known: Readable) -> Self:
        """Make an instance that lacks the attributes whose keys have `failed`, but for sections that were read."""
        values: dict[str, object] = {}
        missing: list[str] = []
        for name, field in cls.model_fields.items():
            key = field.alias or name
            if key not in failed:
                if key in section:
                    values[name] = _adapter(cls, name).validate_python(section[key], context=known)
            elif (read := known.section(section.get(key))) is not None:
                values[name] = read
            else:
                missing.append(name)
        rest = cls.model_construct(None, **values)
        for name in missing:
            vars(rest).pop(name, None)
        return rest

    def _errors_of_what_is_there(self) -> Iterator[FieldError]:
        for rule in self._rules():
            try:
                yield from rule()
            except (AttributeError, KeyError, TypeError):
                # YAML lets one section stand in several places, where it is read as another model.
                continue


@functools.cache
def _adapter(model: type[Model], name: str) -> TypeAdapter[Any]:
    """Return what reads one field of a model alone."""
    field, annotated = model.model_fields[name], cast("Any", Annotated)
    annotation = cast("Any", field.annotation)
    return TypeAdapter(annotated[(annotation, *field.metadata)] if field.metadata else annotation)


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


Rule = Callable[[], Iterable[FieldError]]


class RulesError(ValueError):
    """Rules between keys are broken: as pydantic carries them to its report."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        self.errors = errors
        super().__init__("; ".join(map(str, errors)))


def _broken(details: ErrorDetails) -> list[Location]:
    """List the places that broke the rules of a section, below it: the section itself for what is no mapping."""
    cause = details.get("ctx", {}).get("error")
    return [error.location for error in cause.errors] if isinstance(cause, RulesError) else [()]


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


def short_form(scalar: type[str | int], key: str, message: str) -> BeforeValidator:
    """Read a bare `scalar` as a mapping with it at `key`; `message` is about what is neither that nor a mapping."""

    def read(value: object) -> object:
        if isinstance(value, scalar) and not isinstance(value, bool):
            return {key: value}
        if isinstance(value, dict | Model):
            return cast(object, value)
        raise ValueError(message)

    return BeforeValidator(read, json_schema_input_type=scalar)


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
