"""Lets programs of others judge the stacks and the workflows: `python -m tests.audit --tools <folder>`.

Exits with 1 if one finds something that `exceptions.yaml` does not excuse, if an exemption is needed no longer, or if
a checker does not find what is wrong with a broken copy.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.versions import KUBERNETES_MINOR
from tests.audit.broken import BROKEN, EXPECTED, write_broken_repository, write_broken_stack
from tests.audit.checkers import CheckerError, Finding, Tools, of_repository, of_stack
from tests.audit.exceptions import FILE, judge, read_exemptions
from tests.audit.iam_names import iam_names
from tests.audit.workflow_linter import installed_actionlint
from tests.audit.written import write_stack

REPOSITORY = Path(__file__).parent.parent.parent
COPIED = "prod"
"""The stack that the broken copy is made of."""


def main() -> int:
    """Run the checkers and print what they find."""
    parser = argparse.ArgumentParser(prog="python -m tests.audit", description=__doc__)
    parser.add_argument("--tools", type=Path, required=True, help="the folder of the installed checkers")
    folder_of_tools = parser.parse_args().tools.resolve()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="nightowl-audit-") as folder:
        try:
            tools = Tools(folder=folder_of_tools, actionlint=installed_actionlint())
            findings = _findings(tools, Path(folder))
        except CheckerError as error:
            print(f"audit: {error}", file=sys.stderr)
            return 1
    problems = list(_problems(findings))
    for problem in problems:
        print(problem)
    excused = sum(finding.subject != BROKEN for finding in findings)
    print(f"audit: {len(problems)} problems, {excused} findings looked at, {time.monotonic() - started:.0f} s")
    return 1 if problems else 0


def _findings(tools: Tools, folder: Path) -> Sequence[Finding]:
    stacks = sorted(file.stem.removeprefix("Pulumi.") for file in (REPOSITORY / "stacks").glob("Pulumi.*.yaml"))
    for stack in stacks:
        write_stack(REPOSITORY / "stacks" / f"Pulumi.{stack}.yaml", stack, folder / stack)
    write_broken_stack(folder / COPIED, folder / BROKEN)
    write_broken_repository(folder / "repository")
    with ThreadPoolExecutor(max_workers=2) as workers:
        of_stacks = workers.map(
            lambda stack: of_stack(tools, folder / stack, stack, minor=KUBERNETES_MINOR), [*stacks, BROKEN]
        )
        of_workflows = [
            *of_repository(tools, REPOSITORY, "repository"),
            *of_repository(tools, REPOSITORY / "template", "template"),
            *of_repository(tools, folder / "repository", BROKEN),
            *iam_names(tools),
        ]
        return [*of_workflows, *(finding for findings in of_stacks for finding in findings)]


def _problems(findings: Sequence[Finding]) -> Iterator[str]:
    verdict = judge((finding for finding in findings if finding.subject != BROKEN), read_exemptions())
    for finding in verdict.findings:
        yield f"{finding.checker} {finding.rule} {finding.subject} {finding.resource}: {finding.message}"
    for exemption in verdict.needless:
        yield f"{FILE.name}: nothing needs {exemption.checker} {exemption.rule} {exemption.resource}; remove it"
    for checker, rules in EXPECTED.items():
        seen = {finding.rule for finding in findings if (finding.checker, finding.subject) == (checker, BROKEN)}
        for rule in sorted(rules - seen):
            yield f"{checker} {rule}: not found in the broken copy, so its silence about the others proves nothing"


if __name__ == "__main__":
    sys.exit(main())
