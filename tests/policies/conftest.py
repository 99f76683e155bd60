from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.policies.harness import Analyzer, started_analyzer


@pytest.fixture(scope="session")
def analyzer() -> Iterator[Analyzer]:
    """The pack as the engine starts it; one process for all tests, so each test configures it first."""
    with started_analyzer() as started:
        yield started
