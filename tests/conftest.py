from __future__ import annotations

import os
from contextlib import ExitStack
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
DAY = date(2026, 11, 26)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Arrange what holds for every test. A fixture would be looked up again for each of ten thousand of them."""
    arranged = ExitStack()
    session.config.add_cleanup(arranged.close)
    # The caller's AWS settings: no test may depend on them, or reach an account through them.
    for name in [name for name in os.environ if name.startswith("AWS_") and name != "AWS_CA_BUNDLE"]:
        del os.environ[name]
    # What depends on the day is tested on days of the test's choice, and nothing turns red by itself.
    arranged.enter_context(patch.object(clock, "today", lambda: DAY))
    # No plan starts a provider: it would fetch charts from whatever the network has.
    arranged.enter_context(patch("infra.plan.helm.provider_program", lambda: None))
    # What the SDK notes of the place of each resource is a fifth of a program's time, and nothing reads it.
    arranged.enter_context(patch("pulumi.runtime.resource._get_stack_trace", source_pb2.StackTrace))
    # The signatures of all commands are read once, and not for each call of one: that took longer than most calls.
    arranged.enter_context(patch("typer.testing._get_command", cache(get_command)))
