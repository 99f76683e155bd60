"""Stacks of pull requests: made of a base stack's file, on the same cluster, and gone with the pull request."""

from infra.ci.ephemeral.derive import derive
from infra.ci.ephemeral.lifecycle import run_down, run_up
from infra.ci.ephemeral.place import LABEL, EphemeralError, Place, cluster_place, project_place
from infra.ci.ephemeral.sweep import DEFAULT_TTL_SECONDS, SweepError, run_sweep

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
