"""What GitHub starts when something happens: events, the jobs that they start, and the token that a job is given.

The events hold what the workflows read of them, in the shapes of GitHub's documentation ("Events that trigger
workflows", "Webhook events and payloads"); the token's claims are those of "OpenID Connect reference".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from tests.workflows.delivering import EACH, image_of
from tests.workflows.expressions import as_text, fill, holds
from tests.workflows.files import ACTIONS, LOCAL, ROLE_ACTION, WORKFLOWS

OURS = "example/nightowl"
FORK = "somebody/nightowl"
DEFAULT_TYPES = ("opened", "synchronize", "reopened")
OUTPUTS: Mapping[str, Mapping[str, str]] = {
    "stacks": {"stacks": json.dumps(EACH)},
    "build": {"images": json.dumps({"web": image_of("dev", "b")}), "again": "true"},
    "role": {"role-arn": "arn:aws:iam::111122223333:role/r", "region": "eu-central-1", "account-id": "111122223333"},
}
"""What the steps of these ids say, and so what the jobs of the same names pass on."""
DEFAULTS: Mapping[str, str] = {"GITHUB_SHA": "5" * 40}
"""What a runner gives each step without being asked, as far as commands use it: the commit that the run is of."""
VARIABLES: Mapping[str, str] = {"NIGHTOWL_DELIVERY": "on", "NIGHTOWL_RELEASES": "on"}


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happens in the repository `repository`: `changed` are the files of a push."""

    name: str
    ref: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    changed: Sequence[str] = ()
    workflow: str = ""
    repository: str = OURS

    def github(self) -> dict[str, Any]:
        """Give the context `github`."""
        return {
            "event_name": self.name,
            "event": self.payload,
            "ref": self.ref,
            "repository": self.repository,
            "run_id": 4711,
            "run_attempt": 1,
            "token": "the-token-of-the-job",
        }


def pull_request(action: str, *labels: str, label: str = "", repository: str = OURS) -> Event:
    """Make an event of pull request 7, which carries `labels`; `label` is the one that the event is about."""
    payload = {
        "action": action,
        "label": {"name": label} if label else None,
        "pull_request": {
            "number": 7,
            "labels": [{"name": name} for name in labels],
            "head": {"repo": {"full_name": repository}},
            "base": {"ref": "main"},
        },
    }
    return Event(name="pull_request", ref="refs/pull/7/merge", payload=payload)


def push(*changed: str, ref: str = "refs/heads/main") -> Event:
    """Make a push that changes files."""
    return Event(name="push", ref=ref, changed=changed)


def schedule(workflow: str) -> Event:
    """Make the nightly event of a workflow; GitHub runs it on the default branch."""
    return Event(name="schedule", ref="refs/heads/main", workflow=workflow)


def dispatch(workflow: str, *, ref: str = "refs/heads/main", **inputs: Any) -> Event:
    """Start a workflow by hand; inputs that are not given have their defaults."""
    declared = WORKFLOWS[workflow]["on"]["workflow_dispatch"] or {}
    texts = {name: one.get("default", "") for name, one in declared.get("inputs", {}).items()}
    return Event(name="workflow_dispatch", ref=ref, workflow=workflow, inputs={**texts, **inputs})


@dataclass(frozen=True, kw_only=True)
class Command:
    """One `run` of a job, with its variables filled in."""

    line: str
    environment: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class JobRun:
    """A job that an event started."""

    workflow: str
    name: str
    job: Mapping[str, Any]
    contexts: Mapping[str, Any]
    event: Event

    @property
    def title(self) -> str:
        """Name it with the role that it takes: `preview.yml preview as dev-preview`."""
        role = self.role()
        return f"{self.workflow} {self.name}" + (f" as {role[0]}-{role[1]}" if role else "")

    def value(self, key: str) -> Any:
        """Give a value of the job, filled in."""
        return fill(self.job.get(key), self.contexts)

    def environment_name(self) -> str | None:
        """Name the GitHub environment that it runs in."""
        return self.value("environment")

    def role(self) -> tuple[str, str] | None:
        """Name the stack and the kind of the role that it takes."""
        for step in self.job["steps"]:
            if step.get("uses") == ROLE_ACTION:
                inputs = fill(step["with"], self.contexts)
                return inputs["stack"], inputs["as"]
        return None

    def role_seconds(self) -> int:
        """Tell how long its credentials last."""
        given = [step["with"].get("seconds") for step in self.job["steps"] if step.get("uses") == ROLE_ACTION]
        return int(given[0] or ACTIONS[ROLE_ACTION]["inputs"]["seconds"]["default"])

    def commands(self) -> Iterator[Command]:
        """Give its commands, those of the actions of this repository included."""
        yield from _commands(self.job["steps"], self.contexts, fill(self.job.get("env", {}), self.contexts))


def jobs_started(event: Event, *, variables: Mapping[str, str] = VARIABLES) -> list[JobRun]:
    """Give the jobs that run because of an event, if all goes well."""
    return [
        run
        for file, workflow in WORKFLOWS.items()
        if _triggers(file, workflow["on"], event)
        for run in _jobs_of(file, event, variables, event.inputs)
    ]


def claims(run: JobRun, *, prefix: str | None = None, repository_id: str = "123456789") -> dict[str, Any]:
    """Give the claims of the token that GitHub makes for a job: `prefix` is the subject's beginning."""
    environment = run.environment_name()
    if environment:
        rest = f"environment:{environment}"
    elif run.event.name == "pull_request":
        rest = "pull_request"
    else:
        rest = f"ref:{run.event.ref}"
    return {
        "iss": "https://token.actions.githubusercontent.com",
        "aud": "sts.amazonaws.com",
        "sub": f"{prefix or f'repo:{run.event.repository}'}:{rest}",
        "repository": run.event.repository,
        "repository_id": repository_id,
        "repository_owner": run.event.repository.split("/")[0],
        "event_name": run.event.name,
        "ref": run.event.ref,
        **({"environment": environment} if environment else {}),
        "job_workflow_ref": f"{run.event.repository}/.github/workflows/{run.workflow}@{run.event.ref}",
    }


def _triggers(file: str, on: Any, event: Event) -> bool:
    triggers = on if isinstance(on, Mapping) else dict.fromkeys([on] if isinstance(on, str) else on)
    if event.name not in triggers or event.workflow not in ("", file):
        return False
    filters = triggers[event.name] or {}
    if event.name == "pull_request":
        pull = event.payload["pull_request"]
        return event.payload["action"] in filters.get("types", DEFAULT_TYPES) and _one_of(
            [pull["base"]["ref"]], filters.get("branches")
        )
    if event.name == "push":
        branch = event.ref.removeprefix("refs/heads/")
        return _one_of([branch], filters.get("branches")) and _one_of(event.changed, filters.get("paths"))
    return True


def _one_of(values: Sequence[str], patterns: Sequence[str] | None) -> bool:
    return patterns is None or any(fnmatchcase(value, pattern) for value in values for pattern in patterns)


def _jobs_of(file: str, event: Event, variables: Mapping[str, str], inputs: Mapping[str, Any]) -> Iterator[JobRun]:
    started: set[str] = set()
    contexts: dict[str, Any] = {"github": event.github(), "vars": variables, "inputs": inputs}
    waiting = dict(WORKFLOWS[file]["jobs"])
    while waiting:
        name, job = next((name, job) for name, job in waiting.items() if not _needs(job) & (waiting.keys() - {name}))
        del waiting[name]
        here = {**contexts, "needs": {one: {"outputs": OUTPUTS.get(one, {})} for one in _needs(job)}}
        if not _needs(job) <= started or not holds(job.get("if"), here):
            continue
        runs = list(_runs(file, name, job, here, event, variables))
        if runs:
            started.add(name)
        yield from runs


def _runs(
    file: str,
    name: str,
    job: Mapping[str, Any],
    contexts: Mapping[str, Any],
    event: Event,
    variables: Mapping[str, str],
) -> Iterator[JobRun]:
    for cell in _matrix(job, contexts):
        here = {**contexts, "matrix": cell, "strategy": {"job-index": 0}, "job": {}, "runner": {"os": "Linux"}}
        if "uses" in job:
            called = str(job["uses"]).removeprefix(f"{LOCAL}.github/workflows/")
            yield from _jobs_of(called, event, variables, fill(job.get("with", {}), here))
        else:
            yield JobRun(workflow=file, name=name, job=job, contexts=here, event=event)


def _matrix(job: Mapping[str, Any], contexts: Mapping[str, Any]) -> list[dict[str, Any]]:
    matrix = fill(job.get("strategy", {}).get("matrix", {}), contexts)
    cells: list[dict[str, Any]] = [{}]
    for key, values in matrix.items():
        cells = [{**cell, key: value} for cell in cells for value in values]
    return cells


def _needs(job: Mapping[str, Any]) -> set[str]:
    needs = job.get("needs", [])
    return {needs} if isinstance(needs, str) else set(needs)


def _commands(
    steps: Sequence[Mapping[str, Any]], contexts: Mapping[str, Any], environment: Mapping[str, Any]
) -> Iterator[Command]:
    outputs = {name: {"outputs": values} for name, values in OUTPUTS.items()}
    here = {**contexts, "steps": outputs, "env": environment}
    for step in steps:
        if not holds(step.get("if"), here):
            continue
        variables = {**environment, **fill(step.get("env", {}), here)}
        if "run" in step:
            texts = {key: as_text(value) for key, value in variables.items()}
            yield Command(line=step["run"], environment=texts)
        elif step["uses"] in ACTIONS:
            action = ACTIONS[step["uses"]]
            defaults = {name: one.get("default", "") for name, one in action["inputs"].items()}
            inputs = {**defaults, **fill(step["with"], here)}
            yield from _commands(action["runs"]["steps"], {**here, "inputs": inputs}, variables)


def words(command: Command) -> list[str]:
    """Split a command as bash does, with each `"$NAME"` replaced by its value."""
    parts = re.findall(r'"\$\w+"|\S+', command.line.removeprefix("exec "))
    values = {**DEFAULTS, **command.environment}
    return [values[part[2:-1]] if part.startswith('"$') else part for part in parts]
