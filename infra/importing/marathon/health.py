"""Health checks: those that kill a task, those that say when it is ready, and those that only tell its state."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from infra.importing.marathon.variables import words
from infra.importing.marathon.work import Unit, Work
from infra.secret_texts.texts import in_arguments
from infra.settings.partly import Location
from infra.settings.scalars import parse_seconds, seconds_text
from infra.values import mapping, mappings, number, text, texts, within

GRACE_SECONDS, INTERVAL_SECONDS, TIMEOUT_SECONDS, FAILURES = 300, 60, 20, 3
"""Marathon's defaults (healthCheck.raml of its API)."""
READY_INTERVAL_SECONDS, READY_TIMEOUT_SECONDS = 30, 10
"""Its defaults of readiness checks (readinessCheck.raml)."""
LONGEST_SECONDS = 3600
SHORTEST_START_SECONDS = 10
_NO_QUESTION = "asks no port that the app serves, and no command; write 'health' by hand"
_BOTH = "readiness takes traffic away at the first failure, as Marathon does, and liveness restarts after"


def health_of_app(work: Work, unit: Unit) -> None:
    """Take the checks of an app."""
    checks = mappings(unit.value, "healthChecks")
    health: dict[str, Any] = {}
    to = ("apps", unit.name, "health")
    if checks:
        at = (*unit.at, "healthChecks", 0)
        _killing(work, checks[0], _question_of_app(work, unit, checks[0], at, to), at, health=health, to=to)
    for index in range(1, len(checks)):
        why = "an app has one check of each kind; ask both by one command, or write one as 'health.startup'"
        work.ledger.missing((*unit.at, "healthChecks", index), why)
    for index, check in enumerate(mappings(unit.value, "readinessChecks")):
        if index:
            work.ledger.missing((*unit.at, "readinessChecks", index), "an app has one readiness check; keep one")
        else:
            _ready(work, unit, check, health)
    _state(work, unit, mapping(unit.value.get("check")), (*unit.at, "check"), health=health, to=to)
    if health:
        work.app(unit)["health"] = health


def health_of_container(
    work: Work, unit: Unit, container: Mapping[str, Any], at: Location, target: dict[str, Any], *to: str | int
) -> None:
    """Take the checks of a pod's container."""
    health: dict[str, Any] = {}
    check = mapping(container.get("healthCheck"))
    place = (*to, "health")
    if check:
        here = (*at, "healthCheck")
        _killing(work, check, _question_of_pod(work, unit, check, here, place), here, health=health, to=place)
    _state(work, unit, mapping(container.get("check")), (*at, "check"), health=health, to=place)
    if health:
        target["health"] = health


def _killing(
    work: Work,
    check: Mapping[str, Any],
    question: dict[str, Any] | None,
    at: Location,
    *,
    health: dict[str, Any],
    to: Location,
) -> None:
    """Take a check after whose failures Marathon kills the task."""
    if question is None:
        work.ledger.missing(at, _NO_QUESTION)
        return
    timing = _timing(work, check, at, (*to, "readiness"), interval=INTERVAL_SECONDS, timeout=TIMEOUT_SECONDS)
    grace = _seconds(check, "gracePeriodSeconds", GRACE_SECONDS)
    start = max(grace, SHORTEST_START_SECONDS)
    health["startWithin"] = seconds_text(min(start, LONGEST_SECONDS))
    if "gracePeriodSeconds" in check:
        if start != grace or start > LONGEST_SECONDS:
            why = "a start is given 10s at least, and 1h at most"
            work.ledger.decided((*at, "gracePeriodSeconds"), *to, "startWithin", why=why)
        else:
            work.ledger.taken((*at, "gracePeriodSeconds"), *to, "startWithin")
    if check.get("delaySeconds") is not None:
        why = "startWithin asks from the start on, and ends with the first good answer"
        work.ledger.decided((*at, "delaySeconds"), *to, "startWithin", why=why)
    failures = number(check, "maxConsecutiveFailures")
    failures = FAILURES if failures is None else math.floor(failures)
    health["readiness"] = {**question, **timing, "failures": 1}
    if failures > 0:
        # The same question must give up later than readiness does.
        health["liveness"] = {**question, **timing, "failures": min(max(failures, 2), 100)}
    if "maxConsecutiveFailures" in check:
        why = f"{_BOTH} {failures}" if failures > 1 else f"{_BOTH} two: a single one is no reason to restart"
        why = why if failures else "0 never kills the task: readiness alone; liveness asks whether the port is open"
        target = "liveness" if failures else "readiness"
        work.ledger.decided((*at, "maxConsecutiveFailures"), *to, target, "failures", why=why)


def _ready(work: Work, unit: Unit, check: Mapping[str, Any], health: dict[str, Any]) -> None:
    """Take a check by which Marathon knows in a deployment that a task is ready."""
    at, to = (*unit.at, "readinessChecks", 0), ("apps", unit.name, "health", "readiness")
    port = next((one for one in unit.ports if one.given_name == (text(check, "portName") or "http-api")), None)
    port = port or next(iter(unit.ports), None)
    if port is None:
        work.ledger.missing(at, _NO_QUESTION)
        return
    question = _http(unit, text(check, "path"), port.number, is_https=text(check, "protocol") == "HTTPS")
    timing = _timing(work, check, at, to, interval=READY_INTERVAL_SECONDS, timeout=READY_TIMEOUT_SECONDS)
    health["readiness"] = {**question, **timing, "failures": 1}
    liveness = mapping(health.get("liveness"))
    if question.items() <= liveness.items():
        # The same question must give up later than readiness does.
        most = math.floor(parse_seconds(timing["period"]) / parse_seconds(liveness["period"])) + 1
        health["liveness"] = {**liveness, "failures": min(max(liveness["failures"], most), 100)}
    work.take(at, check, ("path", "protocol", "portName"), *to)
    if check.get("name"):
        work.ledger.taken((*at, "name"))
    if check.get("httpStatusCodesForReady"):
        why = "any answer from 200 to 399 is ready"
        work.ledger.decided((*at, "httpStatusCodesForReady"), *to, "http", why=why)


def _state(
    work: Work, unit: Unit, check: Mapping[str, Any], at: Location, *, health: dict[str, Any], to: Location
) -> None:
    """Take a check that kills nothing: it says whether the container is well, which is what readiness is for."""
    if not check:
        return
    if "readiness" in health and "liveness" not in health:
        work.ledger.missing(at, "there is a readiness check already; keep one of them")
        return
    question = _question_of_pod(work, unit, check, at, (*to, "readiness"))
    if question is None:
        work.ledger.missing(at, _NO_QUESTION)
        return
    if check.get("delaySeconds") is not None:
        why = "startWithin asks from the start on, and ends with the first good answer"
        work.ledger.decided((*at, "delaySeconds"), *to, "startWithin", why=why)
    timing = _timing(work, check, at, (*to, "readiness"), interval=INTERVAL_SECONDS, timeout=TIMEOUT_SECONDS)
    health["readiness"] = {**question, **timing}


def _question_of_app(
    work: Work, unit: Unit, check: Mapping[str, Any], at: Location, to: Location
) -> dict[str, Any] | None:
    protocol = (text(check, "protocol") or "HTTP").upper().removeprefix("MESOS_")
    if check.get("protocol") is not None:
        work.ledger.taken((*at, "protocol"), *to, "readiness")
    if protocol == "COMMAND":
        return _command(work, unit, text(check, "command", "value"), (*at, "command"), to)
    port = _port(unit, check)
    if port is None:
        return None
    work.take(at, check, ("portIndex", "port"), *to, "readiness")
    if protocol == "TCP":
        return {"tcp": port}
    work.take(at, check, ("path",), *to, "readiness", "http")
    return _http(unit, text(check, "path"), port, is_https=protocol == "HTTPS")


def _question_of_pod(
    work: Work, unit: Unit, check: Mapping[str, Any], at: Location, to: Location
) -> dict[str, Any] | None:
    for kind in ("http", "tcp"):
        asked = check.get(kind)
        if not isinstance(asked, Mapping):
            continue
        here = (*at, kind)
        endpoint = text(asked, "endpoint")
        served = next((one.number for one in unit.ports if endpoint and one.given_name == endpoint), None)
        port = served or _port(unit, mapping(asked))
        if port is None:
            return None
        work.ledger.taken(here, *to)
        if kind == "tcp":
            return {"tcp": port}
        return _http(unit, text(asked, "path"), port, is_https=text(asked, "scheme").upper() == "HTTPS")
    command = within(check, "exec", "command")
    if text(command, "shell"):
        return _command(work, unit, text(command, "shell"), (*at, "exec"), to)
    if texts(command, "argv"):
        work.ledger.taken((*at, "exec"), *to)
        return {"exec": texts(command, "argv")}
    return None


def _command(work: Work, unit: Unit, shell: str, at: Location, to: Location) -> dict[str, Any] | None:
    """Return a question by a line of shell. Kubernetes puts no variables into it, so a secret is read by the shell."""
    if not shell:
        return None
    given = ["/bin/sh", "-c", shell]
    taken = words(work, unit, given, at, {}, *to)
    if in_arguments(given):
        return {"exec": ["/bin/sh", "-c", f'eval "${taken[2][2:-1]}"']}
    return {"exec": ["/bin/sh", "-c", taken[2].replace("$$$", "$$")]}


def _port(unit: Unit, check: Mapping[str, Any]) -> int | None:
    fixed = number(check, "port")
    if fixed and 1 <= fixed <= 65535:
        served = next((one for one in unit.ports if fixed in one.known_as), None)
        return int(fixed) if served is None else served.number
    index = int(number(check, "portIndex") or 0)
    return unit.ports[index].number if 0 <= index < len(unit.ports) else None


def _http(unit: Unit, path: str, port: int, *, is_https: bool) -> dict[str, Any]:
    question: dict[str, Any] = {"http": path if path.startswith("/") else f"/{path}"}
    if is_https:
        question["scheme"] = "HTTPS"
    if port != _main_port(unit):
        question["port"] = port
    return question


def _main_port(unit: Unit) -> int | None:
    """Return the number of the port that probes ask where they name none."""
    return next((one.number for one in unit.ports if one.is_tcp), None)


def _timing(
    work: Work, check: Mapping[str, Any], at: Location, to: Location, *, interval: int, timeout: int
) -> dict[str, str]:
    period = min(max(_seconds(check, "intervalSeconds", interval), 1), LONGEST_SECONDS)
    wanted = max(_seconds(check, "timeoutSeconds", timeout), 1)
    given = min(wanted, period)
    for key, name, same in (
        ("intervalSeconds", "period", period == _seconds(check, "intervalSeconds", interval)),
        ("timeoutSeconds", "timeout", given == _seconds(check, "timeoutSeconds", timeout)),
    ):
        if check.get(key) is not None and same:
            work.ledger.taken((*at, key), *to, name)
        elif check.get(key) is not None:
            why = "an answer may take from 1s up to the time until the next question, which is 1h at most"
            work.ledger.decided((*at, key), *to, name, why=why)
    return {"period": seconds_text(period), "timeout": seconds_text(given)}


def _seconds(check: Mapping[str, Any], key: str, default: int) -> int:
    given = number(check, key)
    return default if given is None else math.ceil(min(max(given, 0), 10**6))
