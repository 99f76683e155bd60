"""What `nightowl local up` does, done by hand: kwokctl, then kubectl apply, then kubectl wait. The measure of `up`."""

from __future__ import annotations

from infra.errors import NightowlError
from infra.local.cluster.lifecycle import OnClusterEvent, create
from infra.local.cluster.programs import kubectl
from infra.local.paths import ClusterPaths
from infra.system.commands import CommandFailedError
from infra.toolchain.resolve import Tools

APPLY_SECONDS = 60
AVAILABLE_WITHIN_SECONDS = 180


def up_by_hand(paths: ClusterPaths, tools: Tools, objects: str, on_event: OnClusterEvent) -> None:
    """Create a cluster of the same configuration, apply `objects`, a YAML stream, and wait for all Deployments.

    Nothing is done beside anything else, and no engine keeps a state: it is what a shell script would do.

    Raises:
        NightowlError: a step failed. What was made stays.
    """
    create(paths, tools, on_event)
    wait = ["--for=condition=Available", "--all", "--all-namespaces", f"--timeout={AVAILABLE_WITHIN_SECONDS}s"]
    try:
        kubectl(
            paths, tools, "apply", "--server-side", "--filename=-", stdin_text=objects, within_seconds=APPLY_SECONDS
        )
        kubectl(paths, tools, "wait", *wait, "deployments", within_seconds=AVAILABLE_WITHIN_SECONDS + APPLY_SECONDS)
    except CommandFailedError as error:
        raise NightowlError(f"the same work by hand failed: {error}\n{error.last_lines}") from error
