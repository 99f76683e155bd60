"""Apps from the objects that make pods."""

from __future__ import annotations

from typing import Any

from infra.importing.kubernetes.app import App
from infra.importing.kubernetes.containers import draft_command, draft_env, draft_resources
from infra.importing.kubernetes.health import draft_end, draft_health
from infra.importing.kubernetes.parts import Part
from infra.importing.kubernetes.ports import Served, draft_ports, served_ports
from infra.importing.kubernetes.routes import draft_traffic, routes_to
from infra.importing.kubernetes.running import draft_pod, draft_rollout, draft_security
from infra.importing.kubernetes.scaling import draft_availability, draft_replicas
from infra.importing.kubernetes.secret_files import draft_secret_files
from infra.importing.kubernetes.storage import draft_volumes
from infra.importing.kubernetes.world import ARGO_HOOK, HOOK, HOOKS_BEFORE, HOOKS_FIRST, TASKS, Workload, World
from infra.importing.names import own_name
from infra.settings.scalars import seconds_text

_LONGEST_RUN = 7 * 86400
_LONGEST_AWAITED = 86400
_OVERLAPS = {"Allow": "allow", "Forbid": "forbid", "Replace": "replace"}
_OF_ALL = "all containers of an app have the one under 'security' of the app"


def draft_app(world: World, workload: Workload) -> App:
    """Draft an app from a workload, and put it into the stack."""
    app = App(world=world, workload=workload)
    world.draft.apps[app.name] = app.said
    ledger, kind = world.ledger, workload.object.part["kind"]
    if app.name != workload.object.name:
        why = "it has the name of its Service, by which others call it"
        ledger.decided(workload.object.part.at("metadata", "name").place, *app.place, why=why)
    if workload.object.kind in TASKS or _runs_once(workload):
        _draft_task(app)
    else:
        _draft_kind(app)
    app.took(kind, "kind")
    containers = _containers(app)
    draft_secret_files(app, [one for one, _ in containers])
    _draft_containers(app, containers)
    draft_volumes(app, containers)
    draft_security(app, workload.main)
    draft_pod(app)
    if app.said["kind"] not in {"cron", "job"}:
        draft_replicas(app)
        draft_availability(app)
        draft_rollout(app)
        draft_end(app, workload.main)
    return app


def _runs_once(workload: Workload) -> bool:
    return workload.object.kind == "Pod" and workload.spec["restartPolicy"].text in {"Never", "OnFailure"}


def _draft_kind(app: App) -> None:
    workload = app.workload
    served, routes = served_ports(app), routes_to(app)
    wanted = [one for one in served if str(one.number) in {route.port for route in routes}]
    tcp = [one for one in served if one.protocol == "TCP" and one.service_port is not None]
    is_opened = any(one.spec["type"].text == "LoadBalancer" for one in workload.services)
    first: Served | None = next(iter(wanted or tcp), None)
    is_stateful = workload.object.kind == "StatefulSet"
    if is_stateful:
        app.said["kind"] = "stateful"
        parallel = workload.object.spec["podManagementPolicy"]
        app.took(parallel, "start")
        if parallel.text == "Parallel":
            app.said["start"] = "parallel"
        draft_ports(app, served, first)
    elif first is not None and (first.is_http or wanted or is_opened):
        app.said["kind"] = "web"
        draft_ports(app, served, first)
    else:
        app.said["kind"] = "worker"
        draft_ports(app, served, None)
    if first is not None and (app.said["kind"] != "worker"):
        draft_traffic(app, routes, first)
    app.took(workload.spec["restartPolicy"], "kind")


def _draft_task(app: App) -> None:
    one = app.workload.object
    spec = one.spec.at("jobTemplate", "spec") if one.kind == "CronJob" else one.spec
    app.said["kind"] = "cron" if one.kind == "CronJob" else "job"
    app.took(app.workload.spec["restartPolicy"], "kind")
    if one.kind == "CronJob":
        schedule, zone, overlap = one.spec["schedule"], one.spec["timeZone"], one.spec["concurrencyPolicy"]
        app.put(schedule, schedule.text, "schedule")
        if zone.text:
            app.put(zone, zone.text, "timeZone")
        app.said["overlap"] = _OVERLAPS.get(overlap.text, "allow")
        app.took(overlap, "overlap")
        if one.spec["suspend"].value is True:
            app.missing(
                one.spec["suspend"], "there is no key: it runs as the schedule says; take the app out to stop it"
            )
        else:
            app.took(one.spec["suspend"], "schedule")
    deadline, retries = spec["activeDeadlineSeconds"], spec["backoffLimit"]
    longest = _LONGEST_RUN if one.kind == "CronJob" else _LONGEST_AWAITED
    if deadline.number:
        app.put(deadline, seconds_text(min(deadline.number, longest)), "timeout")
    else:
        app.said["timeout"] = "1d" if one.kind == "CronJob" else "1h"
        why = "it had no limit; raise 'timeout' for a longer run"
        app.world.ledger.decided((*one.part.place, "kind"), *app.place, "timeout", why=why)
    number = retries.number if retries.number is not None else 6 if one.kind != "Pod" else 0
    app.said["retries"] = min(number, 20)
    app.took(retries, "retries")
    grace = app.workload.spec["terminationGracePeriodSeconds"]
    app.missing(grace, "there is no key: a run ends by itself, or when its 'timeout' is over")
    for part in app.workload.main["ports"].items():
        app.missing(part, "a job serves no port; leave it out")
    for key in ("readinessProbe", "livenessProbe", "startupProbe", "lifecycle"):
        app.missing(app.workload.main[key], "a job has no health checks and no hooks; leave it out")


def _containers(app: App) -> list[tuple[Part, tuple[str, ...]]]:
    """List the containers with their places below the app, its own first."""
    workload = app.workload
    main = workload.main
    found: list[tuple[Part, tuple[str, ...]]] = [(main, ())]
    names: set[str] = {app.name}
    for container in workload.spec["initContainers"].items():
        section = "sidecars" if container["restartPolicy"].text == "Always" else "init"
        name = own_name(container["name"].text, names)
        names.add(name)
        found.append((container, (section, name)))
    for container in workload.spec["containers"].items():
        if container.place != main.place:
            name = own_name(container["name"].text, names)
            names.add(name)
            found.append((container, ("sidecars", name)))
    return found


def _draft_containers(app: App, containers: list[tuple[Part, tuple[str, ...]]]) -> None:
    for container, to in containers:
        draft_command(app, container, *to)
        draft_env(app, container, *to)
        draft_resources(app, container, *to)
        app.took(container["name"], *to)
        app.took(container["restartPolicy"], *to)
        if not to:
            if app.said["kind"] not in {"cron", "job"}:
                number = _probed_port(app)
                draft_health(app, container, number)
            continue
        if to[0] == "sidecars":
            draft_health(app, container, None, *to)
        _shared(app, container, *to)
    for container in app.workload.spec["ephemeralContainers"].items():
        app.missing(container, "kubectl debug adds them to a pod that runs; leave it out")


def _probed_port(app: App) -> int | None:
    """Return the port that probes ask by default."""
    return app.said.get("port")


def _shared(app: App, container: Part, *to: str) -> None:
    """Note what a container beside the app's own cannot have for itself."""
    context = container["securityContext"]
    for key, part in context.entries():
        if key == "privileged" and part.value is True:
            app.dangerous(part)
        else:
            app.took(part, "security", why=_OF_ALL)
    for key in ("startupProbe", "readinessProbe", "livenessProbe"):
        if to[0] == "init":
            app.missing(container[key], "an init container runs to its end, and has no health checks; leave it out")
    if to[0] == "init":
        app.missing(container["ports"], "an init container runs to its end, and serves no port; leave it out")
    app.missing(container["lifecycle"], "there is no key: a sidecar ends after the app")


def tidy(app: App) -> None:
    """Leave out what is the default, and what is empty."""
    said = app.said
    if said["kind"] == "web":
        del said["kind"]
    for key in ("env", "files", "secrets", "health", "security", "rollout", "availability", "placement", "resources"):
        if key in said and not said[key]:
            del said[key]
    for section in ("init", "sidecars"):
        for helper in said.get(section, {}).values():
            for key in ("env", "files", "health", "resources"):
                if key in helper and not helper[key]:
                    del helper[key]
            if helper.get("image") == said.get("image") and {"command", "args"} & helper.keys():
                del helper["image"]


def draft_releases(world: World, apps: list[App]) -> None:
    """Make a hook of Helm or Argo CD that runs in the image of an app the release of that app."""
    for hook in apps:
        key = next((one for one in (HOOK, ARGO_HOOK) if one in hook.workload.object.annotations), HOOK)
        events = {one.strip() for one in hook.workload.object.annotations.get(key, "").split(",")}
        if not events & HOOKS_BEFORE:
            continue
        note = hook.workload.object.part.at("metadata", "annotations", key)
        same = [one for one in apps if one is not hook and one.said.get("image") == hook.said.get("image")]
        target = next((one for one in same if one.said.get("kind", "web") in {"web", "worker"}), None)
        command: dict[str, Any] = {key: hook.said[key] for key in ("command", "args") if key in hook.said}
        if target is None or not command or not _fits(hook, target):
            if events & HOOKS_FIRST:
                _comes_first(hook, apps)
            world.ledger.decided(note.place, *hook.place, why="it runs once, and again when it changes")
            continue
        timing = {key: hook.said[key] for key in ("timeout", "retries") if key in hook.said}
        own = {
            key: value
            for key, value in hook.said.get("env", {}).items()
            if target.said.get("env", {}).get(key) != value
        }
        target.said["release"] = {**command, **({"env": own} if own else {}), **timing}
        del world.draft.apps[hook.name]
        why = f"it runs in the image of {target.name}, before each rollout of it"
        world.ledger.decided(hook.workload.object.part.place, *target.place, "release", why=why)


def _comes_first(hook: App, apps: list[App]) -> None:
    for app in apps:
        if not app.workload.object.annotations.keys() & {HOOK, ARGO_HOOK}:
            app.said.setdefault("dependsOn", []).append(hook.name)


def _fits(hook: App, target: App) -> bool:
    """Whether an app has all that its hook needs besides the command."""
    has_more = {"volumes", "writable", "files", "init", "sidecars", "shm"} & hook.said.keys()
    secrets = hook.said.get("secrets", {})
    return not has_more and all(target.said.get("secrets", {}).get(name) == value for name, value in secrets.items())
