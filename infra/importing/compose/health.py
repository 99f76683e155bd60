"""Health checks: the question of Compose is that of readiness, and where Swarm replaces a task, of liveness too."""

from __future__ import annotations

from typing import Any

from infra.importing.compose.command import words_of
from infra.importing.compose.service import Service
from infra.importing.compose.values import is_on, number_of, seconds_of
from infra.secret_texts.texts import in_arguments
from infra.settings.app.health import START_WITHIN_SECONDS
from infra.settings.scalars import seconds_text

KEY = "healthcheck"
LONGEST_SECONDS = 3600
DEFAULT_SECONDS = 30
"""Of Docker, for the interval and for the timeout (Dockerfile reference, HEALTHCHECK)."""
DEFAULT_FAILURES = 3
_NOT_PLAIN = (
    "it holds what looks like a secret; write it as health.readiness.exec: [sh, -c, ...], with a variable of 'secrets'"
)
_NONE = "it switches the check of the image off; what is left is whether the port is open"


def map_health(service: Service) -> None:
    """Take over the health check."""
    check = service.get(KEY)
    if check is None:
        if KEY in service.values:
            service.decided((KEY,), why="nothing is written")
        return
    if service.is_task:
        service.decided((KEY,), why="a job is asked for its exit code only")
        return
    test = service.get(KEY, "test")
    words = _words(test)
    if is_on(service.get(KEY, "disable")) or words == ["NONE"]:
        service.decided((KEY,), why=_NONE)
    elif in_arguments(words or ()):
        service.missing((KEY,), _NOT_PLAIN)
    elif not words:
        service.missing((KEY,), "it has no command of its own: write the one of the image as health.readiness.exec")
    else:
        _write(service, words)


def _words(test: object) -> list[str] | None:
    if isinstance(test, str):
        return ["sh", "-c", test] if test.strip() else None
    words = words_of(test) or []
    if words[:1] == ["CMD-SHELL"]:
        return ["sh", "-c", " ".join(words[1:])]
    return words[1:] if words[:1] == ["CMD"] else words


def _write(service: Service, words: list[str]) -> None:
    period = _seconds(service, "interval", DEFAULT_SECONDS)
    wanted = _seconds(service, "timeout", DEFAULT_SECONDS)
    failures = min(100, max(1, int(number_of(service.get(KEY, "retries")) or DEFAULT_FAILURES)))
    readiness: dict[str, Any] = {
        "exec": words,
        "period": seconds_text(period),
        "timeout": seconds_text(min(wanted, period)),
    }
    if failures != DEFAULT_FAILURES:
        readiness["failures"] = failures
    health: dict[str, Any] = {"readiness": readiness}
    start = (seconds_of(service.get(KEY, "start_period")) or 0) + period * failures
    if start > START_WITHIN_SECONDS:
        health["startWithin"] = seconds_text(min(start, LONGEST_SECONDS))
    if service.is_of_swarm:
        health["liveness"] = {**readiness, "failures": min(100, 2 * failures)}
    service.settings["health"] = health
    service.taken((KEY, "test"), "health", "readiness", "exec")
    _note(service, wanted, period)
    if service.is_of_swarm:
        service.added(
            "health", "liveness", why="Swarm replaces a task that is unhealthy; here after twice as many failures"
        )


def _note(service: Service, timeout: int, period: int) -> None:
    at = ("health", "readiness")
    service_keys = {"interval": "period", "retries": "failures"}
    for key, to in service_keys.items():
        if service.get(KEY, key) is not None:
            service.taken((KEY, key), *at, to)
    if timeout > period and service.get(KEY, "timeout") is not None:
        service.decided((KEY, "timeout"), *at, "timeout", why="an answer may take no longer than the period")
    elif service.get(KEY, "timeout") is not None:
        service.taken((KEY, "timeout"), *at, "timeout")
    if service.get(KEY, "start_period") is not None:
        to = ("health", "startWithin") if "startWithin" in service.settings["health"] else ()
        service.decided(
            (KEY, "start_period"),
            *to,
            why=f"a start may take that and all tries, {seconds_text(START_WITHIN_SECONDS)} at least",
        )
    if service.get(KEY, "disable") is not None:
        service.taken((KEY, "disable"), "health")


def _seconds(service: Service, key: str, default: int) -> int:
    return min(LONGEST_SECONDS, max(1, seconds_of(service.get(KEY, key)) or default))
