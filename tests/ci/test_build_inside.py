"""A command of the pipeline in a build inside the VPC, against AWS's own description of its calls."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.loaders import Loader
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber
from typer.testing import CliRunner

from infra import cli
from infra.aws import AwsError
from infra.ci.actions_run import ActionsRun
from infra.ci.build_inside import BuildInsideError, Services, belongs_inside, run_inside
from infra.ci.images import ImageStack
from tests.ci.checkout import Checkout
from tests.ci.delivery_stacks import ACCOUNT, PUBLIC, path_of, read, stack_text
from tests.printed import printed_to

BUILD = "nightowl-dev-runner:1"
BUCKET = f"nightowl-state-{ACCOUNT}-eu-central-1"
LOG = {"groupName": "/aws/codebuild/nightowl-dev-runner", "streamName": "1"}
IMAGES = '{"web": "registry/web@sha256:1"}'


@dataclass
class FakeAws:
    """Answers of AWS in their order; what is sent and answered must fit AWS's own description of the calls."""

    services: Services
    stubs: dict[str, Stubber]
    token: str | None = None

    def starts(self, *, command: str = "deploy", images: str = IMAGES) -> None:
        summary = {"Bucket": BUCKET, "Key": "runner/nightowl-dev/summary.md", "Body": b""}
        self.stubs["s3"].add_response("put_object", {}, summary)
        source = {"Bucket": BUCKET, "Key": "runner/nightowl-dev/source.tar", "Body": ANY}
        self.stubs["s3"].add_response("put_object", {"VersionId": "v1"}, source)
        sent = {
            "NIGHTOWL_SOURCE": "v1",
            "NIGHTOWL_COMMAND": command,
            "NIGHTOWL_IMAGES": images,
            "GITHUB_REPOSITORY": "example/nightowl",
            "GITHUB_RUN_ID": "4711",
            "GITHUB_SHA": "5" * 40,
        }
        values = [{"name": name, "value": value, "type": "PLAINTEXT"} for name, value in sent.items()]
        expected = {"projectName": "nightowl-dev-runner", "environmentVariablesOverride": values}
        self.stubs["codebuild"].add_response("start_build", {"build": {"id": BUILD}}, expected)

    def goes_on(self, *lines: str, status: str = "IN_PROGRESS", began: bool = True) -> None:
        build = {"id": BUILD, "buildStatus": status, "buildComplete": status != "IN_PROGRESS"}
        answer = {"builds": [{**build, "logs": LOG} if began else build]}
        self.stubs["codebuild"].add_response("batch_get_builds", answer, {"ids": [BUILD]})
        if began:
            self._log(lines)

    def _log(self, lines: Sequence[str]) -> None:
        token, self.token = self.token, f"{self.token or 'f/'}1"
        asked = {"logGroupName": LOG["groupName"], "logStreamName": "1", "startFromHead": True}
        first = asked if token is None else {**asked, "nextToken": token}
        events = [{"message": f"{line}\n"} for line in lines]
        self.stubs["logs"].add_response("get_log_events", {"events": events, "nextForwardToken": self.token}, first)
        again = {**asked, "nextToken": self.token}
        self.stubs["logs"].add_response("get_log_events", {"events": [], "nextForwardToken": self.token}, again)

    def ends(self, summary: str = "") -> None:
        body = StreamingBody(io.BytesIO(summary.encode()), len(summary.encode()))
        asked = {"Bucket": BUCKET, "Key": "runner/nightowl-dev/summary.md"}
        self.stubs["s3"].add_response("get_object", {"Body": body}, asked)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, models: Loader) -> Iterator[FakeAws]:
    monkeypatch.setattr("botocore.session.create_loader", lambda _: models)
    keys: dict[str, Any] = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    session = boto3.Session(region_name="eu-central-1", **keys)
    clients: dict[str, Any] = {name: session.client(name) for name in ("codebuild", "logs", "s3")}
    stubs = {name: Stubber(client) for name, client in clients.items()}
    for stub in stubs.values():
        stub.activate()
    services = Services(builds=clients["codebuild"], logs=clients["logs"], files=clients["s3"])
    yield FakeAws(services, stubs)
    for stub in stubs.values():
        stub.assert_no_pending_responses()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    text = stack_text("dev", {"web": PUBLIC}).replace("    github:\n", "    runner: true\n    github:\n")
    return Checkout.make(tmp_path / "checkout", {path_of("dev"): text, "Pulumi.yaml": "name: nightowl\n"})


def stack_of(checkout: Checkout) -> ImageStack:
    return read(checkout.folder, "dev")


def inside(checkout: Checkout, aws: FakeAws, *, wait: Any = lambda _: None, **more: Any) -> tuple[list[str], str]:
    """What was said, and the summary of the job."""
    said: list[str] = []
    summary = checkout.folder.parent / "summary.md"
    console = printed_to(said)
    run = ActionsRun(repository="example/nightowl", run_id="4711", sha="5" * 40, summary=summary, console=console)
    given = {"command": "deploy", "images": IMAGES, **more}
    run_inside(checkout.folder, stack_of(checkout), run=run, services=aws.services, wait=wait, **given)
    return said, summary.read_text() if summary.exists() else ""


def test_what_the_build_says_is_said_while_it_runs_and_its_summary_is_the_jobs(
    checkout: Checkout, aws: FakeAws
) -> None:
    aws.starts()
    aws.goes_on(began=False)
    aws.goes_on("previewing dev")
    aws.goes_on("deployed", status="SUCCEEDED")
    aws.ends("### `dev` is deployed\n")
    waited: list[float] = []

    said, summary = inside(checkout, aws, wait=waited.append)

    assert said == [f"build {BUILD} inside the VPC", "previewing dev", "deployed"]
    assert summary == "### `dev` is deployed\n"
    assert len(waited) == 3, "the last lines of a build reach its log after its end"


def test_the_build_gets_what_the_commit_holds_and_nothing_that_lies_beside_it(
    checkout: Checkout, aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout.write({"Pulumi.yaml": "name: nightowl\ndescription: changed\n", "secret.txt": "s"})
    aws.starts(command="recover", images="{}")
    put, sent = aws.services.files.put_object, []

    def keep(**asked: Any) -> Any:
        if not isinstance(asked["Body"], bytes):
            sent.append(asked["Body"].read())
        return put(**asked)

    monkeypatch.setattr(aws.services.files, "put_object", keep)
    aws.goes_on("done", status="SUCCEEDED")
    aws.ends()

    inside(checkout, aws, command="recover", images="{}")

    with tarfile.open(fileobj=io.BytesIO(sent[0])) as archive:
        assert sorted(archive.getnames()) == ["Pulumi.yaml", "stacks", path_of("dev")]
        kept = archive.extractfile("Pulumi.yaml")
        assert kept is not None
        assert kept.read() == b"name: nightowl\n"


@pytest.mark.parametrize("status", ["FAILED", "FAULT", "TIMED_OUT", "STOPPED"])
def test_a_build_that_fails_fails_the_job_with_its_last_lines(checkout: Checkout, aws: FakeAws, status: str) -> None:
    lines = [f"line {number}" for number in range(30)]
    aws.starts()
    aws.goes_on(*lines, status=status)
    aws.ends("### `dev` is not deployed\n")

    with pytest.raises(BuildInsideError) as failed:
        inside(checkout, aws)

    assert str(failed.value).splitlines()[1:] == lines[-20:]
    assert status.lower().replace("_", " ") in str(failed.value)
    assert "is not deployed" in (checkout.folder.parent / "summary.md").read_text()


def test_whoever_cancels_the_job_stops_the_build(checkout: Checkout, aws: FakeAws) -> None:
    aws.starts()
    aws.goes_on("previewing dev")
    aws.stubs["codebuild"].add_response("stop_build", {}, {"id": BUILD})

    def cancelled(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        inside(checkout, aws, wait=cancelled)


def test_a_job_that_no_longer_sees_its_build_stops_it(checkout: Checkout, aws: FakeAws) -> None:
    aws.starts()
    aws.stubs["codebuild"].add_client_error("batch_get_builds", "ExpiredTokenException")
    aws.stubs["codebuild"].add_response("stop_build", {}, {"id": BUILD})
    with pytest.raises(AwsError, match="the AWS credentials have expired"):
        inside(checkout, aws)


def test_a_role_that_may_not_start_it_gets_nothing_inside(checkout: Checkout, aws: FakeAws) -> None:
    aws.stubs["s3"].add_client_error("put_object", "AccessDenied")
    with pytest.raises(AwsError, match=r"run deploy in nightowl-dev-runner: .* lack the permission s3:PutObject"):
        inside(checkout, aws)


def test_only_a_job_whose_stack_asks_for_it_goes_inside_and_only_once(checkout: Checkout) -> None:
    stack, job = stack_of(checkout), {"GITHUB_ACTIONS": "true"}
    assert belongs_inside(stack, job)
    assert not belongs_inside(stack, {})
    assert not belongs_inside(stack, {**job, "CODEBUILD_BUILD_ID": BUILD})


@pytest.mark.parametrize(("command", "options"), [("deploy", ["--images", IMAGES]), ("recover", [])])
def test_a_command_of_such_a_job_is_run_inside(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, command: str, options: list[str]
) -> None:
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr("infra.ci.build_inside.run_inside", lambda *given, **more: asked.append((given[2], more)))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.delenv("CODEBUILD_BUILD_ID", raising=False)
    monkeypatch.chdir(checkout.folder)
    result = CliRunner().invoke(cli.app, ["ci", command, "-s", "dev", *options], catch_exceptions=False)
    assert result.exit_code == 0
    [(given, more)] = asked
    assert (given, more["images"]) == (command, IMAGES if options else "{}")
