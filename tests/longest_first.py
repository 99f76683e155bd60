"""A plugin of `make test`: begin with the files that take longest, so that no worker ends long after the others.

The distribution by files starts with the files of most tests, and what takes longest has few.
"""

from __future__ import annotations

from pathlib import Path

import pytest

LONGEST = (
    "policies/test_stack_files_pass.py",
    "policies/test_mutations.py",
    "policies/test_odd_shapes.py",
    "bootstrap/test_run.py",
    "platforms/eks/test_load_balancer.py",
    "github/test_drift.py",
    "local/test_cluster.py",
    "test_entry.py",
    "platforms/eks/test_platform.py",
    "test_examples.py",
    "engine/test_engine.py",
    "policies/test_pack.py",
    "plan/test_policies.py",
    "workflows/test_dry_run.py",
    "bootstrap/test_drift.py",
    "policies/test_facts.py",
    "platforms/eks/pipeline/test_delivery.py",
    "policies/test_stacks_are_clean.py",
    "rollouts/test_watch.py",
    "rollouts/test_look.py",
    "platforms/eks/test_file_systems.py",
    "platforms/eks/test_live.py",
    "local/test_status.py",
    "settings/test_bad_inputs.py",
)
"""Below this folder, by `pytest --durations=0`, the longest first."""
_PLACES = {Path(__file__).parent / file: place for place, file in enumerate(LONGEST)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _PLACES.get(item.path, len(_PLACES)))
