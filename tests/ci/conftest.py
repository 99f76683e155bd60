"""AWS by moto, and programs that are not there, for the commands of the pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import botocore.loaders
import botocore.session
import pytest
from botocore.loaders import Loader
from moto import mock_aws


@pytest.fixture(scope="session")
def models() -> Loader:
    """The descriptions of AWS' services, read once: a new session would read them again."""
    return botocore.loaders.create_loader()


@pytest.fixture(autouse=True)
def no_waits_between_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.github.client.BACKOFF_SECONDS", 0.0)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, models: Loader) -> Iterator[None]:
    """An AWS that moto keeps in this process; nothing reaches a network."""
    monkeypatch.setattr(botocore.session, "create_loader", lambda _: models)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with mock_aws():
        yield


@pytest.fixture
def nothing_reaches_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every client of AWS and GitHub a failure of the test."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a dry run asked AWS or GitHub")

    monkeypatch.setattr("boto3.client", refuse)
    monkeypatch.setattr("infra.ci.github.Github", refuse)
