"""Several Compose files made one: 13-merge.md of the specification, with the details of compose-go."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from infra.importing.compose.nodes import Mode, Node
from infra.settings.model import path_text
from infra.settings.partly import Location
from infra.settings.problems import Problem, SettingsError

Merge = Callable[[Node, Node, Location], Node]
Unique = Callable[[Node], str]


def merged(base: Node, over: Node, at: Location = ()) -> Node:
    """Return what `base` and, after it, `over` say together.

    Raises:
        SettingsError: one is a mapping and the other a list, where no rule brings them together.
    """
    if over.mode is not Mode.MERGE or base.mode is Mode.RESET:
        return over
    rule = _MERGES.get(_pattern(at))
    if rule is not None:
        return rule(base, over, at)
    if over.value is None:
        return base
    if isinstance(base.value, dict):
        return _mappings(base, _as(dict, over, base, at), at)
    if isinstance(base.value, list):
        return _lists(base, _as(list, over, base, at), at)
    return over


def unique(node: Node, at: Location = ()) -> Node:
    """Return a node in whose lists the later of two items for the same thing stands in the place of the first."""
    if isinstance(node.value, dict):
        return node.having({key: unique(below, (*at, key)) for key, below in node.value.items()})
    if isinstance(node.value, list) and (key_of := _UNIQUE.get(_pattern(at))):
        return node.having(_deduplicated(node.value, key_of))
    return node


def settled(node: Node) -> Node:
    """Return a node without the tags that say how it merges, and without what they reset."""
    if isinstance(node.value, dict):
        below = {key: settled(one) for key, one in node.value.items() if one.mode is not Mode.RESET}
        return replace(node, value=below, mode=Mode.MERGE)
    if isinstance(node.value, list):
        items = [settled(one) for one in node.value if one.mode is not Mode.RESET]
        return replace(node, value=items, mode=Mode.MERGE)
    return node if node.mode is Mode.MERGE else replace(node, mode=Mode.MERGE)


def _mappings(base: Node, over: Node, at: Location) -> Node:
    together = dict(base.mapping)
    for key, value in over.mapping.items():
        together[key] = merged(together[key], value, (*at, key)) if key in together else value
    return base.having(together)


def _lists(base: Node, over: Node, at: Location) -> Node:
    return unique(base.having([*base.items, *over.items]), at)


def _as(kind: type[dict[str, Node]] | type[list[Node]], over: Node, base: Node, at: Location) -> Node:
    if not isinstance(over.value, kind):
        names = {dict: "a mapping", list: "a list"}
        message = f"is not {names[kind]}, as it is in {base.place}; write both in one form"
        raise SettingsError([Problem(path_text(at), message, over.place)])
    return over


def _replaced(_: Node, over: Node, __: Location) -> Node:
    return over


def _pairs(base: Node, over: Node, _: Location) -> Node:
    """Merge names with values, which may be a mapping or a list of `name=value`. A name without a value counts."""
    if base.value is None or over.value is None:
        return base if over.value is None else over
    if isinstance(base.value, list) and isinstance(over.value, list):
        return base.having(_deduplicated([*base.items, *over.items], _name))
    return base.having({**_as_mapping(base).mapping, **_as_mapping(over).mapping})


def _texts(base: Node, over: Node, at: Location) -> Node:
    """Merge what may be one text or a list of them."""
    return _lists(_as_list(base), _as_list(over), at)


def _hosts(base: Node, over: Node, _: Location) -> Node:
    """Merge host names, which may have several addresses."""
    return base.having(_deduplicated([*_as_list(base).items, *_as_list(over).items], lambda item: str(item.value)))


def _names(default: dict[str, str | bool]) -> Merge:
    """Merge what may be a list of names, each of which stands for a mapping with `default`."""

    def merge(base: Node, over: Node, at: Location) -> Node:
        if isinstance(base.value, list) and isinstance(over.value, list):
            return base.having(_deduplicated([*base.items, *over.items], _name))
        return _mappings(_named(base, default), _named(over, default), at)

    return merge


def _build(base: Node, over: Node, at: Location) -> Node:
    return _mappings(_with_context(base), _with_context(over), at)


def _logging(base: Node, over: Node, at: Location) -> Node:
    """Merge the options of one driver; those of another are none of it."""
    drivers = {node.mapping["driver"].text for node in (base, over) if "driver" in node.mapping}
    return over if len(drivers) > 1 else _mappings(base, over, at)


def _subnets(base: Node, over: Node, _: Location) -> Node:
    return base.having(_deduplicated([*base.items, *over.items], lambda item: _field(item, "subnet")))


def _named(node: Node, default: dict[str, str | bool]) -> Node:
    if not isinstance(node.value, list):
        return node
    below: dict[str, Node] = {}
    for item in node.value:
        value = {key: Node(value=one, place=item.place) for key, one in default.items()} or None
        below[item.text] = Node(value=value, place=item.place, written=item.written)
    return node.having(below)


def _with_context(node: Node) -> Node:
    return replace(node, value={"context": node}, written=None) if isinstance(node.value, str) else node


def _as_mapping(node: Node) -> Node:
    """Return a list of `name=value` as a mapping."""
    if not isinstance(node.value, list):
        return node
    below: dict[str, Node] = {}
    for item in node.value:
        name, equals, value = str(item.value).partition("=")
        written = (item.written or "").partition("=")[2]
        below[name] = replace(item, value=value if equals else None, written=written if equals else None)
    return node.having(below)


def _as_list(node: Node) -> Node:
    """Return one text, or a mapping, as the list that it stands for."""
    if isinstance(node.value, dict):
        return node.having([_pair(key, one) for key, value in node.value.items() for one in value.items or [value]])
    if isinstance(node.value, list):
        return node
    return replace(node, value=[] if node.value is None else [node], written=None)


def _pair(key: str, value: Node) -> Node:
    if value.value is None:
        return replace(value, value=key, written=key)
    return replace(value, value=f"{key}={value.value}", written=f"{key}={value.written}")


def _deduplicated(items: Sequence[Node], key_of: Unique) -> list[Node]:
    by_key: dict[str, Node] = {}
    for item in items:
        by_key[key_of(item)] = item
    return list(by_key.values())


def _name(item: Node) -> str:
    return str(item.value).partition("=")[0]


def _field(item: Node, *keys: str) -> str:
    """Return the first of some values of a mapping that is there, as a text."""
    return next((str(item.mapping[key].value) for key in keys if key in item.mapping), "")


def _target(item: Node) -> str:
    """Return where a volume or a device appears in the container."""
    if isinstance(item.value, dict):
        return _field(item, "target")
    parts = re.sub(r"^[A-Za-z]:(?=[\\/])", "", str(item.value)).split(":")
    return parts[0] if len(parts) == 1 else parts[1]


def _mount(folder: str) -> Unique:
    """Return what tells the secrets, or the configs, of a service apart: the file that each of them is."""

    def key_of(item: Node) -> str:
        if "target" in item.mapping:
            return _field(item, "target")
        return f"{folder}/{_field(item, 'source') if item.mapping else item.value}"

    return key_of


def _port(item: Node) -> str:
    """Return address, published port, port and protocol."""
    if isinstance(item.value, dict):
        parts = (_field(item, "host_ip"), _field(item, "published"), _field(item, "target"), _field(item, "protocol"))
    else:
        text, _, protocol = str(item.value).partition("/")
        address, _, ports = text.rpartition(":") if "]" in text else ("", "", text)
        if not address and ports.count(":") > 1:
            address, _, ports = ports.partition(":")
        elif address:
            address, _, published = address.rpartition(":") if not address.endswith("]") else (address, "", "")
            ports = f"{published}:{ports}"
        published, _, target = ports.rpartition(":")
        parts = (address.strip("[]"), published, target, protocol)
    return "{}:{}:{}/{}".format(parts[0] or "0.0.0.0", parts[1], parts[2], (parts[3] or "tcp").lower())  # noqa: S104


def _path(item: Node) -> str:
    return _field(item, "path") if item.mapping else str(item.value)


def _pattern(at: Location) -> str:
    """Return a location as the tables below have it; a job merges as a service does."""
    steps = [str(step) for step in at]
    if steps[:1] == ["jobs"]:
        steps[0] = "services"
    if len(steps) > 1:
        steps[1] = "*"
    if len(steps) > 3 and steps[2] in ("networks", "ulimits", "volumes"):
        steps[3] = "*"
    return ".".join(steps)


_STARTED: dict[str, str | bool] = {"condition": "service_started", "required": True}
_PAIRS = ("annotations", "build.args", "build.additional_contexts", "build.labels", "deploy.labels", "environment",
          "labels", "sysctls", "volumes.*.volume.labels")  # fmt: skip
_MERGES: dict[str, Merge] = {
    **{f"services.*.{key}": _pairs for key in _PAIRS},
    "networks.*.labels": _pairs,
    "volumes.*.labels": _pairs,
    **{f"services.*.{key}": _texts for key in ("dns", "dns_opt", "dns_search", "env_file", "label_file", "tmpfs")},
    **{f"services.*.{key}": _replaced for key in ("command", "entrypoint", "healthcheck.test", "ulimits.*")},
    "services.*.build": _build,
    "services.*.build.extra_hosts": _hosts,
    "services.*.extra_hosts": _hosts,
    "services.*.depends_on": _names(_STARTED),
    "services.*.networks": _names({}),
    "services.*.models": _names({}),
    "services.*.logging": _logging,
    "networks.*.ipam.config": _subnets,
}
_LISTS = ("build.tags", "cap_add", "cap_drop", "dns", "dns_opt", "dns_search", "expose", "links", "profiles", "tmpfs",
          "networks.*.aliases", "networks.*.link_local_ips")  # fmt: skip
_UNIQUE: dict[str, Unique] = {
    **{f"services.*.{key}": _name for key in (*_PAIRS, *_LISTS)},
    "networks.*.labels": _name,
    "services.*.configs": _mount(""),
    "services.*.secrets": _mount("/run/secrets"),
    "services.*.volumes": _target,
    "services.*.devices": _target,
    "services.*.ports": _port,
    "services.*.env_file": _path,
}
