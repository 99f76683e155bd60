"""The update bot finds each pin that stands outside of a file of a package manager."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from infra.addons import ADDONS
from infra.toolchain import table
from infra.versions import KUBERNETES_VERSIONS
from tests.workflows.files import GITHUB, REPOSITORY

CONFIG: dict[str, Any] = json.loads((GITHUB / "renovate.json").read_text())
FILES = sorted(
    file.relative_to(REPOSITORY).as_posix()
    for pattern in ("*.md", "docs/*.md", "stacks/*", "infra/**/*", "tests/plan/*")
    for file in REPOSITORY.glob(pattern)
    if file.is_file() and "__pycache__" not in file.parts
)


def selected(patterns: list[str]) -> list[str]:
    """List the files that the patterns of a manager select; each is a regular expression between slashes."""
    return [file for file in FILES if any(re.search(pattern.strip("/"), file) for pattern in patterns)]


def pins(description: str) -> Iterator[dict[str, str]]:
    (manager,) = [one for one in CONFIG["customManagers"] if one["description"].startswith(description)]
    for file in selected(manager["managerFilePatterns"]):
        for expression in manager["matchStrings"]:
            # JavaScript writes the name of a group without a P.
            for found in re.finditer(expression.replace("(?<", "(?P<"), (REPOSITORY / file).read_text()):
                yield found.groupdict()


def test_it_finds_every_chart() -> None:
    charts = [addon.chart for addon in ADDONS if addon.chart]
    assert charts
    assert {(pin["registryUrl"], pin["depName"], pin["currentValue"]) for pin in pins("Helm charts")} == {
        (chart.repository, chart.chart, chart.version) for chart in charts
    }


def test_it_finds_the_autoscaler_of_every_kubernetes_version() -> None:
    tags = [version.autoscaler_tag for version in KUBERNETES_VERSIONS.values() if version.autoscaler_tag]
    assert [pin["currentValue"] for pin in pins("The Cluster Autoscaler")] == tags


def test_it_finds_every_version_of_the_tools() -> None:
    found = {pin["currentValue"] for pin in pins("Versions in Python")}
    pinned = {value for name, value in vars(table).items() if name.endswith("_VERSION")}
    assert pinned - found == {table.OLDEST_PULUMI_CLI_VERSION, table.PROVIDER_VERSION}, "a floor, and the one of source"


def test_it_finds_every_image_of_the_shipped_stacks() -> None:
    images = [
        image
        for file in [*selected(["^stacks/.+yaml"]), "README.md", *selected(["^docs/"])]
        for image in re.findall(r"\bimage: (\S+@sha256:[0-9a-f]{64})", (REPOSITORY / file).read_text())
    ]
    found = [f"{pin['depName']}:{pin['currentValue']}@{pin['currentDigest']}" for pin in pins("Images")]
    assert sorted(found) == sorted(images)


def test_the_files_of_package_managers_that_it_does_not_know_by_name_are_selected() -> None:
    assert selected(CONFIG["pip_requirements"]["managerFilePatterns"]) == [
        "infra/toolchain/go.txt",
        "infra/toolchain/uv.txt",
    ]
