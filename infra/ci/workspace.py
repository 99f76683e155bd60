"""The checkout as the engine's workspace, as `pulumi up` uses it: Pulumi.yaml, stacks/, and the stack's backend."""

from __future__ import annotations

import os
from pathlib import Path

from infra.ci.state import read_locks
from infra.engine.environment import in_job
from infra.engine.outcome import DeploymentFailedError
from infra.engine.workspace import Workspace, stack_name
from infra.project import STACKS_FOLDER, project_name

PASSPHRASE_VARIABLES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
PASSPHRASE_PROVIDERS = (None, "passphrase", "default")
"""Values of `secretsprovider` with which a passphrase encrypts the secrets."""


def project_workspace(project: Path, backend: str, secrets_provider: str | None) -> Workspace:
    """Return a checkout and the backend of a stack in it.

    Of the caller's PULUMI_* variables the engine gets only PULUMI_HOME, which has the plugins, and the passphrase of a
    stack whose secrets are not encrypted by a key service. Neither Pulumi.yaml nor the stack file is written, but for
    the encrypted data key that Pulumi adds to the file of a new stack.
    """
    name, home = project_name(project), os.environ.get("PULUMI_HOME")
    needed = PASSPHRASE_VARIABLES if secrets_provider in PASSPHRASE_PROVIDERS else ()
    passphrase = {variable: os.environ[variable] for variable in needed if variable in os.environ}
    # A job has its plugins from `nightowl ci tools`, which checks them; on a laptop they are the user's affair.
    checked = {"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"} if in_job(os.environ) else {}

    def prepare(stack_file: Path) -> str:
        if stack_file.resolve().parent != (project / STACKS_FOLDER).resolve():
            raise DeploymentFailedError([f"{stack_file} is not in {project / STACKS_FOLDER}"])
        return stack_name(stack_file)

    return Workspace(
        work_dir=project,
        project_name=name,
        pulumi_home=Path(home) if home else None,
        secrets_provider=secrets_provider,
        environment={"PULUMI_BACKEND_URL": backend, **checked, **passphrase},
        prepare=prepare,
        lock_holders=lambda stack: read_locks(backend, name, stack),
    )
