"""The checkout as the engine's workspace, as `pulumi up` uses it: Pulumi.yaml, stacks/, and the stack's backend."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from infra.ci.state import read_locks
from infra.engine.environment import in_job
from infra.engine.locks import LockHolder
from infra.engine.outcome import DeploymentFailedError
from infra.engine.workspace import stack_name
from infra.project import STACKS_FOLDER, project_name

PASSPHRASE_VARIABLES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
PASSPHRASE_PROVIDERS = (None, "passphrase", "default")
"""Values of `secretsprovider` with which a passphrase encrypts the secrets."""


@dataclass(frozen=True, kw_only=True)
class ProjectWorkspace:
    """A checkout and the backend of a stack in it.

    Of the caller's PULUMI_* variables the engine gets only PULUMI_HOME, which has the plugins, and the passphrase of a
    stack whose secrets are not encrypted by a key service. Neither Pulumi.yaml nor the stack file is written, but for
    the encrypted data key that Pulumi adds to the file of a new stack.
    """

    project: Path
    backend: str
    secrets_provider: str | None
    runs_here_only: bool = False
    """Whether a process on another machine is alive cannot be seen from here."""

    @property
    def work_dir(self) -> Path:
        """The checkout."""
        return self.project

    @property
    def project_name(self) -> str:
        """The name in the checkout's Pulumi.yaml."""
        return project_name(self.project)

    @property
    def pulumi_home(self) -> Path | None:
        """The folder that PULUMI_HOME names."""
        home = os.environ.get("PULUMI_HOME")
        return Path(home) if home else None

    def environment(self) -> dict[str, str]:
        """The backend, the passphrase where one is needed, and in a job that no plugin is downloaded."""
        needed = PASSPHRASE_VARIABLES if self.secrets_provider in PASSPHRASE_PROVIDERS else ()
        passphrase = {name: os.environ[name] for name in needed if name in os.environ}
        # A job has its plugins from `nightowl ci tools`, which checks them; on a laptop they are the user's affair.
        checked = {"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"} if in_job(os.environ) else {}
        return {"PULUMI_BACKEND_URL": self.backend, **checked, **passphrase}

    def prepare(self, stack_file: Path) -> str:
        """Name the stack of a file; there is nothing to make.

        Raises:
            DeploymentFailedError: it is not a file that Pulumi would read for this project.
        """
        if stack_file.resolve().parent != (self.project / STACKS_FOLDER).resolve():
            raise DeploymentFailedError([f"{stack_file} is not in {self.project / STACKS_FOLDER}"])
        return stack_name(stack_file)

    def has_stack(self, _stack: str, /) -> bool:
        """Whether the backend is known to have the stack: only the CLI can tell."""
        return False

    def lock_holders(self, stack: str) -> tuple[LockHolder, ...]:
        """Who has locked the stack, read from the backend."""
        return read_locks(self.backend, self.project_name, stack)
