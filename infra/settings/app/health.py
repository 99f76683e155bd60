"""When a container is started, ready and alive."""

from __future__ import annotations

import re
from typing import Annotated, Self, cast

from pydantic import BeforeValidator, Field, model_validator

from infra.settings.model import FieldError, Model, raise_any
from infra.settings.scalars import Notation, Seconds, WholeNumber, seconds_text

LONGEST_PERIOD_SECONDS = 3600
LIVENESS_PERIOD_SECONDS = 20
"""Twice the readiness probe's: a busy container loses its traffic long before it would be restarted."""

Port = Annotated[WholeNumber, Field(ge=1, le=65535), Notation("port")]


class ProbeSettings(Model):
    """One question to the container: an HTTP path, a TCP port or a command.

    A bare path (`readiness: /readyz`) asks over HTTP on the app's port.
    """

    http: str | None = None
    """Path; an answer from 200 to 399 is healthy."""
    tcp: Port | None = None
    """Port; an accepted connection is healthy."""
    exec: tuple[str, ...] | None = None
    """Command; exit code 0 is healthy."""
    port: Port | None = None
    """Port of `http`; by default the app's own."""
    period: Seconds = 10
    """Time from one question to the next; of a liveness probe 20s by default."""
    timeout: Seconds = 2
    """How long an answer may take."""
    failures: Annotated[WholeNumber, Field(ge=1, le=100)] = 3
    """Failures in a row that count."""

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        raise_any(self._errors())
        return self

    @property
    def budget_seconds(self) -> int:
        """The longest time that the probe lets a container fail."""
        return self.period * self.failures

    def _errors(self) -> list[FieldError]:
        errors: list[FieldError] = []
        asked = [name for name in ("http", "tcp", "exec") if getattr(self, name) is not None]
        if len(asked) != 1:
            errors.append(FieldError((), f"give exactly one of http, tcp and exec (got {', '.join(asked) or 'none'})"))
        if self.http is not None and not re.fullmatch(r"/[!-~]*", self.http):
            errors.append(FieldError("http", "is not a path such as /readyz"))
        if self.port is not None and self.http is None:
            errors.append(FieldError("port", "goes with http only"))
        if self.exec is not None and not any(self.exec):
            errors.append(FieldError("exec", "the command is empty"))
        if not 1 <= self.period <= LONGEST_PERIOD_SECONDS:
            errors.append(FieldError("period", f"{seconds_text(self.period)} is not between 1s and 1h"))
        elif not 1 <= self.timeout <= self.period:
            message = f"{seconds_text(self.timeout)} is not between 1s and the period of {seconds_text(self.period)}"
            errors.append(FieldError("timeout", message))
        return errors


def _path_is_http(value: object) -> object:
    if isinstance(value, str):
        return {"http": value}
    if isinstance(value, dict | ProbeSettings):
        return cast(object, value)
    raise ValueError("is not a path such as /readyz, nor a mapping with http, tcp or exec")


def _asked_seldom(value: object) -> object:
    question = _path_is_http(value)
    if isinstance(question, dict):
        return {"period": f"{LIVENESS_PERIOD_SECONDS}s", **cast(dict[str, object], question)}
    return question


Probe = Annotated[ProbeSettings, BeforeValidator(_path_is_http)]
LivenessProbe = Annotated[ProbeSettings, BeforeValidator(_asked_seldom)]


class HealthSettings(Model):
    """The three probes.

    What is left out gets the default of infra/apps/health.py: a TCP check of the app's port, if it has one.
    """

    startup: Probe | None = None
    """Until it succeeds, the other two are not asked. Its `period` times `failures` is the longest start."""
    readiness: Probe | None = None
    """While it fails, the pod gets no traffic."""
    liveness: LivenessProbe | None = None
    """When it fails, the container is restarted: it must not depend on anything outside the pod."""

    @model_validator(mode="after")
    def _restart_is_the_last_resort(self) -> Self:
        if self.readiness is None or self.liveness is None:
            return self
        if _question(self.readiness) == _question(self.liveness) and (
            self.liveness.budget_seconds <= self.readiness.budget_seconds
        ):
            raise FieldError(
                "liveness",
                "asks what readiness asks and gives up no later, so a busy container would be restarted instead of "
                "relieved; ask something else, or raise failures",
            )
        return self

    def without_port(self) -> list[str]:
        """List the probes, by key, that ask over HTTP on the port of the app, without naming one."""
        probes = {"startup": self.startup, "readiness": self.readiness, "liveness": self.liveness}
        return [key for key, probe in probes.items() if probe and probe.http is not None and probe.port is None]


def _question(probe: ProbeSettings) -> tuple[object, ...]:
    return probe.http, probe.port, probe.tcp, probe.exec
