"""The probes of a container, and how it starts and ends."""

from __future__ import annotations

import math
import re
from typing import Any

from infra.importing.kubernetes.app import App
from infra.importing.kubernetes.parts import Part
from infra.settings.app.health import LONGEST_PERIOD_SECONDS, START_WITHIN_SECONDS
from infra.settings.app.rollout import LONGEST_WAIT_SECONDS
from infra.settings.scalars import seconds_text

_LIVENESS = "livenessProbe"
_NAMES = {"startupProbe": "startup", "readinessProbe": "readiness", _LIVENESS: "liveness"}
_DELAY = "a container is asked from its start, and 'startWithin' says how long it may take until the first good answer"
_GRACE = 30
"""Seconds for which Kubernetes waits by default for a pod that stops, and `rollout.finishWithin` too."""


def draft_health(app: App, container: Part, port: int | None, *to: str) -> None:
    """Draft the probes of a container that serves `port`, or none."""
    health = app.section(*to, "health")
    for key, name in _NAMES.items():
        probe = container[key]
        question = _question(app, probe, port, *to, "health", name) if probe.given else None
        if question is not None:
            health[name] = {**question, **_timing(app, probe, key, *to, "health", name)}
    _start(app, container, *to)
    _patience(app, container, health, *to)
    for name in _NAMES.values():
        if set(health.get(name, {})) == {"http"}:
            health[name] = health[name]["http"]
    if not health:
        app.section(*to).pop("health")


def _question(app: App, probe: Part, port: int | None, *to: str) -> dict[str, Any] | None:
    asked = next((key for key in ("httpGet", "tcpSocket", "grpc", "exec") if probe[key].given), None)
    if asked is None:
        app.missing(probe, "it asks nothing; write http, tcp, grpc or exec")
        return None
    part = probe[asked]
    number = app.workload.port_number(part["port"])
    if asked == "exec":
        app.took(part["command"], *to, "exec")
        return {"exec": [app.text(word.text) for word in part["command"].items()]}
    if number is None and part["port"].given:
        app.missing(probe, f"no container has a port called {part['port'].text}; write its number")
        return None
    app.took(part["port"], *to)
    if part["host"].given:
        app.missing(part["host"], "a probe asks the pod itself; write a name as headers: {Host: ...}")
    if asked == "tcpSocket":
        return {"tcp": number}
    if asked == "grpc":
        app.took(part["service"], *to, "grpc", "service")
        own = {} if number == port else {"port": number}
        service = {"service": part["service"].text} if part["service"].text else {}
        return {"grpc": {**own, **service}}
    return _http(app, part, number, port, *to)


def _http(app: App, part: Part, number: int | None, port: int | None, *to: str) -> dict[str, Any]:
    path = part["path"].text or "/"
    question: dict[str, Any] = {"http": path if path.startswith("/") else f"/{path}"}
    app.took(part["path"], *to, "http")
    if number != port:
        question["port"] = number
    app.took(part["scheme"], *to, "scheme")
    if part["scheme"].text.upper() == "HTTPS":
        question["scheme"] = "HTTPS"
    headers = {one["name"].text: one["value"].text for one in part["httpHeaders"].items()}
    app.took(part["httpHeaders"], *to, "headers")
    return {**question, "headers": headers} if headers else question


def _timing(app: App, probe: Part, key: str, *to: str) -> dict[str, Any]:
    timing: dict[str, Any] = {}
    period = min(max(probe["periodSeconds"].number or 10, 1), LONGEST_PERIOD_SECONDS)
    timeout = probe["timeoutSeconds"].number or 1
    app.took(probe["timeoutSeconds"], *to, "timeout")
    if timeout > period:
        app.took(probe["timeoutSeconds"], *to, "period", why="no question is asked before the one before it has ended")
        period = timeout
    app.took(probe["periodSeconds"], *to, "period")
    failures = probe["failureThreshold"]
    if failures.number and failures.number > 100:
        period = min(math.ceil(period * failures.number / 100), LONGEST_PERIOD_SECONDS)
        app.took(failures, *to, "failures", why="100 is the most; a longer period waits as long")
    if period != 10 or (key == _LIVENESS and probe["periodSeconds"].given):
        timing["period"] = seconds_text(period)
    if timeout > 1 and timeout != 2:
        timing["timeout"] = seconds_text(timeout)
    elif period < 2:
        timing["timeout"] = "1s"
    for name, own, usual in (("failureThreshold", "failures", 3), ("successThreshold", "successes", 1)):
        part = probe[name]
        if part.number is None or part.number <= 100:
            app.took(part, *to, own)
        if part.number and part.number != usual and (own == "failures" or key == "readinessProbe"):
            timing[own] = min(part.number, 100)
    app.missing(
        probe["terminationGracePeriodSeconds"], "there is no key: a container ends as 'rollout.finishWithin' says"
    )
    return timing


def _start(app: App, container: Part, *to: str) -> None:
    """Draft how long a start may take: for as long as the probes leave a container alone."""
    longest = 0
    for key in _NAMES:
        probe = container[key]
        delay = probe["initialDelaySeconds"]
        app.took(delay, *to, "health", "startWithin", why=_DELAY)
        if key == _LIVENESS:
            failures = probe["failureThreshold"].number or 3
            longest = (delay.number or 0) + failures * (probe["periodSeconds"].number or 10)
        elif key == "readinessProbe":
            longest = max(longest, delay.number or 0)
    health = app.section(*to, "health")
    if longest > START_WITHIN_SECONDS and "startup" not in health and {"readiness", "liveness"} & health.keys():
        asked = dict(health)
        health.clear()
        health |= {"startWithin": seconds_text(min(longest, LONGEST_PERIOD_SECONDS)), **asked}


def _patience(app: App, container: Part, health: dict[str, Any], *to: str) -> None:
    """Let liveness give up later than readiness, where both ask the same."""
    readiness, liveness = health.get("readiness"), health.get("liveness")
    if readiness is None or liveness is None:
        return
    timing = {"period", "timeout", "failures", "successes"}
    if {key: value for key, value in readiness.items() if key not in timing} != {
        key: value for key, value in liveness.items() if key not in timing
    }:
        return
    first = _seconds(container["readinessProbe"]) * readiness.get("failures", 3)
    period = _seconds(container[_LIVENESS])
    if (period if "period" in liveness else 20) * liveness.get("failures", 3) <= first or not (
        "failures" in liveness or "period" in liveness
    ):
        liveness["failures"] = min(max(math.ceil(2 * first / (period if "period" in liveness else 20)), 6), 100)
        why = "it asks what readiness asks, so it gives up later: a busy container loses its traffic first"
        part = container[_LIVENESS]["failureThreshold"]
        app.took(part if part.given else container[_LIVENESS], *to, "health", "liveness", "failures", why=why)


def _seconds(probe: Part) -> int:
    return max(probe["periodSeconds"].number or 10, probe["timeoutSeconds"].number or 1)


def draft_end(app: App, container: Part) -> None:
    """Draft how the app's container ends."""
    grace = app.workload.spec["terminationGracePeriodSeconds"]
    app.took(grace, "rollout", "finishWithin")
    drain = _drain(app, container)
    seconds = grace.number if grace.number is not None else _GRACE
    if seconds != _GRACE:
        own = min(max(seconds - drain, 1), LONGEST_WAIT_SECONDS)
        app.section("rollout")["finishWithin"] = seconds_text(own)
        if own != seconds:
            why = "it counts from the end of the drain, and is between a second and an hour"
            app.took(grace, "rollout", "finishWithin", why=why)


def _drain(app: App, container: Part) -> int:
    hook = container.at("lifecycle", "preStop")
    words = " ".join(one.text for one in hook.at("exec", "command").items())
    slept = re.fullmatch(r"(?:(?:/bin/)?(?:ba)?sh -c )?[\"']?(?:/bin/)?sleep (\d{1,5})s?[\"']?", words)
    seconds = hook.at("sleep", "seconds").number if hook["sleep"].given else int(slept[1]) if slept else None
    app.missing(container.at("lifecycle", "postStart"))
    app.missing(container.at("lifecycle", "stopSignal"))
    if seconds is None:
        app.missing(hook)
        return 0
    app.put(hook, seconds_text(min(seconds, LONGEST_WAIT_SECONDS)), "rollout", "drain")
    return seconds
