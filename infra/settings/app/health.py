"""When a container is started, ready and alive."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, cast

from pydantic import AfterValidator, BeforeValidator, Field

from infra.settings.app.command import ProbeCommand, probe_command_errors
from infra.settings.app.ports import Port
from infra.settings.app.references import left_as_written
from infra.settings.model import FieldError, Model, Rule, short_form
from infra.settings.partly import Location
from infra.settings.scalars import Notation, Seconds, WholeNumber, form, seconds_text

LONGEST_PERIOD_SECONDS = 3600
LIVENESS_PERIOD_SECONDS = 20
"""Twice the readiness probe's: a busy container loses its traffic long before it would be restarted."""
READINESS_PERIOD_SECONDS = 5
"""Of the question whether the port is open, which costs nothing."""
STARTUP_PERIOD_SECONDS = 2
"""A container that is up is found so within 2 s."""
START_WITHIN_SECONDS = 120
"""Room for a runtime that compiles at its start. Four waves of such starts, each behind a load balancer, fit into the
ten minutes of a rollout (infra/apps/rollout.py)."""


_check_header_name = form(r"[A-Za-z0-9-]{1,64}", "is not the name of a header, such as Host")
HeaderName = Annotated[str, AfterValidator(_check_header_name), Notation("header name")]
_check_header_value = form(
    r"[!-~](?:[ -~]*[!-~])?", "is not the value of a header: one line without white space around"
)
HeaderValue = Annotated[str, AfterValidator(_check_header_value), Notation("text")]


def _upper_case(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


class GrpcSettings(Model):
    """The question of the gRPC health checking protocol. A bare number is its port."""

    port: Port | None = None
    """By default the app's own."""
    service: str = ""
    """The service that is asked for; by default the server as a whole."""

    def _errors(self) -> Iterator[FieldError]:
        return _literal_errors("service", self.service)


class ProbeSettings(Model):
    """One question to the container: an HTTP path, a TCP port, a gRPC health check or a command.

    A bare path (`readiness: /readyz`) asks over HTTP on the app's port.
    """

    http: str | None = None
    """Path; an answer from 200 to 399 is healthy."""
    tcp: Port | None = None
    """Port; an accepted connection is healthy."""
    grpc: Annotated[
        GrpcSettings | None, short_form(int, "port", "is not a port, nor a mapping with port or service")
    ] = None
    """gRPC health check; the answer SERVING is healthy."""
    exec: ProbeCommand = None
    """Command; exit code 0 is healthy."""
    port: Port | None = None
    """Port of `http`; by default the app's own."""
    scheme: Annotated[
        Literal["HTTP", "HTTPS"],
        BeforeValidator(_upper_case, json_schema_input_type=Literal["HTTP", "HTTPS", "http", "https"]),
    ] = "HTTP"
    """`HTTPS` for a container that speaks TLS itself; its certificate is not checked."""
    headers: dict[HeaderName, HeaderValue] = {}
    """Headers of `http`, such as `Host` for an app that answers under its own names only."""
    initial_delay: Seconds = 0
    """How long after its start a container is not asked at all. `startWithin` is better: it ends with the first good
    answer."""
    period: Seconds = 10
    """Time from one question to the next; of a liveness probe 20s by default."""
    timeout: Seconds = 2
    """How long an answer may take. The next question waits for it, also where it takes longer than the period."""
    failures: Annotated[WholeNumber, Field(ge=1, le=100)] = 3
    """Failures in a row that count."""
    successes: Annotated[WholeNumber, Field(ge=1, le=100)] = 1
    """Successes in a row after which a pod counts as ready again; of readiness only."""

    @property
    def budget_seconds(self) -> int:
        """The longest time that the probe lets a container fail: the next question waits for the end of the last."""
        return max(self.period, self.timeout) * self.failures

    def _rules(self) -> Iterator[Rule]:
        yield self._question_errors
        yield self._path_errors
        yield lambda: _literal_errors("http", self.http or "")
        yield lambda: (
            error for name, text in self.headers.items() for error in _literal_errors(("headers", name), text)
        )
        yield self._http_only_errors
        yield lambda: () if self.exec is None else (error.below("exec") for error in probe_command_errors(self.exec))
        yield self._period_errors
        yield self._delay_errors

    def _question_errors(self) -> Iterator[FieldError]:
        asked = [name for name in ("http", "tcp", "grpc", "exec") if getattr(self, name) is not None]
        if len(asked) != 1:
            yield FieldError((), f"give exactly one of http, tcp, grpc and exec (got {', '.join(asked) or 'none'})")

    def _path_errors(self) -> Iterator[FieldError]:
        if self.http is not None and not re.fullmatch(r"/[!-~]*", self.http):
            yield FieldError("http", "is not a path such as /readyz")

    def _http_only_errors(self) -> Iterator[FieldError]:
        for key in ("port", "scheme", "headers"):
            if key in self.model_fields_set and self.http is None:
                yield FieldError(key, "goes with http only")

    def _period_errors(self) -> Iterator[FieldError]:
        if not 1 <= self.period <= LONGEST_PERIOD_SECONDS:
            yield FieldError("period", f"{seconds_text(self.period)} is not between 1s and 1h")
        if not 1 <= self.timeout <= LONGEST_PERIOD_SECONDS:
            yield FieldError("timeout", f"{seconds_text(self.timeout)} is not between 1s and 1h")

    def _delay_errors(self) -> Iterator[FieldError]:
        if self.initial_delay > LONGEST_PERIOD_SECONDS:
            yield FieldError("initialDelay", f"{seconds_text(self.initial_delay)} is above 1h")


def _asked_seldom(question: object) -> object:
    period = {"period": f"{LIVENESS_PERIOD_SECONDS}s"}
    return period | cast(dict[str, object], question) if isinstance(question, dict) else question


_PATH = short_form(str, "http", "is not a path such as /readyz, nor a mapping with http, tcp, grpc or exec")
Probe = Annotated[ProbeSettings, _PATH]
LivenessProbe = Annotated[ProbeSettings, BeforeValidator(_asked_seldom), _PATH]  # pydantic asks the last one first


@dataclass(frozen=True, kw_only=True)
class Probes:
    """The three probes of one container, defaults included; None for what it is not asked."""

    startup: ProbeSettings | None
    readiness: ProbeSettings | None
    liveness: ProbeSettings | None


class HealthSettings(Model):
    """How long a start may take, and the three probes.

    What is left out is a TCP check of the app's port, if it has one.
    """

    start_within: Seconds = START_WITHIN_SECONDS
    """The longest start: for so long the readiness question may go unanswered before the container is restarted."""
    startup: Probe | None = None
    """A question of its own for the start, instead of `startWithin`: its `period` times `failures` is the longest one.
    Until it succeeds, the other two are not asked."""
    readiness: Probe | None = None
    """While it fails, the pod gets no traffic."""
    liveness: LivenessProbe | None = None
    """When it fails, the container is restarted, without a drain: it must not depend on anything outside the pod. By
    default it gives up long after readiness did."""

    def probes(self, *, port: int | None) -> Probes:
        """Return what a container that serves `port`, or none, is asked.

        Where liveness is left out, it gives up no sooner than twice as late as readiness.
        """
        readiness = self.readiness or _port_is_open(port, period=READINESS_PERIOD_SECONDS)
        liveness = self.liveness or _port_is_open(port, period=_patient_period(readiness))
        return Probes(
            startup=self.startup or _until_started(readiness or liveness, within=self.start_within),
            readiness=readiness,
            liveness=liveness,
        )

    @property
    def key_of_the_start(self) -> str:
        """The key, below the container, that says how long a start may take."""
        return "health.startWithin" if self.startup is None else "health.startup.failures"

    def longest_start_seconds(self, *, port: int | None) -> int:
        """Return how long a start may take before the container is restarted; 0 where nothing is asked."""
        startup = self.probes(port=port).startup
        if startup is None:
            return 0
        # Who asks every two seconds means `startWithin`, whatever an answer may take later.
        longest = startup.period * startup.failures if self.startup is None else startup.budget_seconds
        return startup.initial_delay + longest

    def errors(self, *, port: int | None) -> Iterator[FieldError]:
        """Find what cannot work in a container that serves `port`, or none; locations are below `health`."""
        asked = self.probes(port=port)
        if asked.startup is None and "start_within" in self.model_fields_set:
            yield FieldError("startWithin", "there is nothing to ask until then; give readiness or liveness")
        if asked.readiness is None or asked.liveness is None:
            return
        if _question(asked.readiness, port) == _question(asked.liveness, port) and (
            asked.liveness.budget_seconds <= asked.readiness.budget_seconds
        ):
            yield FieldError(
                "liveness",
                "asks what readiness asks and gives up no later, so a busy container would be restarted instead of "
                "relieved; ask something else, or raise failures",
            )

    def _rules(self) -> Iterator[Rule]:
        yield self._start_errors
        yield self._within_errors
        yield lambda: _success_errors("startup", self.startup)
        yield lambda: _success_errors("liveness", self.liveness)

    def _start_errors(self) -> Iterator[FieldError]:
        if self.startup is not None and "start_within" in self.model_fields_set:
            message = "goes without startup, whose period times failures says the same; remove one of them"
            yield FieldError("startWithin", message)

    def _within_errors(self) -> Iterator[FieldError]:
        if not STARTUP_PERIOD_SECONDS <= self.start_within <= LONGEST_PERIOD_SECONDS:
            yield FieldError("startWithin", f"{seconds_text(self.start_within)} is not between 2s and 1h")

    def without_port(self) -> list[str]:
        """List the keys of ports, below `health`, that a container without a port of its own has to name."""
        probes = {"startup": self.startup, "readiness": self.readiness, "liveness": self.liveness}
        given = {key: probe for key, probe in probes.items() if probe is not None}
        return [
            *(f"{key}.port" for key, probe in given.items() if probe.http is not None and probe.port is None),
            *(f"{key}.grpc.port" for key, probe in given.items() if probe.grpc is not None and probe.grpc.port is None),
        ]


def _literal_errors(place: str | Location, text: str) -> Iterator[FieldError]:
    variable = left_as_written(text)
    if variable is not None:
        message = f"{variable} is sent as it is written, as Kubernetes expands no variable in a probe"
        yield FieldError(place, f"{message}; write the value, or ask by exec: [sh, -c, ...]")


def _success_errors(key: str, probe: ProbeSettings | None) -> Iterator[FieldError]:
    if probe is not None and probe.successes != 1:
        yield FieldError((key, "successes"), "goes with readiness only; one success is enough here")


def _port_is_open(port: int | None, *, period: int) -> ProbeSettings | None:
    return None if port is None else ProbeSettings(tcp=port).model_copy(update={"period": period})


def _patient_period(readiness: ProbeSettings | None) -> int:
    if readiness is None:
        return LIVENESS_PERIOD_SECONDS
    failures = ProbeSettings.model_fields["failures"].default
    return max(LIVENESS_PERIOD_SECONDS, math.ceil(2 * readiness.budget_seconds / failures))


def _until_started(question: ProbeSettings | None, *, within: int) -> ProbeSettings | None:
    if question is None:
        return None
    period = STARTUP_PERIOD_SECONDS
    return question.model_copy(update={"period": period, "failures": math.ceil(within / period), "successes": 1})


def _question(probe: ProbeSettings, port: int | None) -> tuple[object, ...]:
    http = probe.http and (probe.http, probe.port or port, probe.scheme, tuple(sorted(probe.headers.items())))
    grpc = probe.grpc and (probe.grpc.port or port, probe.grpc.service)
    return http, probe.tcp, grpc, probe.exec
