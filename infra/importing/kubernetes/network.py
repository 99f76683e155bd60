"""Who may call whom: every pod every other one, unless NetworkPolicies say otherwise."""

from __future__ import annotations

import re
from typing import Any

from infra.importing.app_parts import ANYWHERE, MOST_CALLERS_OF_ALL, MOST_CALLERS_UNKNOWN
from infra.importing.kubernetes.app import App
from infra.importing.kubernetes.containers import all_texts
from infra.importing.kubernetes.parts import Part
from infra.importing.kubernetes.world import Workload, World
from infra.usual_images import NOT_HTTP, keeps_data
from infra.values import mapping

_ALL = "a pod reaches every other one without a NetworkPolicy, and the outside; remove what it does not call"
_NAMED = "it names these in its variables, commands and files; add others that it calls"
_UNKNOWN = "it names nobody whom it calls, so it may call all as before; remove those that it does not call"
_OF_ONE_STORE = "a store calls those whose data it has or holds, by what they are called; add others that it calls"
_ROLES = re.compile(r"master|primary|leader|slave|replica|secondary|follower|sentinel|standby|arbiter")
_NAMESPACE_LABEL = "kubernetes.io/metadata.name"


def draft_flows(world: World, apps: list[App]) -> None:
    """Draft whom each app may call, and who from elsewhere may call it."""
    served = [app for app in apps if "port" in app.said or "ports" in app.said]
    for app in apps:
        outgoing = _rules(world, app.workload, "Egress")
        targets, why = (served, "") if outgoing is not None else _called(app, served)
        flows: list[Any] = [flow for one in targets if one is not app for flow in _flow(world, app, one, outgoing)]
        if (
            app.said["kind"] not in {"stateful", "cron", "job"}
            and app.said.get("replicas") != 1
            and "ports" in app.said
        ):
            flows += ["self"] if outgoing is None and _rules(world, app.workload, "Ingress") is None else []
        if outgoing is None:
            flows += _other_namespaces(app)
            flows += [] if _is_store(app) else [ANYWHERE]
        else:
            flows += [flow for rule in outgoing for flow in _elsewhere(app, rule["to"], rule)]
        _say(app, "allowTo", flows, why)
        incoming = _rules(world, app.workload, "Ingress")
        if incoming is not None and app in served:
            _say(app, "allowFrom", [flow for rule in incoming for flow in _elsewhere(app, rule["from"], rule)], "")


def _called(app: App, served: list[App]) -> tuple[list[App], str]:
    """Return whom an app may call without a policy that says so, and why."""
    named = [one for one in served if _names(app, one.name)]
    if _is_store(app):
        return [one for one in served if one in named or _is_of_one_store(app, one)], _OF_ONE_STORE
    if len(served) <= MOST_CALLERS_OF_ALL:
        return served, _ALL
    own = [one for one in served if one.name.startswith(f"{app.name}-")]
    if named or len(served) > MOST_CALLERS_UNKNOWN:
        return [one for one in served if one in named or one in own], _NAMED
    return served, _UNKNOWN


def _is_of_one_store(app: App, other: App) -> bool:
    """Whether two stores serve the same, and one of them follows: such as a replica and its primary."""
    is_led = any(_ROLES.search(f"{one.name} {one.said['image']}") for one in (app, other))
    return is_led and _is_store(other) and bool(_served_by(app) & _served_by(other))


def _say(app: App, key: str, flows: list[Any], why: str) -> None:
    unique = [flow for index, flow in enumerate(flows) if flow not in flows[:index]]
    if unique:
        app.said[key] = unique
        if why:
            app.world.ledger.decided((*app.workload.spec.place, "containers"), *app.place, key, why=why)


def _names(app: App, other: str) -> bool:
    word = re.compile(rf"(?<![\w-]){re.escape(other)}(?:-peers)?(?![\w-])")
    return any(word.search(text) for text in all_texts(app))


def _is_store(app: App) -> bool:
    """Whether an app keeps data for others, and calls nobody: by its image, or by what it serves."""
    served = _served_by(app)
    return keeps_data(app.said["image"]) or (bool(served) and NOT_HTTP.keys() >= served)


def _served_by(app: App) -> set[Any]:
    return {one for one in (app.said.get("port"), *map(_number, app.said.get("ports", {}).values())) if one}


def _number(port: Any) -> Any:
    return mapping(port).get("port", port)


def _other_namespaces(app: App) -> list[Any]:
    own = {"default", app.world.draft.name, *(one.namespace for one in app.world.objects)}
    found: dict[str, None] = {}
    for text in all_texts(app):
        for name in re.findall(r"[a-z0-9-]+\.([a-z0-9][a-z0-9-]*)\.svc\b", text):
            if name not in own:
                found[name] = None
    return [{"namespace": name} for name in found]


def _rules(world: World, workload: Workload, direction: str) -> list[Part] | None:
    """Return what policies allow a workload in one direction; None where none selects it."""
    found: list[Part] | None = None
    for policy in world.of_kind("NetworkPolicy"):
        types = [one.text for one in policy.spec["policyTypes"].items()]
        types = types or ["Ingress", *(["Egress"] if policy.spec["egress"].given else [])]
        if direction in types and _matches(policy.spec["podSelector"], workload):
            found = (found or []) + list(policy.spec[direction.lower()].items())
    return found


def _matches(selector: Part, workload: Workload) -> bool:
    if not selector["matchLabels"].labels().items() <= workload.labels.items():
        return False
    for expression in selector["matchExpressions"].items():
        value = workload.labels.get(expression["key"].text)
        values = [one.text for one in expression["values"].items()]
        fits = {
            "In": value in values,
            "NotIn": value not in values,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }
        if not fits.get(expression["operator"].text, False):
            return False
    return True


def _flow(world: World, caller: App, called: App, outgoing: list[Part] | None) -> list[Any]:
    """Return how one app may call another one: as both sides allow it."""
    incoming = _rules(world, called.workload, "Ingress")
    going = [None] if outgoing is None else [one for one in outgoing if _is_among(one["to"], called.workload)]
    coming = [None] if incoming is None else [one for one in incoming if _is_among(one["from"], caller.workload)]
    if not going or not coming:
        return []
    ports = [_ports(called, rule) for rule in (*coming, *going) if rule is not None]
    limited = [one for one in ports if one]
    if not limited or len(limited) < len([one for one in (*coming, *going) if one is not None]) == 1:
        return [called.name]
    return [{"app": called.name, "ports": limited[0]}] if len(limited) == len(ports) else [called.name]


def _is_among(peers: Part, workload: Workload) -> bool:
    if not list(peers.items()):
        return True
    return any(
        peer["podSelector"].given and not peer["namespaceSelector"].given and _matches(peer["podSelector"], workload)
        for peer in peers.items()
    )


def _ports(called: App | None, rule: Part) -> list[Any]:
    found: list[Any] = []
    for port in rule["ports"].items():
        number = port["port"].number
        if number is None and called is not None:
            number = called.workload.port_number(port["port"])
        if number is None or (called is not None and not _serves(called, number)):
            continue
        found.append(f"{number}/udp" if port["protocol"].text == "UDP" else number)
    return found


def _serves(app: App, number: int) -> bool:
    ports = app.said.get("ports", {}).values()
    return number in {app.said.get("port"), *map(_number, ports)}


def _elsewhere(app: App, peers: Part, rule: Part) -> list[Any]:
    """Return the peers outside of the stack."""
    found: list[Any] = []
    is_incoming = peers.place[-1] == "from"
    ports = _ports(app if is_incoming else None, rule)
    if not list(peers.items()) and not is_incoming:
        found.append({"cidr": ANYWHERE})
    for peer in peers.items():
        block = peer.at("ipBlock", "cidr")
        namespace = peer.at("namespaceSelector", "matchLabels", _NAMESPACE_LABEL)
        if block.given:
            found.append({"cidr": block.text})
            app.missing(
                peer.at("ipBlock", "except"), "there is no key: write the networks that are meant, without those"
            )
        elif namespace.text:
            labels = peer.at("podSelector", "matchLabels").labels()
            found.append({"namespace": namespace.text, **({"labels": labels} if labels else {})})
        elif peer["namespaceSelector"].given:
            app.missing(
                peer["namespaceSelector"], "name each namespace: { namespace: NAME } under 'allowTo' or 'allowFrom'"
            )
    with_ports = [{**one, "ports": ports} if ports else one for one in found]
    return [one["cidr"] if one.keys() == {"cidr"} else one for one in with_ports]


def note_policies(world: World) -> None:
    """Note the policies, which are said by the flows of the apps."""
    for policy in world.of_kind("NetworkPolicy"):
        world.ledger.decided(policy.spec.place, why="it is 'allowTo' and 'allowFrom' of the apps, which deny all else")
