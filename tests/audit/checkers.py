"""The outside checkers: programs of others that judge what the stacks would make, each in its own language."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUN_SECONDS = 300
VALIDATE_LINE = re.compile(
    r"(?:ERROR|WARN) +(?P<file>\S+) (?P<message>.*?)"
    r"(?: for resource (?P<resource>\S+) against version \S+)?(?P<rest>: .*)?$"
)


class CheckerError(Exception):
    """A checker could not be run, or said something that is not understood."""


@dataclass(frozen=True, kw_only=True, order=True)
class Finding:
    """What a checker holds against one thing. `subject` is the stack, or `repository`."""

    checker: str
    subject: str
    rule: str
    resource: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Tools:
    """Where the checkers are installed."""

    folder: Path
    actionlint: Path

    def run(self, name: str, *arguments: str | Path, cwd: Path) -> str:
        """Run a checker and give what it prints.

        Raises:
            CheckerError: it is not installed, or does not end.
        """
        program = self.actionlint if name == "actionlint" else self.folder / name
        if not program.exists():
            raise CheckerError(f"{name}: not installed in {self.folder}; run `make audit`, which installs it")
        try:
            done = subprocess.run(
                [program, *map(str, arguments)],
                cwd=cwd,
                capture_output=True,
                text=True,
                timeout=RUN_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CheckerError(f"{name}: no end after {RUN_SECONDS} s") from None
        if not done.stdout.strip() and done.returncode not in {0, 1}:
            raise CheckerError(f"{name}: {done.stderr.strip()[-500:]}")
        return done.stdout + (done.stderr if name == "kubernetes-validate" else "")


def checkov(tools: Tools, folder: Path, subject: str) -> Iterator[Finding]:
    """Judge the Kubernetes objects and the Terraform plan in `folder`.

    Raises:
        CheckerError: checkov read neither.
    """
    frameworks = ["kubernetes", "terraform_plan"]
    text = tools.run(
        "checkov", "-d", ".", "--framework", *frameworks, "-o", "json", "--skip-download", "--compact", cwd=folder
    )
    reports: Any = _json("checkov", text)
    for report in reports if isinstance(reports, list) else [reports]:
        if "results" not in report or report["summary"]["parsing_errors"]:
            raise CheckerError(f"checkov: read nothing, or not all, in {subject}: {report.get('summary', report)}")
        for failed in report["results"]["failed_checks"]:
            yield Finding(
                checker="checkov",
                subject=subject,
                rule=failed["check_id"],
                resource=failed["resource"],
                message=failed["check_name"],
            )


def kubernetes_validate(tools: Tools, folder: Path, subject: str, *, minor: str) -> Iterator[Finding]:
    """Judge each object in `folder/objects` by the schema of one Kubernetes version; unknown fields are refused."""
    files = sorted((folder / "objects").glob("*.yaml"))
    names = [file.relative_to(folder) for file in files]
    text = tools.run("kubernetes-validate", "-k", minor, "--strict", "--quiet", *names, cwd=folder)
    for line in text.splitlines():
        found = VALIDATE_LINE.match(line)
        if found is None:
            raise CheckerError(f"kubernetes-validate: {line}")
        yield Finding(
            checker="kubernetes-validate",
            subject=subject,
            rule="schema" if line.startswith("ERROR") else "no-schema",
            resource=Path(found["file"]).stem,
            message=found["message"] + (found["rest"] or ""),
        )


def parliament(tools: Tools, folder: Path, subject: str) -> Iterator[Finding]:
    """Judge each IAM policy in `folder/iam`."""
    if not (folder / "iam").exists():
        return
    for line in tools.run("parliament", "--directory", "iam", "--json", cwd=folder).splitlines():
        found: Any = _json("parliament", line)
        yield Finding(
            checker="parliament",
            subject=subject,
            rule=found["issue"],
            resource=Path(found["location"]["filepath"]).stem,
            message=f"{found['title']}: {found['detail']}",
        )


def zizmor(tools: Tools, folder: Path, subject: str) -> Iterator[Finding]:
    """Judge the safety of a repository's GitHub workflows and actions, at the level that leaves nothing out."""
    text = tools.run("zizmor", "--offline", "--persona", "auditor", "--format", "json", ".github", cwd=folder)
    for found in _json("zizmor", text):
        place = found["locations"][0]["symbolic"]["key"]["Local"]
        yield Finding(
            checker="zizmor",
            subject=subject,
            rule=found["ident"],
            resource=Path(place["verbatim_path"]).name,
            message=found["desc"],
        )


def actionlint(tools: Tools, folder: Path, subject: str) -> Iterator[Finding]:
    """Judge the syntax, types and references of a repository's GitHub workflows.

    shellcheck and pyflakes stay off: every `run` is one command.
    """
    files = [file.relative_to(folder) for file in sorted((folder / ".github" / "workflows").iterdir())]
    options = ["-no-color", "-shellcheck=", "-pyflakes=", "-format", "{{json .}}"]
    for found in _json("actionlint", tools.run("actionlint", *options, *files, cwd=folder)):
        yield Finding(
            checker="actionlint",
            subject=subject,
            rule=found["kind"],
            resource=Path(found["filepath"]).name,
            message=f"line {found['line']}: {found['message']}",
        )


def of_repository(tools: Tools, folder: Path, subject: str) -> Sequence[Finding]:
    """Judge the workflows of a repository, in order."""
    return sorted({*zizmor(tools, folder, subject), *actionlint(tools, folder, subject)})


def of_stack(tools: Tools, folder: Path, subject: str, *, minor: str) -> Sequence[Finding]:
    """Judge all that was written of one stack, in order."""
    return sorted(
        {
            *checkov(tools, folder, subject),
            *kubernetes_validate(tools, folder, subject, minor=minor),
            *parliament(tools, folder, subject),
        }
    )


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise CheckerError(f"{name}: no JSON: {text.strip()[:500]}") from None
