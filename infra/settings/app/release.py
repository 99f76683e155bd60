"""What runs once before the pods of a new version do, such as the migration of a database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from infra.settings.app.command import Arguments, Command
from infra.settings.app.environment import Environment, configuration_errors
from infra.settings.app.resources import ResourceSettings
from infra.settings.model import FieldError, Model, Rule
from infra.settings.scalars import Seconds, WholeNumber, seconds_text

LONGEST_AWAITED_SECONDS = 86400
"""A day: the longest that anybody waits for an update."""

Retries = Annotated[WholeNumber, Field(ge=0, le=20)]


def awaited_run_errors(timeout: int) -> Iterator[FieldError]:
    """Find whether a run for which an update waits may take too long."""
    if not 1 <= timeout <= LONGEST_AWAITED_SECONDS:
        yield FieldError("timeout", f"{seconds_text(timeout)} is not between 1s and 1d, for which an update waits")


class ReleaseSettings(Model):
    """A command that runs to its end, once, before each rollout that changes what the app runs or is told.

    It runs in the app's image, with its variables, files, secrets, sidecars and rights. While it runs, and when it has
    failed, the version before serves.
    """

    command: Command = ()
    """Instead of the image's entry point."""
    args: Arguments = ()
    """Arguments of the command, or of the image's entry point."""
    env: Environment = {}
    """Environment variables, besides the app's own or instead of them."""
    resources: ResourceSettings | None = None
    """CPU and memory; by default the app's."""
    timeout: Seconds = 600
    """The longest run, all tries together; then it is stopped and has failed."""
    retries: Retries = 2
    """How often a failed try is repeated, after 10s, 20s, 40s and so on."""

    def _rules(self) -> Iterator[Rule]:
        yield lambda: configuration_errors(self.env, {})
        yield lambda: awaited_run_errors(self.timeout)
        yield self._command_errors

    def _command_errors(self) -> Iterator[FieldError]:
        if not self.command and not self.args:
            yield FieldError("command", "is required: without one it would be the app once more")
