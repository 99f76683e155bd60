"""One container: the app's own, or a helper beside it."""

from __future__ import annotations

from collections.abc import Iterator

from infra.settings.app.command import Arguments, Command
from infra.settings.app.environment import Environment, Files, configuration_errors
from infra.settings.app.health import HealthSettings
from infra.settings.app.image import Image
from infra.settings.app.resources import ResourceSettings
from infra.settings.model import FieldError, Model, Rule


class HelperSettings(Model):
    """A container that runs before the app's own (`init`) or beside it (`sidecars`).

    It sees the app's volumes and secrets.
    """

    image: Image | None = None
    """By default the app's own image."""
    command: Command = ()
    """Instead of the image's entry point."""
    args: Arguments = ()
    """Arguments of the command, or of the image's entry point."""
    env: Environment = {}
    """Environment variables."""
    files: Files = {}
    """Read-only files: the path in the container, and the content."""
    resources: ResourceSettings = ResourceSettings()
    """CPU and memory."""

    def _rules(self) -> Iterator[Rule]:
        yield lambda: configuration_errors(self.env, self.files)
        yield self._command_errors

    def _command_errors(self) -> Iterator[FieldError]:
        if self.image is None and not self.command and not self.args:
            yield FieldError("command", "is required without an image: this would be the app once more")


class SidecarSettings(HelperSettings):
    """A native sidecar: started before the app, stopped after it."""

    health: HealthSettings = HealthSettings()
    """When it is started, ready and alive; by default it is not asked."""

    def _rules(self) -> Iterator[Rule]:
        yield from super()._rules()
        yield self._port_errors
        yield self._health_errors

    def _port_errors(self) -> Iterator[FieldError]:
        for key in self.health.without_port():
            yield FieldError(f"health.{key}", "is required: the app's port is not the sidecar's")

    def _health_errors(self) -> Iterator[FieldError]:
        for error in self.health.errors(port=None):
            yield error.below("health")
