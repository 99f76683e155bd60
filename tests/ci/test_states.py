"""The states of pull requests in a bucket, as `Guests` lists, locks and removes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.ci.ephemeral.states import Guests, UnsafeStateError
from infra.ci.state import LONGEST_FILE_BYTES, BucketBackend, open_backend
from infra.engine.outcome import StackLockedError
from infra.errors import NightowlError

BUCKET = "nightowl-state"
STACKS = "team/.pulumi/stacks/shop"
NOW = datetime.now(UTC)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.fixture
def guests(s3: Any) -> Guests:
    for name in (
        "dev.json",
        "pr-7.json",
        "pr-7.json.bak",
        "pr-7.json.attrs",
        "pr-70.json",
        "pr-8.json.gz",
        "pr-9.x.json",
    ):
        s3.put_object(Bucket=BUCKET, Key=f"{STACKS}/{name}", Body=b"{}")
    for folder in ("history", "backups"):
        s3.put_object(Bucket=BUCKET, Key=f"team/.pulumi/{folder}/shop/pr-7/1.json", Body=b"{}")
        s3.put_object(Bucket=BUCKET, Key=f"team/.pulumi/{folder}/shop/pr-70/1.json", Body=b"{}")
    return Guests(open_backend(f"s3://{BUCKET}/team?region=us-east-1&awssdk=v2"), "shop")


def keys(s3: Any) -> set[str]:
    return {item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])}


def test_stacks_of_pull_requests_are_listed_by_their_names(guests: Guests) -> None:
    assert set(guests.stacks()) == {"pr-7", "pr-70", "pr-8"}
    assert all(abs(written - NOW) < timedelta(hours=1) for written in guests.stacks().values())


def test_a_stack_is_removed_with_all_that_is_beside_it_and_no_other(guests: Guests, s3: Any) -> None:
    before = keys(s3)
    guests.remember_failure("pr-7", None, NightowlError("why"))
    guests.remove("pr-7")
    assert before - keys(s3) == {
        *(f"{STACKS}/pr-7.json{end}" for end in ("", ".bak", ".attrs")),
        *(f"team/.pulumi/{folder}/shop/pr-7/1.json" for folder in ("history", "backups")),
    }
    assert "pr-7" not in set(guests.stacks())


def test_a_state_is_read_and_written_whole_and_a_compressed_one_is_not_read(guests: Guests) -> None:
    guests.write("pr-7", b'{"version": 3}')
    assert guests.read("pr-7") == b'{"version": 3}'
    with pytest.raises(UnsafeStateError):
        guests.read("pr-8")


def test_one_run_at_a_time_has_a_stack(guests: Guests, s3: Any) -> None:
    before = keys(s3)
    with guests.locked("pr-7", NOW):
        assert len(keys(s3)) == len(before) + 1
        with pytest.raises(StackLockedError, match="locked by"), guests.locked("pr-7", NOW):
            pass
        with guests.locked("pr-70", NOW):
            pass
    assert keys(s3) == before


def test_a_lock_that_claims_to_be_of_tomorrow_is_as_old_as_it_is(guests: Guests, s3: Any) -> None:
    claimed = {"pid": 1, "username": "x", "hostname": "y", "timestamp": "2999-01-01T00:00:00Z"}
    key = "team/.pulumi/locks/organization/shop/pr-7/1.json"
    s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(claimed).encode())
    with guests.locked("pr-7", NOW + timedelta(hours=2)):
        assert key not in keys(s3)


def test_what_was_given_up_is_forgotten_when_the_state_is_written_anew(guests: Guests, s3: Any) -> None:
    assert guests.remember_failure("pr-7", None, UnsafeStateError("why")).closed
    found = guests.quarantine("pr-7")
    assert found is not None
    assert (found.why, found.closed, guests.quarantine("pr-70")) == ("why", True, None)
    s3.delete_object(Bucket=BUCKET, Key=f"{STACKS}/pr-7.json")
    assert guests.quarantine("pr-7") is None


def test_a_file_that_is_no_state_by_its_size_is_not_read_to_its_end(tmp_path: Path) -> None:
    with (tmp_path / "x").open("wb") as file:
        file.truncate(LONGEST_FILE_BYTES + 1)
    with pytest.raises(NightowlError, match="larger than 64 MiB, which no state is"):
        open_backend(tmp_path.as_uri()).read("x")


def test_what_aws_refuses_is_a_sentence(s3: Any) -> None:
    missing = BucketBackend(url="s3://missing", bucket="missing-bucket-1", prefix="", region="us-east-1")
    for ask in (missing.list, missing.read, missing.delete, lambda key: missing.write(key, b"")):
        with pytest.raises(NightowlError, match=r"AWS did not (list|read|delete|write) .* in s3://missing: "):
            ask("x")
