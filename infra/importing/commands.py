"""The commands of `nightowl import`: each parses, and calls the reader of its format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import_ = typer.Typer(no_args_is_help=True, help="A stack file from what describes the same applications elsewhere.")

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="The files, which are merged in this order.")]
Stack = Annotated[str | None, typer.Option("--stack", "-s", help="The name of the stack: stacks/Pulumi.NAME.yaml.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a stack file of that name.")]
Full = Annotated[bool, typer.Option("--full", help="List what was taken over, too.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
