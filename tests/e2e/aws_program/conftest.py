from __future__ import annotations

import os

import pytest

BEHIND_THE_CLUSTER = 10


@pytest.fixture(autouse=True, scope="session")
def behind_the_cluster() -> None:
    """Leave the processors to the worker with the cluster, whose tests wait for things that take their time."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        os.nice(BEHIND_THE_CLUSTER)
