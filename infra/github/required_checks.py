"""The checks that a pull request must pass: the jobs of ci.yml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from infra.errors import UsageError
from infra.settings.yaml_file import read_yaml

WORKFLOW = ".github/workflows/ci.yml"


def required_checks(project: Path) -> tuple[str, ...]:
    """Read the names of the checks that GitHub reports for ci.yml: each job's `name`, or else its key.

    A job with a matrix of one key has a check for each of its values, such as `python (3.11)`.

    Raises:
        SettingsError: there is no such file, or it is no YAML.
        UsageError: it has no jobs, or one whose name is known only when it runs.
    """
    document = read_yaml(project / WORKFLOW)
    jobs = document.get("jobs")
    if not isinstance(jobs, Mapping) or not jobs:
        raise UsageError(f"{WORKFLOW} has no jobs, and a pull request needs a check that it must pass")
    named = cast(Mapping[object, object], jobs)
    return tuple(name for key, job in named.items() for name in _checks(str(key), job))


def _checks(key: str, job: object) -> list[str]:
    settings = cast(Mapping[str, Any], job if isinstance(job, Mapping) else {})
    strategy = settings.get("strategy")
    matrix = cast(Mapping[str, Any], strategy).get("matrix") if isinstance(strategy, Mapping) else None
    if matrix is None and "uses" not in settings and "${{" not in str(settings.get("name")):
        return [str(settings.get("name", key))]
    match matrix:
        case {**keys} if len(keys) == 1 and "name" not in settings:
            values = next(iter(keys.values()))
            if isinstance(values, list) and all(isinstance(value, str) for value in cast(list[object], values)):
                return [f"{key} ({value})" for value in cast(list[str], values)]
        case _:
            pass
    raise UsageError(
        f"{WORKFLOW}: the job {key} gives its check a name that is known only when it runs (an expression, a matrix "
        "that is not one list of texts, or a called workflow); give what must pass a job with a name of its own"
    )
