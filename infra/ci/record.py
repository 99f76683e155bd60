"""`nightowl ci record`: the images that were deployed, proposed for the stack file by one pull request."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from infra.ci.actions_run import ActionsRun
from infra.ci.github import connect
from infra.ci.images import ImageStack, Reference
from infra.ci.report import cell, joined, table
from infra.ci.stack_edit import Line, file_of_main, image_of, stack_path, with_lines
from infra.errors import UsageError
from infra.settings.eks.delivery import MAIN_BRANCH


def run_record(project: Path, stack: ImageStack, images: Mapping[str, str], run: ActionsRun) -> None:
    """Propose the image lines of what was deployed, by the one pull request from `nightowl/record-STACK`.

    The file is read from `main` as it is now, so that nothing which was merged meanwhile is undone. Where it has these
    images already, an open proposal of others is closed. A dry run reads the checkout's file and does nothing else.

    Raises:
        UsageError: an image is not one of this stack's registry, or the file has no line for it.
        GithubError: GitHub refuses.
    """
    _require_own(stack, images)
    path = stack_path(stack)
    branch = f"nightowl/record-{stack.name}"
    if not images and not run.dry_run:
        run.print("nothing was built, so there is nothing to record")
        return
    github = None if run.dry_run else connect(run)
    start = "" if github is None else github.head(MAIN_BRANCH)
    text = file_of_main(project, github, start, path)
    recorded = {app: Reference.of(image_of(text, app, stack.image(app))) for app in images}
    lines = [Line(app=app, before=recorded[app], after=Reference.of(image)) for app, image in images.items()]
    new = [line for line in lines if line.before != line.after]
    if github is None:
        for line in new:
            run.print(f"{line.app}: would propose {line.after} for {path}, from {branch}")
        run.print("nothing was done")
    elif new:
        title = f"Record what {stack.name} runs"
        url = github.propose(branch, {path: with_lines(text, new)}, title, _body(stack, new, run), start=start)
        run.print(url)
        run.summarize(f"{title}: {url}")
    else:
        github.withdraw(branch, f"`{MAIN_BRANCH}` has the images that run already.")
        run.print(f"{path} has these images already")


def _require_own(stack: ImageStack, images: Mapping[str, str]) -> None:
    for app, image in images.items():
        if app not in stack.builds:
            key = f"nightowl:apps.{app}.build"
            raise UsageError(f"--images: {stack.name} keeps no images of {app!r}, as it has no {key}")
        if not stack.owns(Reference.of(image), app):
            raise UsageError(f"--images: {image!r} is not an image of {app} in the registry of {stack.name}, by digest")


def _body(stack: ImageStack, lines: list[Line], run: ActionsRun) -> str:
    rows = [(cell(line.app), cell(line.before.short), cell(line.after.short)) for line in lines]
    why = (
        f"{stack.name} runs these images since commit {run.sha or 'unknown'} was deployed.{run.log} Merge this so that "
        f"`{MAIN_BRANCH}` says so too; until then the nightly check tells the difference, and nothing can be promoted."
    )
    return joined([why, table(("app", "recorded", "runs"), rows)])
