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


def _usual_images() -> tuple[dict[str, list[str]], dict[str, Any]]:
    """Return the cells of the table by image, and the apps of the example below it."""
    section = PAGE.read_text().partition("\n## How usual images behave under the defaults\n")[2].partition("\n## ")[0]
    rows = [re.split(r" *\| *", row)[1:-1] for row in re.findall(r"^\| `[a-z]+` \|.*$", section, re.M)]
    [example] = re.findall(r"^```yaml\n(.*?)^```", section, re.S | re.M)
    return {row[0].strip("`"): row[1:] for row in rows}, yaml.safe_load(example)["apps"]


TABLE, USUAL = _usual_images()


def test_the_table_has_the_usual_images() -> None:
    assert TABLE.keys() >= {
        "postgres", "mysql", "redis", "nginx", "rabbitmq", "elasticsearch", "wordpress", "keycloak",
    }  # fmt: skip
    assert TABLE.keys() == USUAL.keys()


@pytest.mark.parametrize("image", TABLE)
def test_the_app_of_a_usual_image_does_what_its_row_says(image: str) -> None:
    _, user, writes, data, _ = TABLE[image]
    app = USUAL[image]
    assert re.search(rf"/{image}:", app["image"])
    if re.match(r"\d", user):
        assert str(app["security"]["user"]) in re.findall(r"\d+", user)
    if app["security"].get("readOnlyRoot", True):
        assert set(re.findall(r"`(/[^`]+)`", writes)) <= {*app.get("writable", [])}
    mounts = {volume["mount"] for volume in app.get("volumes", {}).values()}
    assert mounts <= set(re.findall(r"`(/[^`]+)`", data))
    assert bool(mounts) == (data != "none")
