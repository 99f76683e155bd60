"""The Pulumi program of this project, run in this process."""

from __future__ import annotations

import runpy


def run_program() -> None:
    """Run the Pulumi program of this project, as `pulumi up` does."""
    runpy.run_module("infra.__main__", run_name="__main__")
