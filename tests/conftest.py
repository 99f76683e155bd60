from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True, scope="session")
def shell_without_aws() -> None:
    """Forget the caller's AWS settings: no test may depend on them, or reach an account through them."""
    for name in [name for name in os.environ if name.startswith("AWS_") and name != "AWS_CA_BUNDLE"]:
        del os.environ[name]
