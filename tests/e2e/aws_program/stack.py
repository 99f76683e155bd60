"""One stack of the AWS program on the real engine: a stack file, a state in a folder, an account in memory."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from infra.engine.command import EngineCommand
from infra.engine.driver import Engine
from infra.engine.outcome import Preview, RunResult
from infra.engine.program import run_program
from infra.engine.workspace import Workspace, stack_name
from infra.plan.answers import Answers
from infra.plan.plan import Plan, plan_of_file
from infra.settings.build import PROJECT
from infra.settings.stack_file import read_stack_file, settings_from_stack_file
from infra.toolchain.resolve import resolve_pulumi
from tests.echo.account import Account
from tests.echo.journal import Journal
from tests.echo.limits import LIMITS
from tests.echo.service import serving
from tests.language_host import language_host

REPOSITORY = Path(__file__).resolve().parents[3]
STACKS = REPOSITORY / "stacks"
POLICIES = REPOSITORY / "policies"
MANY = "1000"
"""Operations that the engine may have under way: so many that none waits for another's end alone."""


def echo_workspace(root: Path, providers: str) -> Workspace:
    """The folder of one test stack. `providers` is where the account answers."""
    work_dir, home, state = root / "project", root / "home", root / "state"

    def prepare(stack_file: Path) -> str:
        for folder in (work_dir, state, home):
            folder.mkdir(parents=True, exist_ok=True)
        (work_dir / "Pulumi.yaml").write_text(yaml.safe_dump({"name": PROJECT, "runtime": "python"}))
        target = work_dir / stack_file.name
        kept: dict[str, Any] = yaml.safe_load(target.read_text()) if target.exists() else {}
        salt = {key: kept[key] for key in ("encryptionsalt",) if key in kept}
        target.write_text(yaml.safe_dump({**salt, "config": yaml.safe_load(stack_file.read_text())["config"]}))
        return stack_name(stack_file)

    return Workspace(
        work_dir=work_dir,
        project_name=PROJECT,
        pulumi_home=home,
        secrets_provider="passphrase",
        environment={
            "PATH": f"{root / 'language'}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "of a test",
            "PULUMI_DEBUG_PROVIDERS": providers,
            "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
            "PULUMI_PARALLEL": MANY,
        },
        prepare=prepare,
        lock_holders=lambda _: (),
        runs_here_only=True,
    )


@dataclass(frozen=True, kw_only=True)
class EchoStack:
    """A stack file that a test may edit, and what the engine makes of it.

    `up`, `preview` and `destroy` raise DeploymentFailedError as the product's own engine does; each `up` and
    `destroy` begins a new journal.
    """

    file: Path
    account: Account
    engine: Engine
    first: dict[str, Any] = field(default_factory=dict)

    @property
    def journal(self) -> Journal:
        return self.account.journal

    def plan(self) -> Plan:
        return plan_of_file(self.file, stack_name(self.file))

    def preview(self) -> Preview:
        return self.engine.preview(self.file, run_program)

    def up(self, *, refresh: bool = False) -> RunResult:
        self.account.new_journal()
        return self.engine.deploy(self.file, run_program, refresh=refresh)

    def destroy(self) -> RunResult:
        self.account.new_journal()
        return self.engine.destroy(self.file)

    def edit(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Let `change` edit the sections of the stack file as it was given, without `nightowl:` before their names."""
        document = copy.deepcopy(self.first)
        sections = {key.removeprefix("nightowl:"): value for key, value in document["config"].items()}
        change(sections)
        document["config"] = {f"nightowl:{key}": value for key, value in sections.items()}
        self.file.write_text(yaml.safe_dump(document))

    def restore(self) -> None:
        """Undo every edit."""
        self.file.write_text(yaml.safe_dump(self.first))

    def state(self) -> Mapping[str, Mapping[str, Any]]:
        """What the engine has recorded, by URN; what waits for its deletion is left out."""
        [text] = (self.engine.workspace.work_dir.parent / "state").rglob(f"{stack_name(self.file)}.json")
        resources = json.loads(text.read_text())["checkpoint"]["latest"].get("resources", [])
        return {one["urn"]: one for one in resources if not one.get("delete")}

    def lost(self) -> list[str]:
        """What the engine believes in and the account does not have."""
        return [
            one["urn"]
            for one in self.state().values()
            if one["custom"] and one["type"].startswith(("aws:", "kubernetes:"))
            if (one["type"], one["id"]) not in self.account.objects
        ]

    def left_over(self) -> list[str]:
        """What the account has and the engine does not know of, but for records that several stacks share."""
        known = {(one["type"], one.get("id")) for one in self.state().values()}
        return [
            f"{type_} {id_}"
            for (type_, id_), one in self.account.objects.items()
            if (type_, id_) not in known and not one.inputs.get("allowOverwrite")
        ]


@contextmanager
def echo_stack(
    root: Path, shipped: Path, change: Callable[[dict[str, Any]], None] = lambda _: None, *, policies: bool = True
) -> Generator[EchoStack]:
    """Give a stack that nothing was made of yet: a shipped stack file as a whole, with `change` made to its sections.

    With `policies` the engine asks the policy pack in each preview and update, at the levels of the stack.
    """
    file = root / shipped.name
    document: dict[str, Any] = read_stack_file(shipped).document
    sections = {key.removeprefix("nightowl:"): value for key, value in document["config"].items()}
    change(sections)
    document["config"] = {f"nightowl:{key}": value for key, value in sections.items()}
    file.write_text(yaml.safe_dump(document))
    language_host(root / "language")
    account = Account(answers=_answers(file), limits=list(LIMITS))
    pack = ["--policy-pack", str(POLICIES), "--policy-pack-config", str(POLICIES / f"{stack_name(file)}.json")]
    with serving(account) as providers:
        engine = Engine(
            workspace=echo_workspace(root, providers),
            pulumi_binary=resolve_pulumi(lambda _: None),
            options={"up": pack, "preview": pack} if policies else {},
        )
        # The backend knows the stack from here on, so it can be previewed while it is empty.
        stack_command(engine, file, "init", "--secrets-provider", str(engine.workspace.secrets_provider))
        yield EchoStack(file=file, account=account, engine=engine, first=document)


def stack_command(engine: Engine, file: Path, *arguments: str) -> str:
    """Run `pulumi stack` for the stack of a file, and return what it prints."""
    workspace = engine.workspace
    command = ["stack", *arguments, "--stack", workspace.prepare(file)]
    environment = {**workspace.environment, "PULUMI_HOME": str(workspace.pulumi_home)}
    return EngineCommand(engine.pulumi_binary).run(command, str(workspace.work_dir), environment).stdout


def _answers(file: Path) -> Answers:
    settings: Any = settings_from_stack_file(file)
    access = settings.cluster.access
    deployer = next(iter([*access.deployers, *access.admins]))
    return Answers(
        stack=stack_name(file),
        account_id=settings.platform.account_id,
        region=settings.platform.region,
        role=deployer.rpartition("/")[2],
    )
