"""The commands of `nightowl import`: each parses, and calls the reader of its format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.console.output import Output

import_ = typer.Typer(no_args_is_help=True, help="A stack file from what describes the same applications elsewhere.")

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="The files, which are merged in this order.")]
Stack = Annotated[str | None, typer.Option("--stack", "-s", help="The name of the stack: stacks/Pulumi.NAME.yaml.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a stack file of that name.")]
Full = Annotated[bool, typer.Option("--full", help="List what was taken over, too.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@import_.command("kubernetes")
def kubernetes(
    context: typer.Context,
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Files and folders of manifests, or of `helm template`.")
    ],
    *,
    stack: Stack = None,
    force: Force = False,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Write a stack file from manifests of Kubernetes."""
    from infra.importing.kubernetes.mapper import import_kubernetes
    from infra.importing.run import write_imported
    from infra.project import project_folder

    project = project_folder(Path.cwd())
    console = context.ensure_object(Output).results
    imported = import_kubernetes(paths, stack)
    write_imported(imported, project, force=force, full=full, as_json=as_json, console=console)
