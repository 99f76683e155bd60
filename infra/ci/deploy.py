"""`nightowl ci deploy`: one deployment of a stack, from the policies to the summary of the job."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from infra.ci.actions_run import ActionsRun
from infra.ci.engine import Target
from infra.ci.own_rights import own_rights
from infra.ci.report import block, change_lines, code, counted, joined, with_changes
from infra.ci.rollouts import rollouts_of
from infra.ci.stack_edit import set_image
from infra.engine.display import resource_lines
from infra.engine.outcome import Preview, RunResult, StackLockedError, StackMissingError
from infra.engine.program import run_program
from infra.errors import NightowlError, UsageError
from infra.plan.plan import plan_of_file
from infra.plan.run import PolicyViolationError
from infra.plan.schedule import clock
from infra.platforms.eks.names import cluster_name, role_arn
from infra.settings.guest import AwsPlatformSettings
from infra.settings.stack import StackSettings
from infra.settings.stack_file import settings_from_stack_file
from infra.values import mapping

OUTPUTS_ROOM = 10_000
ERRORS_ROOM = 20_000


class OwnRightsError(NightowlError):
    """A deployment by the pipeline would change what the pipeline may do."""


def run_deploy(target: Target, images: Mapping[str, str], run: ActionsRun) -> None:
    """Deploy a stack, with `images` (app to reference) in the place of those in its file, and write the job's summary.

    The stack file has the images while this runs, and its own text again afterwards. Nothing is made unless all of
    it is allowed: the policies are judged first, then the engine previews. A dry run reads and judges the
    stack file, which needs neither engine nor network.

    Raises:
        SettingsError, ProgramError: the stack file is not usable.
        PolicyViolationError: mandatory policies are violated; nothing was made.
        OwnRightsError: it would change the rights of the pipeline, which deploys it; nothing was made.
        StackLockedError: another run has the stack; the message says who.
        InterruptedRunError: it was cancelled; what was done is recorded, and the next run continues.
        DeploymentFailedError: the engine failed.
    """
    with _with_images(target.stack_file, images):
        settings = settings_from_stack_file(target.stack_file)
        plan = plan_of_file(target.stack_file, target.stack)
        if plan.policies.mandatory:
            raise PolicyViolationError(target.stack, plan.policies.mandatory)
        if run.dry_run:
            listed = "".join(f"\n  {app}: {image}" for app, image in images.items())
            run.print(
                f"would deploy {target.stack}: {counted(len(list(plan.graph)), 'resource')}, policies passed{listed}"
            )
            return
        try:
            preview, outcome = _deploy(target, settings, run)
        except NightowlError as error:
            run.summarize(failure_summary(target.stack, error))
            raise
    run.summarize(deploy_summary(target.stack, preview, outcome))


def deploy_summary(stack: str, preview: Preview, outcome: RunResult) -> str:
    """Write what changed, where the apps answer and how long it took, as Markdown."""
    verdict = f"{counted(outcome.changed, 'resource')} changed" if outcome.changed else "nothing changed"
    heading = f"### {code(stack)} is deployed: {verdict}"
    return with_changes([heading], preview.steps, [_outputs(outcome), f"It took {clock(outcome.seconds)} min."])


def failure_summary(stack: str, error: NightowlError) -> str:
    """Write why a deployment did not come to its end, as Markdown."""
    return joined([f"### {code(stack)} is not deployed", block([str(error)], room=ERRORS_ROOM)])


def images_from_json(text: str) -> dict[str, str]:
    """Read `{"web": "registry/web:tag@sha256:..."}`, as the build gives it; an empty text has no image.

    Raises:
        UsageError: it is something else.
    """
    try:
        images: object = json.loads(text or "{}")
    except ValueError:
        raise UsageError(f'--images: {text!r} is not JSON; write {{"APP": "IMAGE"}}') from None
    if not isinstance(images, dict):
        raise UsageError(f"--images: {text!r} is not a map of apps to images")
    pairs = cast("dict[str, object]", images)
    for app, image in pairs.items():
        if not isinstance(image, str) or not image:
            raise UsageError(f"--images: the image of {app!r} is not a text")
    return cast("dict[str, str]", pairs)


def _deploy(target: Target, settings: StackSettings, run: ActionsRun) -> tuple[Preview, RunResult]:
    engine = target.engine(settings)
    run.print(f"previewing {target.stack}")
    try:
        preview = engine.preview(target.stack_file, run_program)
    except StackMissingError:
        raise StackMissingError(
            [
                f"the backend has no stack {target.stack} yet, and the roles of the pipeline are part of it; "
                f"an administrator runs `pulumi up -s {target.stack}` once"
            ]
        ) from None
    for line in change_lines(preview.steps):
        run.print(f"  {line}")
    _refuse_own_rights(target, settings, preview)
    try:
        watch = rollouts_of(settings, target.project, target.stack)
        outcome = engine.deploy(target.stack_file, run_program, on_progress=resource_lines(run.console), watch=watch)
    except StackLockedError as error:
        recovery = f"if that run is gone, `nightowl ci recover -s {target.stack}` takes its lock off"
        raise StackLockedError([*error.messages, recovery]) from None
    return preview, outcome


def _refuse_own_rights(target: Target, settings: StackSettings, preview: Preview) -> None:
    touched = own_rights(preview.steps)
    if not touched or not _is_deploy_role(target.caller(settings), target, settings):
        return
    changes = "\n".join(f"  {step.op} {step.type} {step.name}" for step in touched)
    raise OwnRightsError(
        f"this deployment would change the rights of the role that deploys it, which no pipeline may do:\n{changes}\n"
        f"nothing was made; an administrator runs `pulumi up -s {target.stack}` once, then start the workflow anew"
    )


def _is_deploy_role(caller: str | None, target: Target, settings: StackSettings) -> bool:
    """Whether the caller is the stack's deploy role; the ARN of a session is `...:assumed-role/<role>/<session>`."""
    if caller is None or not isinstance(settings.platform, AwsPlatformSettings):
        return False
    role = role_arn(settings.platform.account_id, cluster_name(target.project, target.stack), "deploy")
    account, resource = caller.split(":", 5)[4:]
    return f"arn:aws:iam::{account}:role/{resource.split('/')[1]}" == role if "/" in resource else False


def _outputs(outcome: RunResult) -> str:
    """Write where each app answers: its URL, or its address inside the cluster."""
    apps = {name: mapping(app) for name, app in mapping(outcome.outputs.get("apps")).items()}
    addresses = {name: app.get("url") or app.get("service") for name, app in apps.items()}
    lines = [f"{app}  {address}" for app, address in addresses.items() if address]
    return joined(["**Addresses:**", block(lines, room=OUTPUTS_ROOM)]) if lines else ""


@contextmanager
def _with_images(stack_file: Path, images: Mapping[str, str]) -> Generator[None]:
    """Put images into a stack file, and its own text back afterwards."""
    before = stack_file.read_bytes()
    text = before.decode()
    for app, image in images.items():
        text = set_image(text, app, image)
    if not images:
        yield
        return
    try:
        stack_file.write_text(text)
        yield
    finally:
        stack_file.write_bytes(before)
