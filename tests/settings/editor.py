"""An editor with stacks/schema.json: what it marks as wrong."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

FILE = Path(__file__).parents[2] / "stacks" / "schema.json"


@cache
def document() -> dict[str, Any]:
    return json.loads(FILE.read_text())


def marked(file: Any) -> list[str]:
    """What the editor says of a file, as read from YAML."""
    return [f"{error.json_path}: {error.message[:200]}" for error in Draft7Validator(document()).iter_errors(file)]


def as_file(sections: dict[str, Any]) -> dict[str, Any]:
    return {"config": {f"nightowl:{key}": value for key, value in sections.items()}}
