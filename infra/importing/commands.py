"""The commands of `nightowl import`: each parses, and calls the reader of its format."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.console.output import Output

if TYPE_CHECKING:
    from infra.importing.run import Imported

import_ = typer.Typer(no_args_is_help=True, help="A stack file from what describes the same applications elsewhere.")


def _named(stack: str | None) -> str | None:
    """Accept the name of a stack, which is that of its namespace."""
    from infra.errors import UsageError
    from infra.settings.names import check_name

    try:
        return stack if stack is None else check_name(stack)
    except ValueError as error:
        raise UsageError(f"--stack: {stack!r} {error}") from None


Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="The files, which are merged in this order.")]
Stack = Annotated[
    str | None,
    typer.Option("--stack", "-s", callback=_named, help="The name of the stack: stacks/Pulumi.NAME.yaml."),
]
Force = Annotated[bool, typer.Option("--force", help="Replace a stack file of that name.")]
Full = Annotated[bool, typer.Option("--full", help="List what was taken over, too.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
EnvFiles = Annotated[list[Path] | None, typer.Option("--env-file", help="Variables of the project, instead of .env.")]
LookUp = Annotated[bool, typer.Option("--look-up", help="Ask the registries for user, ports and digest of each image.")]
Profiles = Annotated[list[str] | None, typer.Option("--profile", help="Import the services of this profile, too.")]


@import_.command("kubernetes")
def kubernetes(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help="Files and folders of manifests; - is standard input.",
        ),
    ],
    *,
    stack: Stack = None,
    force: Force = False,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Write a stack file from manifests of Kubernetes, or from what `helm template` prints."""
    from infra.importing.kubernetes.mapper import import_kubernetes
    from infra.project import project_folder

    project = project_folder(Path.cwd())
    _write(context, import_kubernetes(paths, stack), project, force=force, full=full, as_json=as_json)


@import_.command("compose")
def compose(
    context: typer.Context,
    files: Files,
    *,
    stack: Stack = None,
    env_file: EnvFiles = None,
    profile: Profiles = None,
    force: Force = False,
    as_json: AsJson = False,
    full: Full = False,
    look: LookUp = False,
) -> None:
    """Make a stack file from Compose files, or from those of a stack of Docker Swarm."""
    from infra.importing.compose.look_up import look_up
    from infra.importing.compose.project import read_compose
    from infra.importing.compose.stack import images_of, import_project
    from infra.project import project_folder

    top = project_folder(Path.cwd())
    project = read_compose(files, env_files=env_file or (), profiles=profile or (), environment=os.environ)
    images = look_up(images_of(project), os.environ) if look else {}
    origin = ", ".join(file.name for file in files)
    imported = import_project(project, stack=stack, origin=origin, top=top, images=images)
    _write(context, imported, top, force=force, full=full, as_json=as_json)


@import_.command("marathon")
def marathon(
    context: typer.Context,
    files: Files,
    *,
    stack: Stack = None,
    force: Force = False,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Make a stack file from apps, groups and pods of Marathon, as JSON files or as its API answers them.

    An id /shop/web becomes the app `web` of the stack `shop`. The file - is standard input.
    """
    from infra.importing.marathon.mapper import import_marathon
    from infra.project import project_folder

    project = project_folder(Path.cwd())
    _write(context, import_marathon(files, stack), project, force=force, full=full, as_json=as_json)


def _write(
    context: typer.Context, imported: Imported, project: Path, *, force: bool, full: bool, as_json: bool
) -> None:
    from infra.importing.run import write_imported

    console = context.ensure_object(Output).results
    write_imported(imported, project, force=force, full=full, as_json=as_json, console=console)
