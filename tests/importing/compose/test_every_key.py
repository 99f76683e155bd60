"""Every path of the schema of the Compose specification ends in a column of the report: nothing is dropped silently."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import pytest

from infra.importing.compose.keys import KEYS
from infra.importing.keys import find_key
from infra.importing.source import leaves
from tests.importing.compose.projects import imported_values

SCHEMA: Mapping[str, Any] = json.loads(
    files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_text()
)
UNKNOWN = "is not known to"
SAMPLES = {"string": "sample", "number": 1, "integer": 1, "boolean": True, "null": None}
NAMED = {"services", "networks", "volumes", "secrets", "configs", "models", "jobs"}


def samples(schema: Any, depth: int = 0) -> Iterator[Any]:
    """List a value for each path and each type that a schema allows."""
    if "$ref" in schema:
        schema = SCHEMA[schema["$ref"].split("/")[1]][schema["$ref"].split("/")[2]]
    for key in ("oneOf", "anyOf", "allOf"):
        for one in schema.get(key, ()):
            yield from samples(one, depth)
    if depth > 8:
        return
    yield from schema.get("enum", ())
    kinds = schema.get("type", "object" if "properties" in schema else ())
    for kind in [kinds] if isinstance(kinds, str) else kinds:
        if kind == "array":
            yield []
            yield from ([item] for item in samples(schema.get("items", {}), depth + 1))
        elif kind == "object":
            yield {}
            yield from _objects(schema, depth)
        else:
            yield "10s" if schema.get("format") == "duration" else SAMPLES[kind]


def _objects(schema: Any, depth: int) -> Iterator[dict[str, Any]]:
    for name, below in schema.get("properties", {}).items():
        yield from ({name: value} for value in samples(below, depth + 1))
    others = [*schema.get("patternProperties", {}).items(), ("", schema.get("additionalProperties", False))]
    for pattern, below in others:
        name = "x-sample" if pattern.startswith("^x-") else "sample"
        if isinstance(below, dict):
            yield from ({name: value} for value in samples(below, depth + 1))


def every_service() -> dict[str, Any]:
    image = {"image": "example.com/sample:1"}
    found = samples(SCHEMA["properties"]["services"])
    services = (value for one in found for value in one.values() if isinstance(value, dict))
    return {f"s{index}": image | value for index, value in enumerate(services)}


def everything_else() -> dict[str, Any]:
    values: dict[str, Any] = {"services": {"web": {"image": "example.com/sample:1"}}}
    for key, schema in SCHEMA["properties"].items():
        if key in NAMED - {"services"}:
            named = [value for one in samples(schema) for value in one.values()]
            values[key] = {f"n{index}": value for index, value in enumerate(named)}
        elif key != "services":
            values[key] = [value for value in samples(schema) if value][-1]
    return values


def every_key_of_a_job() -> dict[str, Any]:
    triggers = SCHEMA["$defs"]["job"]["properties"]["triggers"]
    found = [{"triggers": {"schedule": ["0 3 * * *"]} | value} for value in samples(triggers)]
    found += [{key: below} for key, below in {next(iter(one)): next(iter(one.values())) for one in _jobs()}.items()]
    nightly = {"image": "example.com/sample:1", "triggers": {"schedule": ["0 3 * * *"]}}
    return {f"j{index}": nightly | value for index, value in enumerate(found)}


def _jobs() -> Iterator[dict[str, Any]]:
    found = samples(SCHEMA["properties"]["jobs"])
    return (value for one in found for value in one.values() if value and "triggers" not in value)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"services": every_service()}, id="services"),
        pytest.param(everything_else(), id="others"),
        pytest.param({"jobs": every_key_of_a_job()}, id="jobs"),
    ],
)
def test_every_path_of_the_specification_ends_in_one_of_the_four_columns(values: Mapping[str, Any]) -> None:
    found = imported_values(values).findings

    assert [finding.key for finding in found if UNKNOWN in finding.text] == []
    covered = {finding.key for finding in found}
    dropped = [leaf for leaf in leaves(values) if not any(leaf[:end] in covered for end in range(1, len(leaf) + 1))]
    assert dropped == []


def test_the_samples_are_those_of_the_whole_schema() -> None:
    used = {key for service in every_service().values() for key in service}

    assert {"deploy", "healthcheck", "build", "gpus", "pre_start", "volumes", "networks"} <= used
    assert len(every_service()) > 300


def test_the_table_has_every_key_of_a_service() -> None:
    keys = {key for service in every_service().values() for key in service}

    assert [key for key in keys if not key.startswith("x-") and f"services.*.{key}" not in KEYS] == []


def test_the_table_has_every_section() -> None:
    assert [key for key in SCHEMA["properties"] if find_key(KEYS, (key,)) is None] == []
