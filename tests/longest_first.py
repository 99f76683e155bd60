"""A plugin of `make test`: begin with the files that take longest, so that no worker ends long after the others.

The distribution by files starts with the files of most tests, and what takes longest has few.
"""

from __future__ import annotations

from pathlib import Path

import pytest

LONGEST = (
    "policies/test_mutations.py",
    "policies/test_stack_files_pass.py",
    "github/test_drift.py",
    "policies/test_odd_shapes.py",
    "platforms/eks/test_load_balancer_priority.py",
    "policies/test_pack.py",
    "plan/test_policies.py",
    "bootstrap/test_drift.py",
    "test_examples.py",
    "platforms/eks/test_live.py",
    "policies/test_stacks_are_clean.py",
    "settings/test_bad_inputs.py",
)
"""Below this folder, by `pytest --durations=0`, the longest first."""
_PLACES = {Path(__file__).parent / file: place for place, file in enumerate(LONGEST)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _PLACES.get(item.path, len(_PLACES)))
