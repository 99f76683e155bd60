"""`nightowl ci record`: the images that were deployed, proposed for the stack file by one pull request."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from infra.ci.actions_run import ActionsRun
from infra.ci.github import connect
from infra.ci.images import ImageStack, Reference
from infra.ci.report import cell, joined, table
from infra.ci.stack_edit import image_of, set_image
from infra.errors import UsageError
from infra.project import STACKS_FOLDER

BASE = "main"


def run_record(
    project: Path, stack: ImageStack, images: Mapping[str, str], run: ActionsRun, *, dry_run: bool = False
) -> None:
    """Propose the image lines of what was deployed, by the one pull request from `nightowl/record-STACK`.

    The file is read from `main` as it is now, so that nothing which was merged meanwhile is undone. Where it has these
    images already, an open proposal of others is closed. With `dry_run` the checkout's file is read, and nothing else
    happens.

    Raises:
        UsageError: an image is not one of this stack's registry, or the file has no line for it.
        GithubError: GitHub refuses.
    """
    _require_own(stack, images)
    path = stack_path(stack)
    branch = f"nightowl/record-{stack.name}"
    if dry_run:
        text = (project / path).read_text(encoding="utf-8")
        for app, image in _new(text, images).items():
            run.print(f"{app}: would propose {image} for {path}, from {branch}")
        run.print("nothing was done")
        return
    if not images:
        run.print("nothing was built, so there is nothing to record")
        return
    github = connect(run)
    start = github.head(BASE)
    text = github.file(path, start)
    if text is None:
        raise UsageError(f"{BASE} has no file {path}; commit it first")
    new = _new(text, images)
    if not new:
        github.withdraw(branch, f"`{BASE}` has the images that run already.", base=BASE)
        run.print(f"{path} has these images already")
        return
    title = f"Record what {stack.name} runs"
    body = _body(stack, text, new, run)
    for app, image in new.items():
        text = set_image(text, app, image)
    url = github.propose(branch, {path: text}, title, body, base=BASE, start=start)
    run.print(url)
    run.summarize(f"{title}: {url}")


def stack_path(stack: ImageStack) -> str:
    """Return the path of a stack's file in the repository."""
    return f"{STACKS_FOLDER}/Pulumi.{stack.name}.yaml"


def _require_own(stack: ImageStack, images: Mapping[str, str]) -> None:
    for app, image in images.items():
        if app not in stack.delivery.images:
            raise UsageError(f"--images: {stack.name} keeps no images of {app!r} (nightowl:delivery.images)")
        if not stack.owns(Reference.of(image), app):
            raise UsageError(f"--images: {image!r} is not an image of {app} in the registry of {stack.name}, by digest")


def _new(text: str, images: Mapping[str, str]) -> dict[str, str]:
    return {app: image for app, image in images.items() if image_of(text, app) != image}


def _body(stack: ImageStack, text: str, images: Mapping[str, str], run: ActionsRun) -> str:
    rows = [
        (cell(app), cell(Reference.of(image_of(text, app)).short), cell(Reference.of(image).short))
        for app, image in images.items()
    ]
    why = (
        f"{stack.name} runs these images since commit {run.sha or 'unknown'} was deployed.{run.log} Merge this so that "
        f"`{BASE}` says so too; until then the nightly check tells the difference, and nothing can be promoted."
    )
    return joined([why, table(("app", "recorded", "runs"), rows)])
