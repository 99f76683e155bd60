"""Sentences of the documentation that carry a figure or an example, against what they are about."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from infra.settings.app.application import CronSettings, WebSettings, WorkerSettings
from infra.settings.problems import SettingsError
from infra.settings.stack_file import settings_from_stack_file
from infra.versions import KUBERNETES_VERSIONS

REPOSITORY = Path(__file__).resolve().parents[1]
STACKS = REPOSITORY / "stacks"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())


def page(name: str) -> str:
    return (REPOSITORY / name).read_text()


README = page("README.md")


@pytest.mark.parametrize("name", ["README.md", "docs/getting-started.md"])
def test_a_page_names_the_python_versions_that_the_package_takes(name: str) -> None:
    first, last = re.findall(r"Python 3\.(\d+) to 3\.(\d+)", page(name))[0]
    assert PROJECT["project"]["requires-python"] == f">=3.{first},<3.{int(last) + 1}"


@pytest.mark.parametrize("name", ["docs/local.md", "docs/existing-cluster.md"])
def test_a_page_names_the_uv_that_the_project_asks_for(name: str) -> None:
    assert f"uv {PROJECT['tool']['uv']['required-version'].removeprefix('>=')} or newer" in page(name)


def test_the_apps_of_the_first_cluster_are_those_of_the_readme() -> None:
    apps = settings_from_stack_file(STACKS / "Pulumi.local.yaml").apps
    web, worker, report = apps["web"], apps["worker"], apps["report"]
    assert isinstance(web, WebSettings)
    assert isinstance(worker, WorkerSettings)
    assert isinstance(report, CronSettings)
    for name, app in (("web", web), ("worker", worker)):
        assert app.autoscaling is not None
        low, high, cpu = app.autoscaling.min, app.autoscaling.max, app.autoscaling.cpu
        assert re.search(rf"^{name} .* {low}/{low} ready .* {low} to {high}, cpu 20%/{cpu}%$", README, re.M)
    assert re.search(rf"^report +cron +{re.escape(str(report.schedule))} ", README, re.M)


def test_the_first_example_gets_what_the_readme_says(tmp_path: Path) -> None:
    [example] = re.findall(r"```yaml\n(.*?)```", README, re.S)
    file = tmp_path / "stacks" / "Pulumi.dev.yaml"
    file.parent.mkdir()
    file.write_text(example)
    web = settings_from_stack_file(file).apps["web"]
    assert isinstance(web, WebSettings)
    assert web.autoscaling is not None
    assert (web.autoscaling.min, web.autoscaling.max) == (3, 10)

    file.write_text(f"{example}      scaling: {{ max: 2 }}\n      healt: {{}}\n")
    with pytest.raises(SettingsError) as refused:
        settings_from_stack_file(file)
    for line in str(refused.value).splitlines():
        assert f"\n{line}\n" in README


def test_the_change_of_the_guide_can_be_made() -> None:
    before, after = re.findall(r"`(max: \d+)` to `(max: \d+)` say", page("docs/getting-started.md"))[0]
    text = page("stacks/Pulumi.dev.yaml")
    assert before in text
    assert after not in text


def test_the_page_of_the_pipeline_lists_each_workflow() -> None:
    listed = re.findall(r"`\.github/workflows/(\w+)\.yml`", page("docs/delivery.md"))
    assert set(listed) >= {file.stem for file in (REPOSITORY / ".github" / "workflows").glob("*.yml")}


def test_the_page_of_eks_knows_which_version_is_missing() -> None:
    [missing] = re.findall(r"EKS offers (1\.\d+) since \S+; it is missing until", page("docs/eks.md"))
    assert [version for version, known in KUBERNETES_VERSIONS.items() if not known.autoscaler_tag][-1] == missing
