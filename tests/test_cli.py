"""The command itself, before it does anything."""

from __future__ import annotations

from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from infra.cli import app
from infra.plan.text import Detail


def test_it_prints_its_version() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"nightowl {version('nightowl')}\n")


@pytest.mark.parametrize("detail", Detail)
def test_each_detail_of_a_plan_has_a_flag_and_full_shows_all(detail: Detail) -> None:
    asked = CliRunner().invoke(app, ["plan", "-s", "local", f"--{detail}"]).output
    full = CliRunner().invoke(app, ["plan", "-s", "local", "--full"]).output
    heading = f"{detail.capitalize()} \u2500"
    assert heading in asked
    assert heading in full
    assert sum(f"{other.capitalize()} \u2500" in asked for other in Detail) == 1


def test_a_plan_without_flags_fits_a_screen_and_names_them() -> None:
    output = CliRunner().invoke(app, ["plan", "-s", "local"]).output
    assert "More: --resources, --permissions, --policies, --order, or --full" in output
