"""`nightowl bootstrap`: options, exit codes, and what people read."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner, Result

from infra.bootstrap.account import Account
from infra.cli import app
from infra.errors import UsageError
from tests.bootstrap.conftest import STACK_FILE, Aws, Shell


@pytest.fixture(autouse=True)
def in_the_project(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shell.project)
    monkeypatch.setenv("COLUMNS", "200")


def nightowl(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["bootstrap", *arguments])


def test_the_whole_life_of_an_account(aws: Aws, shell: Shell, account: Account) -> None:
    listed = nightowl("-s", "dev", "--dry-run")
    assert listed.exit_code == 0
    assert "changes; nothing was changed" in listed.output
    assert f"S3 bucket {account.state_bucket}\n" in listed.output
    assert shell.file.read_text() == STACK_FILE
    assert nightowl("-s", "dev", "--check").exit_code == 1

    made = nightowl("-s", "dev")
    assert made.exit_code == 0
    assert made.output.splitlines()[-2:] == [
        f"export PULUMI_BACKEND_URL='{account.backend}'",
        f"pulumi stack init dev --secrets-provider '{account.secrets_provider}'",
    ]
    checked = nightowl("-s", "dev", "--check")
    assert checked.exit_code == 0
    assert checked.output == "123456789012 eu-central-1: everything is as it should be\n"


def test_drift_is_told_with_what_is_and_what_should_be(aws: Aws, shell: Shell, account: Account) -> None:
    nightowl("-s", "dev")
    s3 = aws.client("s3")
    s3.put_bucket_versioning(Bucket=account.state_bucket, VersioningConfiguration={"Status": "Suspended"})
    policy = json.loads(s3.get_bucket_policy(Bucket=account.log_bucket)["Policy"])
    policy["Statement"][1]["Effect"] = "Allow"
    s3.put_bucket_policy(Bucket=account.log_bucket, Policy=json.dumps(policy))
    checked = nightowl("-s", "dev", "--check")
    assert checked.exit_code == 1
    assert "  versioning  Suspended  Enabled" in checked.output
    assert "another AccessLogIsWritten, OnlyByTls" in checked.output
    assert "2 differences; nothing was changed" in checked.output


def test_lines_that_could_not_be_written_are_printed(aws: Aws, shell: Shell, account: Account) -> None:
    shell.file.chmod(0o444)
    made = nightowl("-s", "dev")
    assert made.exit_code == 1
    assert "stacks/Pulumi.dev.yaml cannot be written (it is read-only). The lines:\n" in made.output
    assert f"\n    secretsprovider: {account.secrets_provider}\n" in made.output
    assert f"\n        backend: {account.backend}\n" in made.output


def test_json_has_the_resources_the_changes_and_the_two_addresses(aws: Aws, account: Account) -> None:
    document = json.loads(nightowl("-s", "dev", "--json").output)
    assert document["backend"] == account.backend
    assert document["secretsProvider"] == account.secrets_provider
    assert len(document["resources"]) == 5
    assert {"resource", "setting", "was", "becomes"} == set(document["changes"][0])


def test_two_ways_not_to_act_are_one_too_many(aws: Aws) -> None:
    result = nightowl("-s", "dev", "--dry-run", "--check")
    assert isinstance(result.exception, UsageError)
    assert aws.calls == []


def test_an_unknown_stack_is_refused(aws: Aws) -> None:
    result = nightowl("-s", "nowhere")
    assert isinstance(result.exception, UsageError)
    assert "there is no stack 'nowhere'" in str(result.exception)


def test_the_command_line_starts_without_the_aws_sdk() -> None:
    code = "import sys, infra.cli; sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
