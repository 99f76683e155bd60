"""docs/configuration.md lists every key, and says what the models say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from infra.settings.annotations import is_section, item_type, map_types, members
from infra.settings.model import Model
from infra.settings.reference import reference
from infra.settings.stack import StackSettings

REPOSITORY = Path(__file__).parents[2]


def _models(annotation: object) -> Iterator[type[Model]]:
    for _, member in members(annotation):
        map_of = map_types(member)
        if is_section(member):
            yield member
            for field in member.model_fields.values():
                yield from _models(field.annotation)
        elif map_of or item_type(member):
            yield from _models(map_of[1] if map_of else item_type(member))


def test_the_reference_is_what_the_models_say() -> None:
    written = (REPOSITORY / "docs" / "configuration.md").read_text()
    assert written == reference(), "run: python -m infra.settings.reference > docs/configuration.md"


def test_every_key_is_listed() -> None:
    text = reference()
    keys = {field.alias for model in _models(StackSettings) for field in model.model_fields.values()}
    assert {"scaling", "shrinkAfter", "className", "env"} <= keys
    assert [key for key in keys if f"| `{key}` |" not in text] == []


def test_every_key_is_described() -> None:
    silent = {
        f"{model.__name__}.{name}"
        for model in _models(StackSettings)
        for name, field in model.model_fields.items()
        if not field.description
    }
    assert silent == set()


def test_a_default_is_written_as_in_a_stack_file() -> None:
    text = reference()
    assert "| `shrinkAfter` | duration | `5m` |" in text
    assert "| `memory` | size | `128Mi` |" in text
    assert "| `kind` | all | `web` or `worker` or `stateful` or `cron` or `job` | `web` |" in text
