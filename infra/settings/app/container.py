"""One container: the app's own, or a helper beside it."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from infra.settings.app.environment import Environment, Files, configuration_errors
from infra.settings.app.health import HealthSettings
from infra.settings.app.image import Image
from infra.settings.app.resources import ResourceSettings
from infra.settings.model import FieldError, Model, raise_any


class HelperSettings(Model):
    """A container that runs before the app's own (`init`) or beside it (`sidecars`).

    It sees the app's volumes and secrets.
    """

    image: Image | None = None
    """By default the app's own image."""
    command: tuple[str, ...] = ()
    """Instead of the image's entry point."""
    args: tuple[str, ...] = ()
    """Arguments of the command, or of the image's entry point."""
    env: Environment = {}
    """Environment variables."""
    files: Files = {}
    """Read-only files: the path in the container, and the content."""
    resources: ResourceSettings = ResourceSettings()
    """CPU and memory."""

    @model_validator(mode="after")
    def _own_work(self) -> Self:
        errors = configuration_errors(self.env, self.files)
        if self.image is None and not self.command and not self.args:
            errors.append(FieldError("command", "is required without an image: this would be the app once more"))
        raise_any(errors)
        return self


class SidecarSettings(HelperSettings):
    """A native sidecar: started before the app, stopped after it."""

    health: HealthSettings = HealthSettings()
    """When it is started, ready and alive; by default it is not asked."""

    @model_validator(mode="after")
    def _own_port(self) -> Self:
        raise_any(
            [
                *(
                    FieldError(f"health.{key}.port", "is required: the app's port is not the sidecar's")
                    for key in self.health.without_port()
                ),
                *(FieldError(("health", *error.location), error.message) for error in self.health.errors(port=None)),
            ]
        )
        return self
