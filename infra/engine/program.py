"""The Pulumi program of this project, run in this process."""

from __future__ import annotations

import importlib
import runpy


def run_program() -> None:
    """Run the Pulumi program of this project, as `pulumi up` does."""
    runpy.run_module("infra.__main__", run_name="__main__")


def load_program() -> None:
    """Import what the program uses, which takes seconds, so that it begins at once when it is run."""
    importlib.import_module("infra.program")
