"""Where the engine works: a folder with a project and a stack's configuration, and the way to the stack's state."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.engine.locks import LockHolder
from infra.engine.outcome import DeploymentFailedError


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """The folder in which the Pulumi CLI runs, and the variables with which it does."""

    work_dir: Path
    """The folder with Pulumi.yaml."""
    project_name: str
    """The name in that Pulumi.yaml, below which the backend keeps the stacks."""
    pulumi_home: Path | None
    """The folder with the CLI's plugins; None for the CLI's own choice."""
    secrets_provider: str | None
    """What encrypts the secrets in the state of a new stack; None for the backend's default."""
    environment: Mapping[str, str]
    """The CLI's variables: the backend, its secrets, and KUBECONFIG for a stack with its own cluster."""
    prepare: Callable[[Path], str]
    """Prepares the folder for the stack of a file, and names that stack; DeploymentFailedError refuses the file."""
    lock_holders: Callable[[str], tuple[LockHolder, ...]]
    """Returns who has locked a stack."""
    has_stack: Callable[[str], bool] = lambda _: False
    """Returns whether the backend is known to have a stack; False where only the CLI can tell."""
    runs_here_only: bool = False
    """Whether nobody works on these stacks from another machine: then the lock of a dead process is taken off."""


def stack_name(stack_file: Path) -> str:
    """Return the stack of a file named `Pulumi.<stack>.yaml`. Raises DeploymentFailedError for another name."""
    match = re.fullmatch(r"Pulumi\.([A-Za-z0-9_.-]+)\.ya?ml", stack_file.name)
    if not match:
        raise DeploymentFailedError([f"{stack_file} is not a stack file; its name must be Pulumi.<stack>.yaml"])
    return match.group(1)
