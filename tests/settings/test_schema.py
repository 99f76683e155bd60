"""stacks/schema.json tells an editor of stack files what the models say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from infra.settings.annotations import fields, is_section, item_type, map_types, members
from infra.settings.build import PROJECT
from infra.settings.schema import schema
from infra.settings.stack import StackSettings
from infra.settings.yaml_file import read_yaml
from tests.settings.bad_inputs import BAD_INPUTS, BadInput
from tests.settings.editor import FILE, as_file, document, marked

REPOSITORY = Path(__file__).parents[2]
STACK_FILES = [*sorted((REPOSITORY / "stacks").glob("*.yaml")), *sorted(REPOSITORY.glob("examples/*/Pulumi.*.yaml"))]
SEEN_BY_A_SCHEMA = re.compile(
    r"unknown key; did you mean|unknown key; the keys here are|is not a whole number|is not true or false|"
    r"is not a mapping; write keys|is not a list; write|is not a text; put|is not a CPU quantity|"
    r"is not a memory quantity|is not a duration; write|'[^']*' is not (?:\S+, )*\S+ or \S+(?:; did|$)"
)
"""Mistakes in one value or one key. All others are between keys, in what is missing, or in the form of a text."""
ONLY_FOR_THE_LOADER = re.compile(
    r"is not an? \S+ (such as|reference)|"
    r"is not (a port|a path|an image|an account|an instance|a package|the name|a name)"
)


def test_the_schema_is_what_the_models_say() -> None:
    written = json.loads(FILE.read_text())
    assert written == schema(), "run: python -m infra.settings.schema > stacks/schema.json"
    Draft7Validator.check_schema(written)


@pytest.mark.parametrize("file", STACK_FILES, ids=lambda file: file.name)
def test_a_file_that_is_loaded_is_accepted_and_names_the_schema(file: Path) -> None:
    assert marked(read_yaml(file)) == []
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", file.read_text())
    assert named
    assert (file.parent / named[1]).resolve() == FILE


def _of_a_schema(bad: BadInput) -> bool:
    return any(SEEN_BY_A_SCHEMA.search(line) and not ONLY_FOR_THE_LOADER.search(line) for line in bad.lines)


@pytest.mark.parametrize("bad", [one for one in BAD_INPUTS if _of_a_schema(one)], ids=lambda bad: bad.id)
def test_a_wrong_type_or_choice_and_an_unknown_key_are_marked_where_the_loader_refuses_them(bad: BadInput) -> None:
    assert marked(as_file(bad.sections()))


@pytest.mark.parametrize(
    "config",
    [
        {"nightowl:extends": "base", "nightowl:apps": {"web": {"scaling": {"max": 3}}}},
        {"nightowl:extends": ["base", "other"], "nightowl:network": None, "nightowl:apps": {"web": None}},
        {"nightowl:apps": {"report": {"schedule": None, "timeout": "5m"}}},
        {"aws:region": "eu-central-1"},
        None,
    ],
)
def test_what_stands_in_part_in_another_file_is_accepted(config: Any) -> None:
    assert marked({"config": config, "secretsprovider": "passphrase"}) == []


@pytest.mark.parametrize(
    "file",
    [
        {"conifg": {}},
        {"config": {"nightowl:app": {}}},
        {"config": {"apps": {}}},
        {"config": {"nightowl:apps": {"web": {"kind": "worker", "schedule": "@daily"}}}},
        {"config": {"nightowl:apps": {"web": {"kind": "wep"}}}},
        {"config": {"nightowl:extends": 5}},
        {"config": {"nightowl:extends": ""}},
        {"config": {"nightowl:extends": []}},
        {"config": {"nightowl:extends": None}},
        {"config": {"nightowl:apps": {"web": {"port": 800000}}}},
        {"config": {"nightowl:apps": {"web": {"port": 0}}}},
        {"config": {"nightowl:apps": {"web": {"replicas": -1}}}},
    ],
)
def test_a_key_that_is_none_and_a_number_out_of_its_bounds_are_marked(file: Any) -> None:
    assert marked(file)


def _at(found: Any) -> list[dict[str, Any]]:
    """The schemas that an editor looks into where it meets one: references followed, every form of a value."""
    if "$ref" in found:
        name = found["$ref"].rpartition("/")[2]
        return _at(document()["definitions"][name])
    return [one for form in found["anyOf"] for one in _at(form)] if "anyOf" in found else [found]


def _offered(*keys: str) -> dict[str, Any]:
    """The keys that an editor offers below `keys`, with their schemas; `*` is any name and any item of a list."""
    places: list[dict[str, Any]] = [document()]
    for key in keys:
        below = [one["properties"][key] if key in one.get("properties", {}) else _any(one) for one in places]
        places = [one for found in below if isinstance(found, dict) for one in _at(found)]
    return {key: one for place in places for key, one in place.get("properties", {}).items()}


def _any(place: dict[str, Any]) -> Any:
    return place.get("items", place.get("additionalProperties"))


def _sections(annotation: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """Every place of a stack file with fixed keys, and the models that may stand there."""
    models = [member for _, member in members(annotation) if is_section(member)]
    if models:
        yield place, models
    for model in models:
        for key, below in fields(model).items():
            start = f"{PROJECT}:{key}" if place == ("config",) else key
            yield from _sections(below, (*place, start))
    for _, member in members(annotation):
        map_of, item = map_types(member), item_type(member)
        if map_of or item:
            yield from _sections(map_of[1] if map_of else item, (*place, "*"))


def test_an_editor_offers_every_key_of_a_place_with_its_description() -> None:
    sections = list(_sections(StackSettings, ("config",)))
    assert len(sections) > 50
    for place, models in sections:
        offered = _offered(*place)
        prefix = f"{PROJECT}:" if place == ("config",) else ""
        known = {f"{prefix}{key}" for model in models for key in fields(model)}
        assert known <= set(offered), place
        assert [key for key in known if key != "kind" and not _described(offered[key])] == [], place


def _described(found: dict[str, Any]) -> bool:
    return "description" in found or any("description" in one for one in found.get("anyOf", []))


@pytest.mark.parametrize(
    ("place", "values"),
    [
        (("nightowl:apps", "*", "kind"), ["web", "worker", "stateful", "cron", "job"]),
        (("nightowl:platform", "kind"), ["eks", "existing", "guest"]),
        (("nightowl:network", "nat"), ["perZone", "single"]),
        (("nightowl:apps", "*", "availability", "priority"), ["high", "normal", "low"]),
    ],
)
def test_an_editor_offers_the_values_of_a_choice(place: tuple[str, ...], values: list[str]) -> None:
    *above, key = place
    found = _offered("config", *above)[key]
    assert sorted(filter(None, found["enum"])) == sorted(values)


def test_an_editor_shows_a_default_as_it_is_written() -> None:
    rollout = _offered("config", "nightowl:apps", "*", "rollout")
    assert (rollout["surge"]["default"], rollout["finishWithin"]["default"]) == ("25%", "30s")


@pytest.mark.parametrize("value", [8080, {"port": 8080, "protocol": "udp"}])
def test_a_short_form_and_the_mapping_it_stands_for_are_accepted(value: Any) -> None:
    assert marked(as_file({"apps": {"web": {"ports": {"more": value}}}})) == []
    assert marked(as_file({"apps": {"web": {"ports": {"more": [value]}}}}))
