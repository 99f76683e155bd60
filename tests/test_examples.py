"""Every example runs as it is on a cluster that is there, and with the infrastructure of dev on Amazon EKS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.local.paths import KUBE_CONTEXT
from infra.plan.plan import plan_of_file
from infra.settings.stack_file import stack_config

REPOSITORY = Path(__file__).parents[1]
EXAMPLES = sorted((REPOSITORY / "examples").glob("*/Pulumi.*.yaml"))
BY_NAME = [pytest.param(file, id=file.parent.name) for file in EXAMPLES]
INFRASTRUCTURE = ("platform", "network", "cluster", "nodePools", "loadBalancer")
"""The sections of dev that stand in place of an example's platform on EKS, as examples/README.md says."""


def _config(file: Path) -> dict[str, Any]:
    return stack_config(file)


def _on_eks(example: Path, folder: Path) -> Path:
    dev = _config(REPOSITORY / "stacks" / "Pulumi.dev.yaml")
    infrastructure = {f"nightowl:{section}": dev[f"nightowl:{section}"] for section in INFRASTRUCTURE}
    file = folder / "Pulumi.dev.yaml"
    file.write_text(yaml.safe_dump({"config": {**_config(example), **infrastructure}}))
    return file


@pytest.mark.parametrize("example", BY_NAME)
@pytest.mark.parametrize("platform", ["existing", "eks"])
def test_an_example_violates_nothing_that_stops_a_deployment_of_dev(
    example: Path, platform: str, tmp_path: Path
) -> None:
    plan = plan_of_file(example if platform == "existing" else _on_eks(example, tmp_path), "dev")
    assert {app.name for app in plan.apps} == set(_config(example)["nightowl:apps"])
    assert plan.policies.mandatory == []


@pytest.mark.parametrize("example", BY_NAME)
def test_an_example_says_by_its_name_and_its_namespace_what_it_is(example: Path) -> None:
    config = _config(example)
    name = example.parent.name
    assert example.name == f"Pulumi.{name}.yaml"
    assert config["nightowl:namespace"]["name"] == name
    assert config["nightowl:platform"]["context"] == KUBE_CONTEXT


@pytest.mark.parametrize("example", BY_NAME)
def test_the_table_leads_to_the_page_of_an_example_which_tells_how_to_start_it(example: Path) -> None:
    name = example.parent.name
    page = (example.parent / "README.md").read_text(encoding="utf-8")
    assert f"({name}/README.md)" in (REPOSITORY / "examples" / "README.md").read_text(encoding="utf-8")
    assert f"nightowl local up --file examples/{name}/{example.name}" in page
    assert f"nightowl plan -s dev --file examples/{name}/{example.name}" in page


@pytest.mark.parametrize("example", BY_NAME)
def test_the_page_of_an_example_names_every_secret_that_must_be_there(example: Path) -> None:
    page = (example.parent / "README.md").read_text(encoding="utf-8")
    for app in _config(example)["nightowl:apps"].values():
        for secret in app.get("secrets", {}).values():
            reference = secret if isinstance(secret, str) else secret["ref"]
            assert f"`{reference}`" in page
