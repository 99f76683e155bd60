"""What a container is given, who it is, and how a new version replaces it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from infra.importing.app_parts import as_root, as_user, has_one_writer, image_security, pinned_image, unknown_image
from infra.importing.draft import Step
from infra.importing.marathon.volumes import size_text
from infra.importing.marathon.work import Unit, Work
from infra.settings.app.image import REFERENCE
from infra.settings.app.security import CAPABILITIES_OF_BASELINE
from infra.settings.app.words import answer
from infra.settings.partly import Location
from infra.values import mapping, mappings, number, text, within

CPUS, MEBIBYTES = 1, 128
"""What Marathon gives an app that says nothing (app.raml of its API)."""
LONGEST_STOP_SECONDS = 3600
NOBODY = 65534
"""The number of `nobody` in images of Debian and Alpine."""


def image(work: Work, unit: Unit, given: str, at: Location, target: dict[str, Any], *to: str | int, name: str) -> None:
    """Take the image of a container, or a place for one that must be built."""
    usable = re.sub(r"^docker://", "", given.strip())
    pinned = pinned_image(usable)
    if given and REFERENCE.fullmatch(usable):
        target["image"] = pinned.value
        if pinned.why:
            work.ledger.decided(at, *to, "image", why=pinned.why)
        else:
            work.ledger.taken(at, *to, "image")
        return
    target["image"] = unknown_image(name)
    why = "is no reference of an image; write its name" if given else "no image: agents ran it as it is; build one"
    work.ledger.decided(at if given else (*unit.at, "id"), *to, "image", why=why)
    what = f"build an image of {name} with what its command needs, push it, and name it in apps.{unit.name}"
    work.draft.steps.append(Step(what=what, command=f"docker build --tag {unknown_image(name)} ."))


def resources(
    work: Work, unit: Unit, value: Mapping[str, Any], at: Location, target: dict[str, Any], *to: str | int
) -> None:
    """Take CPU, memory and GPUs of a container."""
    place = (*to, "resources")
    cpus, memory, gpus = number(value, "cpus"), number(value, "mem"), number(value, "gpus")
    millicores = max(1, math.ceil((CPUS if cpus is None else min(cpus, 10**5)) * 1000))
    mebibytes = MEBIBYTES if memory is None else min(max(memory, 0), 10**9)
    found: dict[str, Any] = {
        "cpu": str(millicores // 1000) if millicores % 1000 == 0 else f"{millicores}m",
        "memory": size_text(mebibytes),
    }
    if cpus is not None:
        work.ledger.taken((*at, "cpus"), *place, "cpu")
    if memory is not None and memory < 4:
        work.ledger.decided((*at, "mem"), *place, "memory", why="no container starts in less than 4Mi")
    elif memory is not None:
        work.ledger.taken((*at, "mem"), *place, "memory")
    if cpus is None or memory is None:
        why = "Marathon's default of what is not given: 1 CPU, 128 MiB"
        work.ledger.decided((*unit.at, "id"), *place, why=why)
    if gpus is not None and 1 <= gpus <= 64:
        found["gpu"] = int(gpus)
        work.ledger.taken((*at, "gpus"), *place, "gpu")
    elif gpus:
        work.ledger.missing((*at, "gpus"), "a pod has 1 to 64 whole GPUs")
    target["resources"] = found


def limits(work: Work, value: Mapping[str, Any], at: Location, target: dict[str, Any], *to: str | int) -> None:
    """Take the limits above the requests of a container."""
    given = mapping(value.get("resourceLimits"))
    place, found = (*at, "resourceLimits"), target["resources"]
    cpus, memory = number(given, "cpus"), number(given, "mem")
    if cpus is not None and cpus * 1000 >= _millicores(found["cpu"]):
        found["cpuLimit"] = f"{math.ceil(cpus * 1000)}m"
        work.ledger.taken((*place, "cpus"), *to, "resources", "cpuLimit")
    elif given.get("cpus") == "unlimited":
        work.ledger.taken((*place, "cpus"), *to, "resources", text="CPU has no limit unless cpuLimit says one")
    elif given.get("cpus") is not None:
        work.ledger.missing((*place, "cpus"), "a limit is not below the request; write 'resources.cpuLimit'")
    if memory is not None and memory >= (number(value.get("mem", within(value, "resources", "mem"))) or MEBIBYTES):
        found["memoryLimit"] = size_text(memory)
        work.ledger.taken((*place, "mem"), *to, "resources", "memoryLimit")
    elif given.get("mem") is not None:
        work.ledger.missing((*place, "mem"), "write the most that it needs as 'resources.memoryLimit'")


def security(work: Work, unit: Unit) -> None:
    """Decide as whom the containers run."""
    app = work.app(unit)
    user = text(unit.main, "user") or text(unit.value, "user")
    at = (*unit.main_at, "user") if unit.main.get("user") is not None else (*unit.at, "user")
    to = ("apps", unit.name, "security")
    numeric = re.fullmatch(r"(\d{1,9})(?::(\d{1,9}))?", user)
    decision = image_security(str(app["image"]))
    if numeric and int(numeric[1]):
        app["security"] = as_user(int(numeric[1]), int(numeric[2] or numeric[1]))
        work.ledger.taken(at, *to, "user")
    elif user == "nobody":
        app["security"] = as_user(NOBODY, NOBODY)
        work.ledger.taken(at, *to, "user")
    elif user in {"root", "0"}:
        app["security"] = as_root()
        work.ledger.decided(at, *to, why="root, as the input says; name another user where the image does without")
    else:
        app["security"] = decision.value
        key = at if user else (*unit.at, "id")
        unknown = f"{user} is a user of the agents, whose number nobody says; " if user else ""
        work.ledger.decided(key, *to, why=unknown + decision.why)
    if unit.is_pod and text(unit.main, "user") and text(unit.value, "user"):
        work.ledger.taken((*unit.at, "user"), *to, text="the container says another")


def docker_options(work: Work, unit: Unit) -> None:
    """Take the options of `docker run` that Marathon hands on."""
    app = work.app(unit)
    for index, option in enumerate(mappings(unit.value, "container", "docker", "parameters")):
        at = (*unit.at, "container", "docker", "parameters", index)
        key, value = text(option, "key").lstrip("-"), text(option, "value")
        capability = value.upper().removeprefix("CAP_")
        user = re.fullmatch(r"([1-9]\d{0,8})(?::(\d{1,9}))?", value)
        if key in {"user", "u"} and user:
            app["security"] = as_user(int(user[1]), int(user[2] or user[1]))
            work.ledger.taken(at, "apps", unit.name, "security", "user")
        elif key == "cap-add" and capability in CAPABILITIES_OF_BASELINE:
            own: dict[str, Any] = app["security"]
            own["level"] = "baseline"
            own["capabilities"] = sorted({*own.get("capabilities", []), capability})
            work.ledger.taken(at, "apps", unit.name, "security", "capabilities")
        elif key == "entrypoint" and value and "command" not in app:
            app["command"] = [value]
            work.ledger.taken(at, "apps", unit.name, "command")
        elif key == "shm-size" and (size := re.fullmatch(r"(\d{1,6})([mg])b?", value.lower())):
            _shm(work, unit, int(size[1]) * (1024 if size[2] == "g" else 1), at)
        elif key in {"cap-add", "privileged", "device", "pid", "ipc", "security-opt", "volume", "v", "net", "network"}:
            work.ledger.dangerous(
                at, f"left out: {answer(('apps', unit.name, key)) or 'it opens the node to the container'}"
            )
        else:
            fallback = "an option of `docker run` that has no key"
            work.ledger.missing(at, answer(("apps", unit.name, key)) or fallback)


def linux(work: Work, unit: Unit, value: Any, at: Location) -> None:
    """Take the size of the shared memory."""
    size = number(value, "ipcInfo", "shmSize")
    if size is not None:
        _shm(work, unit, size, (*at, "ipcInfo", "shmSize"))
    if within(value, "seccomp", "unconfined") is False:
        work.ledger.taken((*at, "seccomp", "unconfined"))


def rollout(work: Work, unit: Unit) -> None:
    """Take how a new version replaces the old one."""
    at = (*unit.at, "scheduling", "upgrade") if unit.is_pod else (*unit.at, "upgradeStrategy")
    strategy = mapping(within(unit.value, *[str(key) for key in at[2:]]))
    app, to = work.app(unit), ("apps", unit.name, "rollout")
    over, healthy = number(strategy, "maximumOverCapacity"), number(strategy, "minimumHealthCapacity")
    replicas = unit.replicas
    is_single = mapping(unit.value.get("labels")).get("MARATHON_SINGLE_INSTANCE_APP") == "true"
    keys = [key for key in ("maximumOverCapacity", "minimumHealthCapacity") if strategy.get(key) is not None]
    if app.get("kind") == "stateful" or has_one_writer(app):
        for key in keys:
            why = "a volume has one pod at a time: the old one goes first, and one by one"
            work.ledger.decided((*at, key), *to, why=why)
    elif replicas <= 1 and (is_single or (healthy == 0 and over == 0)):
        app["rollout"] = {"strategy": "replace"}
        work.take(at, strategy, keys, *to, "strategy")
    elif over is not None or healthy is not None:
        _rolling(work, unit, at, strategy)
    seconds = number(unit.main, "lifecycle", "killGracePeriodSeconds")
    grace_at: Location = (*unit.main_at, "lifecycle", "killGracePeriodSeconds")
    if not unit.is_pod:
        seconds, grace_at = number(unit.value, "taskKillGracePeriodSeconds"), (*unit.at, "taskKillGracePeriodSeconds")
    if seconds is not None:
        wait = min(max(math.ceil(seconds), 1), LONGEST_STOP_SECONDS)
        app.setdefault("rollout", {})["finishWithin"] = f"{wait}s"
        if wait == seconds:
            work.ledger.taken(grace_at, *to, "finishWithin")
        else:
            work.ledger.decided(grace_at, *to, "finishWithin", why="a pod has from 1s to 1h to end")


def _rolling(work: Work, unit: Unit, at: Location, strategy: Mapping[str, Any]) -> None:
    given, wanted = number(strategy, "maximumOverCapacity"), number(strategy, "minimumHealthCapacity")
    over, healthy = 1.0 if given is None else given, 1.0 if wanted is None else wanted
    app, to = work.app(unit), ("apps", unit.name, "rollout", "surge")
    replicas = unit.replicas
    surge = min(max(math.ceil(over * 100), 0), 100)
    needs_one_more = surge == 0 and math.ceil(replicas * healthy) >= replicas
    app.setdefault("rollout", {})["surge"] = "1%" if needs_one_more else f"{surge}%"
    if "maximumOverCapacity" in strategy and not needs_one_more:
        work.ledger.taken((*at, "maximumOverCapacity"), *to)
    elif "maximumOverCapacity" in strategy:
        why = "one pod more, as Marathon does too where all must stay healthy and none may be added"
        work.ledger.decided((*at, "maximumOverCapacity"), *to, why=why)
    if strategy.get("minimumHealthCapacity") is None:
        return
    key = (*at, "minimumHealthCapacity")
    if healthy == 1:
        work.ledger.taken(key, *to)
    else:
        why = "no more than one pod is missing at a time, and none where surge adds one first"
        work.ledger.decided(key, *to, why=why)


def _shm(work: Work, unit: Unit, mebibytes: float, at: Location) -> None:
    memory = number(unit.main, "resources", "mem") if unit.is_pod else number(unit.value, "mem")
    if 4 <= mebibytes < (memory or MEBIBYTES):
        work.app(unit)["shm"] = size_text(mebibytes)
        work.ledger.taken(at, "apps", unit.name, "shm")
    else:
        work.ledger.missing(at, "shared memory counts into the memory limit; raise that, and write 'shm'")


def _millicores(cpu: str) -> int:
    return int(cpu[:-1]) if cpu.endswith("m") else int(cpu) * 1000
