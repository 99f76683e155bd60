"""The commands of the pipeline on the local cluster: a checkout, the real engine, and the state that `up` has made.

Run as a module it deploys, as `nightowl ci deploy` does: `python -m tests.e2e.delivery CHECKOUT BACKEND`.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import yaml

from infra.ci.actions_run import ActionsRun
from infra.ci.deploy import run_deploy
from infra.ci.engine import STOP_SECONDS, Target
from infra.ci.workspace import project_workspace
from infra.engine.driver import Engine
from infra.errors import NightowlError
from infra.local.paths import ClusterPaths
from infra.project import project_name
from infra.toolchain.resolve import resolve_pulumi

REPOSITORY = Path(__file__).resolve().parents[2]
STACK = "local"


def make_checkout(folder: Path, cluster: ClusterPaths) -> Path:
    """A checkout as Pulumi wants it, with the Kubernetes provider that `up` has used on the cluster."""
    (folder / "stacks").mkdir(parents=True)
    (folder / "infra").mkdir()
    project: dict[str, Any] = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text())
    project["plugins"] = yaml.safe_load((cluster.workspace / "Pulumi.yaml").read_text())["plugins"]
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project, sort_keys=False))
    file = f"Pulumi.{STACK}.yaml"
    (folder / "stacks" / file).write_bytes((REPOSITORY / "stacks" / file).read_bytes())
    return folder


def target_in(checkout: Path, backend: str) -> Target:
    """The stack in a checkout, with the engine that the pipeline has."""
    workspace = project_workspace(checkout, backend, None)
    engine = Engine(workspace=workspace, pulumi_binary=resolve_pulumi(lambda _: None), stop_seconds=STOP_SECONDS)
    return Target(
        project=project_name(checkout),
        stack=STACK,
        stack_file=checkout / "stacks" / f"Pulumi.{STACK}.yaml",
        engine=lambda _: engine,
        caller=lambda _: None,
    )


def main(checkout: str, backend: str) -> None:
    """Deploy, and end as the command does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run_deploy(target_in(Path(checkout), backend), {}, ActionsRun())
    except NightowlError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main(*sys.argv[1:])
