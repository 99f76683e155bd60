"""CPU, memory, GPUs and shared memory."""

from __future__ import annotations

import math
from typing import Any

from infra.importing.compose.service import Service
from infra.importing.compose.values import items, number_of, size_of, size_text
from infra.settings.partly import Location
from infra.settings.scalars import millicores_text
from infra.usual_images import usual_image
from infra.values import mapping

USUAL_MEMORY = "512Mi"
LARGE_MEMORY = "2Gi"
_LARGE = (
    "cassandra",
    "elasticsearch",
    "opensearch",
    "kafka",
    "keycloak",
    "gitlab",
    "sonarqube",
    "neo4j",
    "mssql",
    "oracle",
    "clickhouse",
    "logstash",
)
"""Parts of the names of images that need more than a gigabyte to start (their own documentation)."""
_NO_LIMIT = "the input has no limit, and here each container has one; `kubectl top pod` tells what it takes"
_ZERO = "0 is no limit"
_MIB = 2**20
_SMALLEST_SHM_ROOM = 256 * _MIB
"""What is left for the app beside its shared memory."""
_DEFAULT_CPU = 100
_LIMITS: tuple[Location, ...] = (("deploy", "resources", "limits"), ("deploy", "resources", "reservations"))


def map_resources(service: Service) -> None:
    """Write what a container requests, and its limits."""
    resources: dict[str, Any] = {}
    _cpu(service, resources)
    _memory(service, resources)
    _gpus(service, resources)
    service.settings["resources"] = resources
    _shm(service, resources)


def _cpu(service: Service, resources: dict[str, Any]) -> None:
    limit = _first(service, (*_LIMITS[0], "cpus"), ("cpus",))
    wanted = _first(service, (*_LIMITS[1], "cpus"))
    most = _millicores(service, limit)
    least = _millicores(service, wanted)
    if most is not None and limit is not None:
        resources["cpuLimit"] = millicores_text(most)
        service.taken(limit, "resources", "cpuLimit")
        if least is None and most < _DEFAULT_CPU:
            least = most
    if least is not None:
        resources["cpu"] = millicores_text(least if most is None else min(least, most))
        if wanted is not None:
            service.taken(wanted, "resources", "cpu")


def _memory(service: Service, resources: dict[str, Any]) -> None:
    limit = _first(service, (*_LIMITS[0], "memory"), ("mem_limit",))
    wanted = _first(service, (*_LIMITS[1], "memory"), ("mem_reservation",))
    most, least = _bytes(service, limit), _bytes(service, wanted)
    if limit is not None and most is not None and least is None:
        resources["memory"] = size_text(most)
        service.decided(limit, "resources", "memory", why="requested, too, so that its node has room for it")
    elif least is not None and wanted is not None:
        resources["memory"] = size_text(least)
        service.taken(wanted, "resources", "memory")
        if most is not None and limit is not None:
            resources |= {"memoryLimit": size_text(most)} if most > least else {}
            service.taken(limit, "resources", "memoryLimit")
    if "memory" not in resources:
        image = service.settings["image"].rpartition("/")[2]
        known = usual_image(service.settings["image"])
        is_large = any(name in image for name in _LARGE)
        resources["memory"] = (
            LARGE_MEMORY if is_large else "256Mi" if known and known.port in {6379, 11211} else USUAL_MEMORY
        )
        service.added("resources", "memory", why=_NO_LIMIT)


def _gpus(service: Service, resources: dict[str, Any]) -> None:
    count = 0
    for key, devices in (
        (("gpus",), service.values.get("gpus")),
        ((*_LIMITS[1], "devices"), service.get(*_texts(_LIMITS[1]), "devices")),
    ):
        if devices is None:
            continue
        given = items(devices)
        for index, device in enumerate(given):
            place = (*key, index) if isinstance(devices, list) else key
            found = _gpu_count(device)
            if found is None:
                service.missing(
                    place, "only GPUs of NVIDIA are devices of a pod here; write their number as resources.gpu"
                )
            else:
                count += found
                service.decided(
                    place, "resources", "gpu", why="whole GPUs of NVIDIA; nodes have them by their device plugin"
                )
        if not given:
            service.taken(key, "resources", "gpu", text="has none")
    if count:
        resources["gpu"] = min(count, 64)


def _gpu_count(device: Any) -> int | None:
    fields = mapping(device)
    if not fields:
        return 1 if isinstance(device, str) else None
    capabilities = [one for group in items(fields.get("capabilities")) for one in items(group)]
    if fields.get("driver") not in (None, "nvidia", "cdi") or (capabilities and "gpu" not in capabilities):
        return None
    if fields.get("device_ids"):
        return len(items(fields["device_ids"]))
    count = number_of(fields.get("count"))
    return 1 if count is None or count < 1 else int(count)


def _shm(service: Service, resources: dict[str, Any]) -> None:
    if "shm_size" not in service.values:
        return
    size = size_of(service.values["shm_size"])
    if size is None or size < 4 * _MIB:
        service.missing(("shm_size",), "is no size of 4Mi or more; write it as 'shm'")
        return
    service.settings["shm"] = size_text(size)
    service.taken(("shm_size",), "shm")
    most = size_of(resources.get("memoryLimit", resources["memory"])) or 0
    if size >= most:
        key = "memoryLimit" if "memoryLimit" in resources else "memory"
        resources[key] = size_text(size + _SMALLEST_SHM_ROOM)
        service.added("resources", key, why="shared memory counts into it")


def _first(service: Service, *places: Location) -> Location | None:
    """Return the first place that has a value; the others say the same in older words."""
    given = [place for place in places if service.get(*_texts(place)) is not None]
    for place in given[1:]:
        service.decided(place, why=f"{'.'.join(map(str, given[0]))} says it")
    return given[0] if given else None


def _millicores(service: Service, place: Location | None) -> int | None:
    if place is None:
        return None
    cores = number_of(service.get(*_texts(place)))
    if cores == 0:
        service.decided(place, why=_ZERO)
        return None
    if cores is None or cores <= 0:
        service.missing(place, "is no number of cores above 0; there is no limit then")
        return None
    return max(1, math.ceil(round(cores * 1000, 6)))


def _bytes(service: Service, place: Location | None) -> int | None:
    if place is None:
        return None
    size = size_of(service.get(*_texts(place)))
    if size == 0:
        service.decided(place, why=_ZERO)
        return None
    if size is None or size < 4 * _MIB:
        service.missing(place, "is no size of 4Mi or more; write it under 'resources'")
        return None
    return size


def _texts(place: Location) -> tuple[str, ...]:
    return tuple(map(str, place))
