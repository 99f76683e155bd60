"""Services, networks, volumes, secrets and configs that the services of a project name, and that are not there."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from infra.importing.compose.nodes import Node
from infra.importing.compose.profiles import services_of
from infra.settings.model import path_text
from infra.settings.partly import Location
from infra.settings.problems import Problem

_SHARED = ("network_mode", "ipc", "pid", "uts", "cgroup")
"""What a service may share with another one: `service:NAME`."""
_IMPLICIT = {"networks": {"default"}}


def broken_references(document: Node, active: Collection[str]) -> Iterator[Problem]:
    """Find what active services name and no file defines, or what belongs to a profile that is not active."""
    services = services_of(document)
    for name in services:
        if name in active:
            yield from _services(name, services[name], services, active)
            yield from _others(name, services[name], document)


def _services(name: str, service: Node, services: Collection[str], active: Collection[str]) -> Iterator[Problem]:
    for step, target, node in _needed(service):
        at = path_text(("services", name, *step))
        if target not in services:
            yield Problem(at, f"there is no service {target}; define it, or remove this", node.place)
        elif target not in active:
            message = f"service {target} is in no active profile; name one of its profiles with --profile"
            yield Problem(at, message, node.place)


def _needed(service: Node) -> Iterator[tuple[Location, str, Node]]:
    """List the services that one cannot run without, each with the key that says so."""
    depends = service.mapping.get("depends_on")
    if depends is not None:
        yield from ((("depends_on", index), item.text, item) for index, item in enumerate(depends.items))
        for target, node in depends.mapping.items():
            required = node.mapping.get("required")
            if required is None or required.value is not False:
                yield ("depends_on", target), target, node
    for key in ("links", "volumes_from"):
        for index, item in enumerate(service.mapping[key].items if key in service.mapping else []):
            if item.text and not item.text.startswith("container:"):
                yield (key, index), item.text.partition(":")[0], item
    for key in _SHARED:
        node = service.mapping.get(key)
        if node is not None and node.text.startswith("service:"):
            yield (key,), node.text.partition(":")[2], node


def _others(name: str, service: Node, document: Node) -> Iterator[Problem]:
    for section, step, target, node in _named(service):
        defined = document.mapping[section].mapping if section in document.mapping else {}
        if target not in defined and target not in _IMPLICIT.get(section, ()):
            message = f"there is no {target} in {section}; define it at the top of the file, or remove this"
            yield Problem(path_text(("services", name, *step)), message, node.place)


def _named(service: Node) -> Iterator[tuple[str, Location, str, Node]]:
    networks = service.mapping.get("networks")
    if networks is not None:
        yield from (("networks", ("networks", i), item.text, item) for i, item in enumerate(networks.items))
        yield from (("networks", ("networks", key), key, node) for key, node in networks.mapping.items())
    for section in ("secrets", "configs"):
        for index, item in enumerate(service.mapping[section].items if section in service.mapping else []):
            target = item.text or (item.mapping["source"].text if "source" in item.mapping else "")
            if target:
                yield section, (section, index), target, item
    for index, item in enumerate(service.mapping["volumes"].items if "volumes" in service.mapping else []):
        target = _volume(item)
        if target:
            yield "volumes", ("volumes", index), target, item


def _volume(item: Node) -> str:
    """Return the name of the volume that is mounted; an empty text for what is none."""
    if item.mapping:
        is_volume = "type" in item.mapping and item.mapping["type"].text == "volume"
        return item.mapping["source"].text if is_volume and "source" in item.mapping else ""
    source, colon, rest = item.text.partition(":")
    is_path = source.startswith((".", "/", "~", "\\")) or (len(source) == 1 and rest.startswith(("\\", "/")))
    return "" if not colon or is_path else source
