"""`nightowl plan`."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path

from infra.console.output import Output
from infra.errors import NightowlError, UsageError
from infra.plan.difference import difference
from infra.plan.document import difference_document, plan_document
from infra.plan.document_lengths import DocumentLength
from infra.plan.html import page
from infra.plan.manifests import write_manifests
from infra.plan.plan import Plan, plan_of_file
from infra.plan.text import Detail, difference_text, plan_text
from policies.evaluation import Violation

MORE = "More: --resources, --permissions, --policies, --order, or --full; --html FILE draws it."


class PolicyViolationError(NightowlError):
    """The stack violates rules that stop a deployment."""

    def __init__(self, stack: str, violations: Sequence[Violation]) -> None:
        lines = dict.fromkeys(f"{one.rule.name}: {one.text}\n    {one.remedy}" for one in violations)
        super().__init__("\n  ".join([f"{stack} violates policies that stop a deployment:", *lines]))


class DocumentTooLongError(NightowlError):
    """A policy is longer than AWS takes it."""

    def __init__(self, stack: str, documents: Sequence[DocumentLength]) -> None:
        lines = [f"{one.document} has {one.characters} characters, and AWS takes {one.most}" for one in documents]
        super().__init__("\n  ".join([f"{stack} has policies that AWS would refuse:", *lines]))


def run_plan(
    file: Path,
    *,
    stack: str,
    other: tuple[str, Path] | None = None,
    manifests: Path | None = None,
    html: Path | None = None,
    svg: Path | None = None,
    as_json: bool = False,
    details: Collection[Detail] = (),
    output: Output,
) -> None:
    """Plan `stack`, whose stack file is `file`, and print it on a screen, with `details` below, or all of it as JSON.

    With `other`, the name and the file of a second stack, print what `stack` has otherwise than it. `manifests` is a
    folder for the Kubernetes objects, `html` a file for the page, `svg` one for its picture; they are written besides
    what is printed.

    Raises:
        SettingsError: a stack file is not usable.
        PolicyViolationError: the stack violates mandatory policies; everything is printed and written before.
        DocumentTooLongError: AWS would refuse a policy; likewise.
        NightowlError: the program refuses the settings, or a file cannot be written.
    """
    plan = plan_of_file(file, stack)
    written = _write(plan, manifests, html, svg)
    console = output.results
    if other is not None:
        found = difference(plan_of_file(other[1], other[0]).graph, plan.graph)
        if as_json:
            console.out(json.dumps(difference_document(found), indent=2))
        else:
            console.print(difference_text(found), soft_wrap=True)
    elif as_json:
        console.out(json.dumps(plan_document(plan), indent=2))
    else:
        console.print(plan_text(plan, details))
        if not details:
            output.progress().out(MORE)
    if not as_json:
        for line in written:
            console.out(line)
    too_long = [one for one in plan.document_lengths if one.room < 0]
    if other is None and too_long:
        raise DocumentTooLongError(stack, too_long)
    if other is None and plan.policies.mandatory:
        raise PolicyViolationError(stack, plan.policies.mandatory)


def _write(plan: Plan, manifests: Path | None, html: Path | None, svg: Path | None) -> list[str]:
    lines: list[str] = []
    if manifests is not None:
        lines.append(f"{manifests}: {len(write_manifests(plan.graph, manifests))} Kubernetes objects")
    if html is not None:
        _write_file("--html", html, page(plan))
        lines.append(f"{html}: open it in a browser")
    if svg is not None:
        _write_file("--svg", svg, plan.picture.file())
        lines.append(f"{svg}: the picture of the page alone")
    return lines


def _write_file(option: str, file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{option}: {file} cannot be written ({error.strerror}); name another file") from None
