"""The checks that a pull request must pass: the jobs of ci.yml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from infra.errors import UsageError
from infra.settings.yaml_file import read_yaml

WORKFLOW = ".github/workflows/ci.yml"


def required_checks(project: Path) -> tuple[str, ...]:
    """Read the names of the checks that GitHub reports for ci.yml: each job's `name`, or else its key.

    Raises:
        SettingsError: there is no such file, or it is no YAML.
        UsageError: it has no jobs, or one whose name is known only when it runs.
    """
    document = read_yaml(project / WORKFLOW)
    jobs = document.get("jobs")
    if not isinstance(jobs, Mapping) or not jobs:
        raise UsageError(f"{WORKFLOW} has no jobs, and a pull request needs a check that it must pass")
    return tuple(_check(str(key), job) for key, job in cast(Mapping[object, object], jobs).items())


def _check(key: str, job: object) -> str:
    settings = cast(Mapping[str, object], job if isinstance(job, Mapping) else {})
    strategy = settings.get("strategy")
    name = str(settings.get("name", key))
    if (isinstance(strategy, Mapping) and "matrix" in strategy) or "${{" in name or "uses" in settings:
        raise UsageError(
            f"{WORKFLOW}: the job {key} gives its check a name that is known only when it runs (a matrix, an "
            "expression or a called workflow); give what must pass a job with a name of its own"
        )
    return name
