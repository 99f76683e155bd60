"""Stacks of pull requests: made of a base stack's file, on the same cluster, and gone with the pull request."""

from infra.ops.ci.ephemeral.derive import derive
from infra.ops.ci.ephemeral.lifecycle import run_down, run_up
from infra.ops.ci.ephemeral.place import LABEL, EphemeralError, Place, cluster_place, project_place
from infra.ops.ci.ephemeral.sweep import DEFAULT_TTL_SECONDS, SweepError, run_sweep

__all__ = [
    "DEFAULT_TTL_SECONDS",
    "LABEL",
    "EphemeralError",
    "Place",
    "SweepError",
    "cluster_place",
    "derive",
    "project_place",
    "run_down",
    "run_sweep",
    "run_up",
]
