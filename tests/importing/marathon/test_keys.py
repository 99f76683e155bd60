"""Nothing of a definition is dropped silently: each key that Marathon's API knows ends in one of the columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from infra.importing.marathon.mapper import import_marathon

SCHEMA = Path(__file__).with_name("schema_paths.txt")
SAMPLES: dict[str, Any] = {
    "boolean": True,
    "datetime": "2016-01-01T00:00:00.000Z",
    "integer": 7,
    "number": 0.5,
    "string": "sample",
}


def sample(types: str) -> Any:
    first = types.split(",", maxsplit=1)[0]
    return SAMPLES.get(first, first.split("|")[0])


def with_value(steps: list[str], value: Any, base: Any) -> Any:
    """Put a value at a path of names and list places into a definition; `*` is a list, or a name where that fits."""
    if not steps:
        return value
    step, *rest = steps
    if step == "*":
        return [with_value(rest, value, {})]
    named = {"env", "environment", "labels", "secrets", "options", "nodeStageSecret", "nodePublishSecret"}
    if step in named and rest[:1] == ["*"]:
        return {**base, step: {"name": with_value(rest[1:], value, {})}}
    below = base.get(step, {}) if isinstance(base, dict) else {}
    return {**base, step: with_value(rest, value, below)}


def definition(number: int, path: str, types: str) -> dict[str, Any]:
    kind, _, *steps = path.split(".")
    container = {"name": "main", "resources": {}, "endpoints": [{"name": "http"}]}
    bases: dict[str, dict[str, Any]] = {
        "apps": {"id": f"/all/a{number}", "cmd": "sleep $PORT0"},
        "pods": {"id": f"/all/p{number}", "containers": [container]},
        "groups": {"id": f"/all/g{number}", "apps": [{"id": "one", "cmd": "sleep 1"}]},
    }
    base = bases[kind]
    if steps == ["id"]:
        return base
    if kind == "pods" and steps[0] == "containers":
        inside = with_value(steps[2:], sample(types), container)
        return {**base, "containers": [with_question(inside)]}
    return with_question(with_value(steps, sample(types), base))


def with_question(described: dict[str, Any]) -> dict[str, Any]:
    """Let each check ask something, as the rest of it says nothing else."""
    for check in described.get("healthChecks", []):
        if "command" in check:
            check["protocol"] = "COMMAND"
    for name in ("check", "healthCheck"):
        if name in described and not {"http", "tcp", "exec"} & described[name].keys():
            described[name]["tcp"] = {"endpoint": "http"}
    return described


def test_each_key_of_the_schema_ends_in_a_column(tmp_path: Path) -> None:
    lines = [line.split(" ", 1) for line in SCHEMA.read_text().splitlines() if not line.startswith("#")]
    file = tmp_path / "all.json"
    file.write_text(json.dumps([definition(index, path, types) for index, (path, types) in enumerate(lines)]))
    findings = import_marathon([file], None).findings
    unknown = {".".join(map(str, finding.key)) for finding in findings if "is not known" in finding.text}
    assert unknown == set()
    assert len(findings) > len(lines)


def test_a_key_that_marathon_does_not_know_is_named(tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    file.write_text('{"id": "/one", "cmd": "sleep 1",\n "instancez": 3}')
    (found,) = [one for one in import_marathon([file], None).findings if "is not known" in one.text]
    assert (found.key, found.place.rpartition("/")[2]) == (("apps", "/one", "instancez"), "one.json:2")
