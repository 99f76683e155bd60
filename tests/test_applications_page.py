"""Every example of docs/applications.md can be planned as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.plan.plan import plan_of_file

PAGE = Path(__file__).parents[1] / "docs" / "applications.md"
ELSEWHERE = {"platform": {"kind": "existing", "context": "example"}}
EXAMPLES = [
    pytest.param(example, id=f"{section.splitlines()[0]} {number}")
    for section in PAGE.read_text().split("\n## ")
    for number, example in enumerate(re.findall(r"^```yaml\n(.*?)^```", section, re.S | re.M), 1)
]


def _stack_file(example: str) -> str:
    sections: dict[str, Any] = {**ELSEWHERE, **yaml.safe_load(example)}
    return yaml.safe_dump({"config": {f"nightowl:{key}": value for key, value in sections.items()}})


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_violates_nothing_that_stops_a_deployment_of_dev(example: str, tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(_stack_file(example))
    plan = plan_of_file(file, "dev")
    assert plan.apps
    assert plan.policies.mandatory == []
