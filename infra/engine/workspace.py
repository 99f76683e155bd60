"""Where the engine works: a folder with a project and a stack's configuration, and the way to the stack's state."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Protocol

from infra.engine.locks import LockHolder
from infra.engine.outcome import DeploymentFailedError


class Workspace(Protocol):
    """The folder in which the Pulumi CLI runs, and the variables with which it does."""

    @property
    def work_dir(self) -> Path:
        """The folder with Pulumi.yaml."""
        ...

    @property
    def project_name(self) -> str:
        """The name in that Pulumi.yaml, below which the backend keeps the stacks."""
        ...

    @property
    def pulumi_home(self) -> Path | None:
        """The folder with the CLI's plugins; None for the CLI's own choice."""
        ...

    @property
    def secrets_provider(self) -> str | None:
        """What encrypts the secrets in the state of a new stack; None for the backend's default."""
        ...

    def environment(self) -> dict[str, str]:
        """Return the CLI's variables: the backend, its secrets, and KUBECONFIG for a stack with its own cluster."""
        ...

    def prepare(self, stack_file: Path) -> str:
        """Prepare the folder for the stack of a file, and name that stack.

        Raises:
            DeploymentFailedError: the file cannot be used here.
        """
        ...

    def lock_holders(self, stack: str) -> tuple[LockHolder, ...]:
        """Return who has locked the stack."""
        ...

    def has_stack(self, stack: str, /) -> bool:
        """Return whether the backend is known to have the stack; False where only the CLI can tell."""
        ...

    @property
    def runs_here_only(self) -> bool:
        """Whether nobody works on these stacks from another machine: then the lock of a dead process is taken off."""
        ...


def stack_name(stack_file: Path) -> str:
    """Return the stack of a file named `Pulumi.<stack>.yaml`. Raises DeploymentFailedError for another name."""
    match = re.fullmatch(r"Pulumi\.([A-Za-z0-9_.-]+)\.ya?ml", stack_file.name)
    if not match:
        raise DeploymentFailedError([f"{stack_file} is not a stack file; its name must be Pulumi.<stack>.yaml"])
    return match.group(1)
