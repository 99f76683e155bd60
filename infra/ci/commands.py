"""The commands of `nightowl ci`: each parses, and calls a function that does the work.

`nightowl` starts with this module, so everything else is imported where it is used.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from infra.errors import UsageError

if TYPE_CHECKING:
    from infra.ci.actions_run import ActionsRun
    from infra.ci.engine import Target
    from infra.ci.ephemeral.place import Place
    from infra.ci.images import ImageStack

ci = typer.Typer(no_args_is_help=True, help="The steps of the delivery workflows; each runs on a laptop too.")
ephemeral = typer.Typer(no_args_is_help=True, help="Stacks of pull requests, on the cluster of another stack.")
ci.add_typer(ephemeral, name="ephemeral")

Stack = Annotated[str, typer.Option("--stack", "-s", help="The stack: stacks/Pulumi.STACK.yaml.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
PullRequest = Annotated[int, typer.Option(help="The number of the pull request.", min=1)]
Base = Annotated[str, typer.Option(help="The stack whose cluster is shared.")]
Cluster = Annotated[
    str | None, typer.Option(help="A cluster of this machine to use, instead of the one that the base names.")
]
Images = Annotated[str, typer.Option(help='Images to run, as `build` gives them: {"APP": "IMAGE"}.', metavar="JSON")]


@ci.command()
def stacks(context: typer.Context) -> None:
    """Write the output `stacks`: the stacks that GitHub deploys, as a JSON list."""
    from infra.ci.roles import run_stacks

    run_stacks(_project(), _run(context))


@ci.command()
def role(
    context: typer.Context,
    stack: Stack,
    kind: Annotated[Literal["deploy", "preview", "ephemeral"], typer.Option("--as", help="Which role.")],
) -> None:
    """Write the outputs `role-arn`, `region`, `account-id` and `environment` of a role of the stack."""
    from infra.ci.roles import run_role

    run_role(_image_stack(stack), kind, _run(context))


@ci.command()
def tools(
    context: typer.Context,
    pin: Annotated[bool, typer.Option("--pin", help="Write the checksums instead, as GitHub tells them.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Get the Pulumi CLI and the providers, each checked against its checksum before it runs: before the role."""
    from infra.ci.tools import run_pin_tools, run_tools

    if pin:
        from infra.github.client import connect

        run_pin_tools(connect(os.environ), _run(context))
    else:
        run_tools(_run(context, dry_run=dry_run))


@ci.command()
def preview(
    context: typer.Context,
    stack: Stack,
    pull_request: Annotated[int | None, typer.Option(help="The pull request to tell it.", min=1)] = None,
    dry_run: DryRun = False,
) -> None:
    """Show what would change and what the policies say, as one comment on the pull request. Changes nothing.

    Exit code 1 when the preview fails or mandatory policies are violated.
    """
    from infra.ci.preview import run_preview

    run = _run(context, dry_run=dry_run)
    run_preview(_target(stack, run), pull_request, run)


@ci.command()
def build(
    context: typer.Context,
    stack: Stack,
    pull_request: Annotated[int | None, typer.Option(help="Build for this pull request, apart.", min=1)] = None,
    dry_run: DryRun = False,
) -> None:
    """Build and push the images whose content is new; give the outputs `images` (JSON) and `again`."""
    from infra.ci.build import run_build

    run_build(_project(), _image_stack(stack), _run(context, dry_run=dry_run), pull_request=pull_request)


@ci.command()
def deploy(context: typer.Context, stack: Stack, images: Images = "", dry_run: DryRun = False) -> None:
    """Deploy the stack, with the images given in place of those in its file."""
    from infra.ci.deploy import images_from_json, run_deploy

    given = images_from_json(images)
    run = _run(context, dry_run=dry_run)
    if _is_done_inside(stack, "deploy", run, images=images or "{}"):
        return
    run_deploy(_target(stack, run), given, run)


@ci.command()
def record(context: typer.Context, stack: Stack, images: Images, dry_run: DryRun = False) -> None:
    """Propose the images that were deployed for the stack's file, by one pull request."""
    from infra.ci.deploy import images_from_json
    from infra.ci.record import run_record

    run_record(_project(), _image_stack(stack), images_from_json(images), _run(context, dry_run=dry_run))


@ci.command()
def promote(
    context: typer.Context,
    to: Annotated[str, typer.Option("--to", help="The stack that gets the images.")],
    app: Annotated[str, typer.Option(help="Only this app.")] = "",
    digest: Annotated[str, typer.Option(help="This image of the app (sha256:...), one that ran before.")] = "",
    *,
    rollback: Annotated[bool, typer.Option("--rollback", help="The images before the current ones.")] = False,
    source_commit: Annotated[
        str, typer.Option(help="What the stack before this one had at this commit, not what main says now.")
    ] = "",
    dry_run: DryRun = False,
) -> None:
    """Propose the images of the stack before this one, or earlier ones, by one pull request; its merge deploys them."""
    from infra.ci.promote import Choice, run_promote

    choice = Choice(app=app or None, digest=digest or None, rollback=rollback, source_commit=source_commit or None)
    run_promote(_project(), _image_stack(to), _image_stack, choice, _run(context, dry_run=dry_run))


@ci.command("copy-images")
def copy_images(context: typer.Context, stack: Stack, dry_run: DryRun = False) -> None:
    """Copy the images of the stack's file into its own registry, from the stack that it promotes from."""
    from infra.ci.copy_images import run_copy_images
    from infra.project import stack_file

    target = _image_stack(stack)
    source = target.delivery.promotes_from
    if source is None:
        _run(context).print(f"{stack} builds its images: there is nothing to copy")
        return
    text = stack_file(_project(), stack).read_text(encoding="utf-8")
    run_copy_images(target, _image_stack(source), text, _run(context, dry_run=dry_run))


@ci.command()
def drift(context: typer.Context, stack: Stack, dry_run: DryRun = False) -> None:
    """Compare what runs with what the code says, and keep one issue about it. Exit code 1 when they differ."""
    from infra.ci.drift import run_drift

    run = _run(context, dry_run=dry_run)
    run_drift(_target(stack, run), run)


@ci.command()
def versions(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
    issue: Annotated[bool, typer.Option("--issue", help="Keep one issue on GitHub about them.")] = False,
    dry_run: DryRun = False,
) -> None:
    """List pinned versions of Kubernetes that are near the end of their support. Exit code 1 when there are some."""
    from infra.ci.versions import run_versions

    run_versions(_project(), _run(context, dry_run=dry_run), as_json=as_json, issue=issue)


@ci.command()
def recover(context: typer.Context, stack: Stack, dry_run: DryRun = False) -> None:
    """Free a stack that a killed run left locked, or with operations under way."""
    from infra.ci.recover import run_recover

    run = _run(context, dry_run=dry_run)
    if not _is_done_inside(stack, "recover", run):
        run_recover(_target(stack, run), run)


@ephemeral.command()
def up(
    context: typer.Context,
    pull_request: PullRequest,
    *,
    base: Base = "dev",
    images: Images = "",
    cluster: Cluster = None,
    dry_run: DryRun = False,
) -> None:
    """Deploy the stack of a labelled pull request, and tell it where the apps answer."""
    from infra.ci.deploy import images_from_json
    from infra.ci.ephemeral.lifecycle import run_up

    given = images_from_json(images)
    run_up(_place(base, cluster, _run(context, dry_run=dry_run)), pull_request, given)


@ephemeral.command()
def down(
    context: typer.Context,
    pull_request: PullRequest,
    base: Base = "dev",
    cluster: Cluster = None,
    dry_run: DryRun = False,
) -> None:
    """Remove the stack of a pull request. Where there is none, that is fine."""
    from infra.ci.ephemeral.lifecycle import run_down

    run_down(_place(base, cluster, _run(context, dry_run=dry_run)), pull_request)


@ephemeral.command()
def sweep(
    context: typer.Context,
    base: Base = "dev",
    ttl: Annotated[str, typer.Option(help="How long a quiet stack may live, such as 72h.")] = "72h",
    cluster: Cluster = None,
    dry_run: DryRun = False,
) -> None:
    """Remove the stacks of pull requests that are closed, lost their label, or were quiet for too long.

    Exit code 1 when one of them could not be removed; the others are, all the same.
    """
    from infra.ci.ephemeral.sweep import run_sweep
    from infra.settings.scalars import parse_seconds

    try:
        seconds = parse_seconds(ttl)
    except ValueError as error:
        raise UsageError(f"--ttl: {ttl!r} {error}") from None
    run_sweep(_place(base, cluster, _run(context, dry_run=dry_run)), ttl_seconds=seconds)


def _project() -> Path:
    from infra.project import project_folder

    return project_folder(Path.cwd())


def _run(context: typer.Context, *, dry_run: bool = False) -> ActionsRun:
    from infra.ci.actions_run import ActionsRun

    return ActionsRun.from_environment(os.environ, console=context.obj.progress(), dry_run=dry_run)


def _target(stack: str, run: ActionsRun) -> Target:
    from infra.ci.engine import project_target

    return project_target(_project(), stack, run.console)


def _is_done_inside(stack: str, command: Literal["deploy", "recover"], run: ActionsRun, *, images: str = "{}") -> bool:
    """Have a build inside the VPC do it, where the stack asks for that and this is a job of GitHub Actions."""
    from infra.engine.environment import in_job

    if run.dry_run or not in_job(os.environ):
        return False
    from infra.ci.build_inside import belongs_inside, run_inside

    of_eks = _image_stack(stack)
    if not belongs_inside(of_eks, os.environ):
        return False
    run_inside(_project(), of_eks, command, run, images=images)
    return True


def _image_stack(stack: str) -> ImageStack:
    from infra.ci.images import image_stack

    return image_stack(_project(), stack)


def _place(base: str, cluster: str | None, run: ActionsRun) -> Place:
    from infra.ci.ephemeral.place import cluster_place, project_place
    from infra.settings.names import check_name

    if cluster is None:
        return project_place(_project(), base, run)
    try:
        check_name(cluster)
    except ValueError as error:
        raise UsageError(f"--cluster: {cluster!r} {error}") from None
    return cluster_place(_project(), base, cluster, run)
