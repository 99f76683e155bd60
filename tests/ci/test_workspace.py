"""The checkout as the engine's workspace, and the locks in its backend."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from infra.ci.state import read_locks
from infra.ci.workspace import project_workspace
from infra.engine.outcome import DeploymentFailedError
from infra.engine.workspace import Workspace
from infra.errors import NightowlError

BUCKET = "nightowl-state-111122223333-eu-central-1"
BACKEND = f"s3://{BUCKET}?region=eu-central-1&awssdk=v2"
LOCK = json.dumps({"pid": 7, "username": "runner", "hostname": "vm", "timestamp": "2026-11-23T17:35:01.5Z"})
FOLDER = ".pulumi/locks/organization/nightowl/dev"


def workspace(project: Path, secrets_provider: str | None = "awskms:///alias/x") -> Workspace:
    (project / "Pulumi.yaml").write_text("name: nightowl\nruntime: python\n")
    return project_workspace(project, BACKEND, secrets_provider)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        s3 = boto3.client("s3", region_name="eu-central-1")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        s3.put_object(Bucket=BUCKET, Key=f"{FOLDER}/1.json", Body=LOCK)
        s3.put_object(Bucket=BUCKET, Key=f"{FOLDER}-other/2.json", Body=LOCK)
        s3.put_object(Bucket=BUCKET, Key=f"team/{FOLDER}/3.json", Body="not a lock")
        yield


def test_of_the_callers_pulumi_variables_the_engine_gets_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "mine")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "mine")
    monkeypatch.setenv("PULUMI_HOME", "/plugins")
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)

    assert workspace(tmp_path).environment == {"PULUMI_BACKEND_URL": BACKEND}
    assert workspace(tmp_path, None).environment == {
        "PULUMI_BACKEND_URL": BACKEND,
        "PULUMI_CONFIG_PASSPHRASE": "mine",
    }
    assert workspace(tmp_path).pulumi_home == Path("/plugins")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert workspace(tmp_path).environment["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"


def test_a_stack_file_that_pulumi_would_not_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()

    assert workspace(tmp_path).prepare(tmp_path / "stacks" / "Pulumi.dev.yaml") == "dev"
    with pytest.raises(DeploymentFailedError, match="is not in"):
        workspace(tmp_path).prepare(tmp_path / "Pulumi.dev.yaml")


@pytest.mark.usefixtures("bucket")
def test_locks_in_a_bucket_are_those_of_the_stack_alone() -> None:
    (holder,) = read_locks(BACKEND, "nightowl", "dev")
    assert str(holder) == "runner@vm (process 7), since 2026-11-23 17:35:01 UTC"
    assert read_locks(BACKEND, "nightowl", "staging") == ()

    (unreadable,) = read_locks(f"s3://{BUCKET}/team?region=eu-central-1", "nightowl", "dev")
    assert unreadable.user == "unknown"


@pytest.mark.usefixtures("bucket")
def test_a_bucket_that_cannot_be_read_is_told_in_a_sentence() -> None:
    with pytest.raises(NightowlError, match=r"did not list the files in s3://missing-bucket-1.*NoSuchBucket"):
        read_locks("s3://missing-bucket-1?region=eu-central-1", "nightowl", "dev")


def test_a_backend_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NightowlError, match="neither an S3 bucket nor a folder"):
        read_locks("https://api.example.com", "nightowl", "dev")
    assert read_locks(tmp_path.as_uri(), "nightowl", "dev") == ()
