"""Where the stacks of pull requests are kept, and who asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from infra.ci.actions_run import ActionsRun
from infra.ci.engine import project_engine
from infra.ci.ephemeral.checked_state import Expected
from infra.ci.ephemeral.derive import derive, derive_for_removal, stack_file_text
from infra.ci.ephemeral.removal import expected_state, shared_by
from infra.ci.ephemeral.states import Guests
from infra.ci.github import GithubRepository, connect
from infra.ci.state import open_backend
from infra.engine.driver import Engine
from infra.errors import NightowlError, UsageError
from infra.local.cluster.description import describe
from infra.local.paths import ClusterPaths
from infra.local.workspace import local_engine
from infra.project import STACKS_FOLDER, stack_file
from infra.settings.build import PROJECT
from infra.settings.pull_request import pull_request_name
from infra.settings.stack_file import read_stack_file, settings_from_stack_file
from infra.settings.yaml_file import read_yaml
from infra.toolchain.resolve import resolve_engine

LABEL = "ephemeral"
"""The label by which a pull request asks for a stack."""
MARKER = "nightowl:ephemeral"
"""Of the comment with the addresses of the stack."""


class EphemeralError(NightowlError):
    """A pull request that may not have a stack, or cannot."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """The checkout, the stack whose cluster is shared, the engine of its backend, and the pull requests.

    Without a `github` GitHub is not asked: who has the cluster decides.
    """

    project: Path
    base: str
    engine: Engine
    run: ActionsRun
    github: GithubRepository | None = None

    @property
    def guests(self) -> Guests:
        """The stacks of pull requests in the engine's backend, as files."""
        workspace = self.engine.workspace
        return Guests(open_backend(workspace.environment["PULUMI_BACKEND_URL"]), workspace.project_name)

    def expected(self, stack: str) -> Expected:
        """Return what is known of a pull request's stack without its state.

        Raises:
            UsageError, SettingsError: the base's file is not there, or cannot be read.
            NightowlError: the state of the base does not record how its cluster is reached.
        """
        document = read_stack_file(stack_file(self.project, self.base)).document
        platform = cast(Mapping[str, Any], cast(Mapping[str, Any], document["config"])[f"{PROJECT}:platform"])
        shared: Mapping[str, Any] = {}
        if platform.get("kind") == "eks":
            shared = shared_by(self.guests, self.base)
        return expected_state(stack, self.base, platform, self.engine.workspace, shared)

    def file(self, number: int) -> Path:
        """The path of the stack file of a pull request."""
        return self.project / STACKS_FOLDER / f"Pulumi.{pull_request_name(number)}.yaml"

    def write_file(self, number: int, images: Mapping[str, str], folder: Path | None = None) -> Path:
        """Derive the stack file of a pull request from the base's, and write it, to `folder` if one is given.

        The key of the stack's secrets, which Pulumi keeps in the file, survives.

        Raises:
            SettingsError: the base's file, or what was made of it, is not usable.
            NightowlError: the base cannot have stacks of pull requests.
        """
        base = read_stack_file(stack_file(self.project, self.base))
        base.settings()
        file = self.file(number) if folder is None else folder / self.file(number).name
        derived = derive(base.document, number, base=self.base, images=images)
        kept = read_yaml(file) if file.exists() else {}
        keys = {key: kept[key] for key in ("encryptedkey", "encryptionsalt") if key in kept}
        file.write_text(stack_file_text({**keys, **derived}, number, base=self.base), encoding="utf-8")
        settings_from_stack_file(file)
        return file

    def removal_file(self, number: int) -> Path:
        """Find the stack file of a pull request, or write one that does for its removal.

        Raises:
            UsageError, SettingsError: the base's file is not there, or cannot be read.
        """
        file = self.file(number)
        if not file.exists():
            derived = derive_for_removal(read_stack_file(stack_file(self.project, self.base)).document)
            file.write_text(stack_file_text(derived, number, base=self.base), encoding="utf-8")
        return file

    def comment(self, number: int, body: str) -> None:
        """Comment on the pull request, in its one comment of this kind."""
        if self.github is not None:
            self.run.print(f"comment: {self.github.upsert_comment(number, MARKER, body)}")


def project_place(project: Path, base: str, run: ActionsRun) -> Place:
    """Find the place of a stack that keeps its state in a backend of its own, with the pull requests of `run`.

    Raises:
        UsageError: there is no such stack, or no GitHub to ask.
        NightowlError: the engine cannot be had.
    """
    file = stack_file(project, base)
    github = connect(run)
    engine = project_engine(project, settings_from_stack_file(file), file, run.console)
    return Place(project=project, base=base, engine=engine, run=run, github=github)


def cluster_place(project: Path, base: str, cluster: str, run: ActionsRun) -> Place:
    """Find the place of a stack on a cluster of this machine. GitHub is asked where there is a token.

    Raises:
        UsageError: there is no such stack or cluster.
        NightowlError: the engine cannot be had.
    """
    stack_file(project, base)
    paths = ClusterPaths(cluster)
    if not describe(paths).running:
        raise UsageError(f"--cluster: {cluster!r} does not run; `nightowl local up --name {cluster}` starts it")
    engine = local_engine(paths, resolve_engine(lambda _: None), run.console.out)
    github = connect(run) if run.token else None
    return Place(project=project, base=base, engine=engine, run=run, github=github)
