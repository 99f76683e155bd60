"""The removal of a pull request's stack by an engine that reads no state but a checked copy of it.

The copy lies in a folder of this run alone, so that nobody changes it after it was checked. What a removal that ended
early has left is written back.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from infra.ci.ephemeral.checked_state import Expected, TrustedProvider, checked_state
from infra.ci.ephemeral.states import Guests, Quarantine
from infra.ci.workspace import PASSPHRASE_PROVIDERS
from infra.engine.driver import Engine
from infra.engine.locks import LockHolder, state_of_stack
from infra.engine.outcome import InterruptedRunError, OnProgress, RunResult
from infra.engine.workspace import Workspace
from infra.errors import NightowlError
from infra.platforms.eks.names import cluster_name
from infra.platforms.eks.sharing import OUTPUT
from infra.urns import STACK_TYPE

AWS_KEYS = ("defaultTags",)
KUBERNETES_KEYS = ("context", "enableServerSideApply", "kubeconfig", "upsertExistingObjects")
"""What the program also passes to the providers, and a removal does not need."""


class RemovalFailedError(NightowlError):
    """A stack is still there. `quarantine` says how often that was so, and whether it is tried again."""

    def __init__(self, error: NightowlError, quarantine: Quarantine) -> None:
        super().__init__(str(error))
        self.quarantine = quarantine


def remove_stack(
    engine: Engine, guests: Guests, expected: Expected, file: Path, *, now: datetime, on_progress: OnProgress
) -> RunResult:
    """Remove a stack and all that it has, and forget it. `file` is its stack file.

    Raises:
        RemovalFailedError: its state is unsafe, and nothing was run; or the engine failed.
        StackLockedError: another run is at work on it.
        InterruptedRunError: it was cancelled; the next removal goes on.
    """
    stack = expected.stack
    with guests.locked(stack, now):
        remembered = guests.quarantine(stack)
        try:
            outcome = _destroy(engine, guests, expected, file, on_progress)
        except InterruptedRunError:
            raise
        except NightowlError as error:
            raise RemovalFailedError(error, guests.remember_failure(stack, remembered, error)) from None
        guests.remove(stack)
    return outcome


def expected_state(
    stack: str, base: str, platform: Mapping[str, Any], workspace: Workspace, shared: Mapping[str, Any]
) -> Expected:
    """Return what is known of a stack without its state.

    Args:
        stack: of the pull request.
        base: the stack whose cluster it shares.
        platform: the section of the base's stack file.
        workspace: of the engine.
        shared: the base's output `sharing`, which only the base's own role can write.
    """
    provider = workspace.secrets_provider
    kubernetes = {"enablePatchForce": "true", "version": metadata.version("pulumi_kubernetes")}
    providers: dict[str, TrustedProvider] = {}
    if platform.get("kind") == "eks":
        cluster = cluster_name(workspace.project_name, base)
        kubernetes |= {"clusterIdentifier": cluster, "kubeconfig": str(shared.get("kubeconfig"))}
        providers["aws"] = TrustedProvider(inputs=_aws(platform), known=AWS_KEYS)
    else:
        context = str(platform.get("context"))
        kubernetes |= {"clusterIdentifier": context, "context": context, "enableServerSideApply": "true"}
        kubeconfig = platform.get("kubeconfig") or workspace.environment.get("KUBECONFIG")
        kubernetes |= {"kubeconfig": str(kubeconfig)} if kubeconfig else {}
    providers["kubernetes"] = TrustedProvider(inputs=kubernetes, known=KUBERNETES_KEYS)
    return Expected(
        project=workspace.project_name,
        stack=stack,
        providers=providers,
        secrets=None if provider in PASSPHRASE_PROVIDERS else provider,
    )


def shared_by(guests: Guests, base: str) -> Mapping[str, Any]:
    """Read the output `sharing` of a stack from its state, as `infra.platforms.eks.sharing` makes it.

    Raises:
        NightowlError: the stack shares nothing, so that it has no guests.
    """
    try:
        state: Any = json.loads(guests.backend.read(state_of_stack(guests.project, base)))
        resources = state["checkpoint"]["latest"]["resources"]
        (root,) = (one for one in resources if one["type"] == STACK_TYPE)
        return cast(Mapping[str, Any], root["outputs"][OUTPUT])
    except (ValueError, KeyError, TypeError):
        raise NightowlError(
            f"the state of {base} does not tell how its cluster is reached; deploy {base} once"
        ) from None


def _aws(platform: Mapping[str, Any]) -> dict[str, str]:
    return {
        "region": str(platform.get("region")),
        "allowedAccountIds": json.dumps([str(platform.get("accountId"))]),
        "skipCredentialsValidation": "false",
        "skipRegionValidation": "true",
        "version": metadata.version("pulumi_aws"),
    }


def _destroy(engine: Engine, guests: Guests, expected: Expected, file: Path, on_progress: OnProgress) -> RunResult:
    state = checked_state(guests.read(expected.stack), expected)
    with _engine_of_copy(engine, guests, expected.stack, state) as own:
        latest = json.loads(state)["checkpoint"].get("latest")
        if latest and latest.get("pending_operations"):
            own.recover(file)
        return own.destroy(file, on_progress=on_progress)


def private_copy(workspace: Workspace, folder: Path) -> Workspace:
    """Return a workspace with the state in a folder of this run, which nobody else knows, and without downloads."""

    def nobody(_stack: str) -> tuple[LockHolder, ...]:
        return ()

    def copied(_stack: str) -> bool:
        return True

    return replace(
        workspace,
        environment={
            **workspace.environment,
            "PULUMI_BACKEND_URL": folder.as_uri(),
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
        },
        # The lock is held where the state comes from.
        lock_holders=nobody,
        has_stack=copied,
        runs_here_only=True,
    )


@contextmanager
def _engine_of_copy(engine: Engine, guests: Guests, stack: str, state: bytes) -> Generator[Engine]:
    """Return an engine for a state of its own; what it has made of that is written back where it did not end well."""
    with TemporaryDirectory(prefix="nightowl-state-") as name:
        folder = Path(name)
        file = folder / state_of_stack(guests.project, stack)
        file.parent.mkdir(parents=True)
        file.write_bytes(state)
        try:
            yield replace(engine, workspace=private_copy(engine.workspace, folder))
        except BaseException:
            left = file.read_bytes()
            if left != state:
                guests.write(stack, left)
            raise
