from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from functools import cache
from unittest.mock import patch

import pytest
from hypothesis import settings
from pulumi.runtime.proto import source_pb2
from typer.main import get_command

from infra.system import clock

# A busy machine is no fault of the code: no example is held to a time.
settings.register_profile("nightowl", deadline=None)
settings.load_profile("nightowl")


@pytest.fixture(autouse=True, scope="session")
def shell_without_aws() -> None:
    """Forget the caller's AWS settings: no test may depend on them, or reach an account through them."""
    for name in [name for name in os.environ if name.startswith("AWS_") and name != "AWS_CA_BUNDLE"]:
        del os.environ[name]


@pytest.fixture(autouse=True, scope="session")
def plans_without_helm() -> Iterator[None]:
    """Let no plan start a provider: it would fetch charts from whatever the network has."""
    with patch("infra.plan.helm.provider_program", lambda: None):
        yield


@pytest.fixture(autouse=True, scope="session")
def resources_without_stack_traces() -> Iterator[None]:
    """Leave out what the SDK notes of the place of each resource: a fifth of a program's time, and nothing reads it."""
    with patch("pulumi.runtime.resource._get_stack_trace", source_pb2.StackTrace):
        yield


@pytest.fixture(autouse=True, scope="session")
def commands_read_once() -> Iterator[None]:
    """Read the signatures of all commands once, and not for each call of one: that took longer than most calls."""
    with patch("typer.testing._get_command", cache(get_command)):
        yield


@pytest.fixture(autouse=True)
def the_day(monkeypatch: pytest.MonkeyPatch) -> date:
    """Choose the day: what depends on it is tested on days of the test's choice, and nothing turns red by itself."""
    day = date(2026, 11, 26)
    monkeypatch.setattr(clock, "today", lambda: day)
    return day
