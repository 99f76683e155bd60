"""The engine for the stacks on one local cluster, and its folder: project, configuration and passphrase."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import yaml

from infra.engine.driver import Engine
from infra.engine.locks import LockHolder, lock_holder, locks_of_stack, state_of_stack
from infra.engine.outcome import DeploymentFailedError
from infra.engine.workspace import Workspace, stack_name
from infra.errors import UsageError
from infra.local.paths import ClusterPaths
from infra.settings.build import PROJECT
from infra.settings.plain import holds_encrypted
from infra.settings.stack_file import stack_config
from infra.settings.yaml_file import read_yaml
from infra.toolchain.cache import pulumi_home
from infra.toolchain.releases import provider_version
from infra.toolchain.resolve import EngineTools


def cluster_workspace(paths: ClusterPaths, provider: Path) -> Workspace:
    """Return the workspace of one local cluster: everything the engine writes is below the cluster's folder.

    `provider` is the program of the Kubernetes provider. The stack files of the project are read and never written.
    """

    def lock_holders(stack: str) -> tuple[LockHolder, ...]:
        locks = sorted((paths.state / locks_of_stack(PROJECT, stack)).glob("*.json"))
        return tuple(lock_holder(lock.read_text()) for lock in locks)

    return Workspace(
        work_dir=paths.workspace,
        project_name=PROJECT,
        pulumi_home=pulumi_home(),
        # The cluster's own.
        secrets_provider="passphrase",
        # Whoever reaches the engine's ports while it works, which is every user of the machine, could name it a plugin
        # to download and run.
        environment={**environment(paths), "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"},
        prepare=lambda stack_file: _prepare(paths, provider, stack_file),
        lock_holders=lock_holders,
        has_stack=lambda stack: (paths.state / state_of_stack(PROJECT, stack)).is_file(),
        # The state is in a folder of this machine.
        runs_here_only=True,
    )


def _prepare(paths: ClusterPaths, provider: Path, stack_file: Path) -> str:
    """Write the engine's folder: the project with its provider, the stack's configuration, and the passphrase.

    The salt that the engine made for the stack's secrets is kept from one run to the next.
    Raises DeploymentFailedError for encrypted values, and SettingsError for what is no stack file.
    """
    stack = stack_name(stack_file)
    for folder in (paths.root, paths.workspace, paths.state):
        folder.mkdir(parents=True, exist_ok=True)
    _keep_passphrase(paths.passphrase)
    config = stack_config(stack_file)
    if holds_encrypted(config):
        raise DeploymentFailedError(
            [f"{stack_file}: encrypted values cannot be read on a local cluster; refer to a secret by name instead"]
        )
    target = paths.workspace / stack_file.with_suffix(".yaml").name
    kept = read_yaml(target) if target.exists() else {}
    salt = {key: kept[key] for key in ("encryptionsalt",) if key in kept}
    # From a path the engine takes any version; it warns of one that is older than this.
    plugin = {"name": "kubernetes", "version": provider_version(), "path": str(provider.parent)}
    project = {"name": PROJECT, "runtime": "python", "plugins": {"providers": [plugin]}}
    for path, content in ((target, {**salt, "config": config}), (paths.workspace / "Pulumi.yaml", project)):
        path.write_text(yaml.safe_dump(content, sort_keys=False))
    return stack


def local_engine(paths: ClusterPaths, tools: EngineTools, say: Callable[[str], None]) -> Engine:
    """Create the engine for the cluster of `paths`; `say` which Kubernetes provider it gets if that is an older one."""
    if tools.provider_note:
        say(tools.provider_note)
    return Engine(workspace=cluster_workspace(paths, tools.provider), pulumi_binary=tools.pulumi)


def require_own(paths: ClusterPaths, stack: str, project: str) -> None:
    """Check that the stack of this name on the cluster was deployed from `project`, if it was deployed.

    Raises:
        UsageError: it is that of another project, whose apps an update would remove.
    """
    note = _project_note(paths, stack)
    owner = note.read_text(encoding="utf-8") if note.exists() else project
    if owner != project:
        raise UsageError(
            f"the stack {stack} on the cluster {paths.name} is that of the project {owner}, and this one is {project}: "
            f"its apps would go; --name {project} makes a cluster of your own"
        )


def note_project(paths: ClusterPaths, stack: str, project: str) -> None:
    """Write down from which project a stack is deployed."""
    _project_note(paths, stack).write_text(project, encoding="utf-8")


def _project_note(paths: ClusterPaths, stack: str) -> Path:
    return paths.root / f"project.{stack}"


@contextmanager
def unfinished_before(paths: ClusterPaths, stack: str) -> Generator[bool]:
    """Yield whether the last deployment of `stack` did not come to its end, which only a good end of this one forgets.

    The Kubernetes provider records nothing of an update whose wait is cut off, though the object has changed already:
    without a look at the cluster the next deployment would take it for what it was before.
    """
    mark = paths.root / f"deployment-unfinished.{stack}"
    before = mark.exists()
    mark.touch()
    yield before
    mark.unlink(missing_ok=True)


def environment(paths: ClusterPaths) -> dict[str, str]:
    """Return the variables with which kubectl and any Pulumi CLI reach the cluster and the state of its stacks."""
    return {
        "KUBECONFIG": str(paths.kubeconfig),
        "PULUMI_BACKEND_URL": paths.state.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(paths.passphrase),
    }


def _keep_passphrase(path: Path) -> None:
    if path.exists():
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(32))
