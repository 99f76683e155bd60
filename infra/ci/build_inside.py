"""A command of the pipeline that reaches the cluster, in a build inside the VPC that the job starts and follows."""

from __future__ import annotations

import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from infra.aws import aws_errors, client
from infra.ci.actions_run import ActionsRun
from infra.ci.git import write_archive
from infra.ci.images import ImageStack
from infra.engine.environment import in_job
from infra.errors import NightowlError
from infra.platforms.eks.names import runner_folder, runner_name

Command = Literal["deploy", "recover"]
PERMISSIONS = (
    "s3:PutObject, s3:GetObject, codebuild:StartBuild, codebuild:StopBuild, codebuild:BatchGetBuilds or "
    "logs:GetLogEvents"
)
POLL_SECONDS = 5.0
LAST_LINES = 20
"""What a failure repeats of the log."""


class BuildInsideError(NightowlError):
    """A build inside the VPC did not succeed."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """Clients of AWS: CodeBuild, CloudWatch Logs and S3."""

    builds: Any
    logs: Any
    files: Any


def belongs_inside(stack: ImageStack, environ: Mapping[str, str]) -> bool:
    """Whether this is a job of GitHub Actions whose stack is deployed from inside its VPC, and not the build itself."""
    return stack.delivery.runner and in_job(environ) and "CODEBUILD_BUILD_ID" not in environ


def run_inside(
    project: Path,
    stack: ImageStack,
    command: Command,
    run: ActionsRun,
    *,
    images: str = "{}",
    services: Services | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Run `nightowl ci deploy` or `recover` of the checked out commit inside the VPC, and print its log meanwhile.

    The commit goes to the state's bucket, the build takes that version of it, and its summary comes back. To stop
    the job stops the build.

    Raises:
        GitError: `project` is no checkout.
        AwsError: AWS refuses.
        BuildInsideError: the build failed or was stopped; the message has its last lines.
    """
    aws = services or Services(
        builds=client("codebuild", stack.region), logs=client("logs", stack.region), files=client("s3", stack.region)
    )
    name = runner_name(stack.cluster)
    bucket, summary = stack.delivery.bucket, f"{runner_folder(stack.cluster)}/summary.md"
    lines: deque[str] = deque(maxlen=LAST_LINES)
    with aws_errors(f"run {command} in {name}", PERMISSIONS):
        # What an earlier build wrote would be taken for this one's.
        aws.files.put_object(Bucket=bucket, Key=summary, Body=b"")
        values = {
            "NIGHTOWL_SOURCE": _upload(project, stack, aws),
            "NIGHTOWL_COMMAND": command,
            "NIGHTOWL_IMAGES": images,
            "GITHUB_REPOSITORY": run.repository,
            "GITHUB_RUN_ID": run.run_id,
            "GITHUB_SHA": run.sha,
        }
        overrides = [{"name": key, "value": value, "type": "PLAINTEXT"} for key, value in values.items()]
        build = aws.builds.start_build(projectName=name, environmentVariablesOverride=overrides)["build"]["id"]
        run.print(f"build {build} inside the VPC")
        try:
            status = _follow(aws, build, lines, run, wait)
        except BaseException:
            # The job is cancelled, or nobody sees any more what the build does.
            aws.builds.stop_build(id=build)
            raise
        markdown = aws.files.get_object(Bucket=bucket, Key=summary)["Body"].read().decode(errors="replace")
    if markdown:
        run.summarize(markdown)
    if status != "SUCCEEDED":
        end = "\n".join(lines)
        raise BuildInsideError(f"build {build} inside the VPC: {status.lower().replace('_', ' ')}\n{end}")


def _upload(project: Path, stack: ImageStack, aws: Services) -> str:
    """Put the checked out commit into the bucket of the state, and return the version of the object."""
    with tempfile.TemporaryDirectory(prefix="nightowl-build-") as temporary:
        archive = Path(temporary) / "source.tar"
        write_archive(project, "HEAD", archive)
        with archive.open("rb") as body:
            answer = aws.files.put_object(
                Bucket=stack.delivery.bucket, Key=f"{runner_folder(stack.cluster)}/source.tar", Body=body
            )
    return answer["VersionId"]


def _follow(aws: Services, build: str, lines: deque[str], run: ActionsRun, wait: Callable[[float], None]) -> str:
    """Print each line of the build's log once, until the build has ended, and return how."""
    token: str | None = None
    while True:
        found = aws.builds.batch_get_builds(ids=[build])["builds"][0]
        ended = bool(found.get("buildComplete"))
        if not ended:
            token = _print_new_lines(aws, found.get("logs", {}), token, lines, run)
        # After the end too: the last lines reach the log a little later.
        wait(POLL_SECONDS)
        if ended:
            _print_new_lines(aws, found.get("logs", {}), token, lines, run)
            return found["buildStatus"]


def _print_new_lines(
    aws: Services, log: Mapping[str, str], token: str | None, lines: deque[str], run: ActionsRun
) -> str | None:
    if "streamName" not in log:
        return token
    while True:
        more = {} if token is None else {"nextToken": token}
        page = aws.logs.get_log_events(
            logGroupName=log["groupName"], logStreamName=log["streamName"], startFromHead=True, **more
        )
        for event in page["events"]:
            line = event["message"].rstrip("\n")
            lines.append(line)
            run.print(line)
        # At the end of the log CloudWatch gives back the token that it got (API, GetLogEvents).
        if page["nextForwardToken"] == token:
            return token
        token = page["nextForwardToken"]
