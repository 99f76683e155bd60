"""What Services say besides their ports."""

from __future__ import annotations

from infra.importing.kubernetes.parts import Object
from infra.importing.kubernetes.world import World

_HEADLESS = "None"


def note_services(world: World) -> None:
    """Note what each Service is here: an app with ports has one of its name."""
    for service in world.of_kind("Service"):
        workload = world.served_by(service.name)
        if workload is None or workload.app not in world.draft.apps:
            continue
        to = ("apps", workload.app)
        ledger = world.ledger
        ledger.taken(service.spec["selector"].place, *to)
        others = [one for one in world.apps() if service in one.services and one is not workload]
        if others:
            names = ", ".join(one.app for one in others)
            what = (
                f"it leads to {names} too; here {service.name} is {workload.app} alone: call the others by their names"
            )
            ledger.missing(service.spec["selector"].place, what)
        if service.name != workload.app:
            why = f"there is one Service, {workload.app}; names of it in variables, commands and files are changed"
            ledger.decided(service.part.at("metadata", "name").place, *to, why=why)
        _note_kind(world, service, to)
        seconds = service.spec.at("sessionAffinityConfig", "clientIP", "timeoutSeconds")
        if service.spec["sessionAffinity"].text == "ClientIP":
            what = "write how long a browser stays with one pod as 'traffic.sticky'; inside, calls go to any pod"
            ledger.missing(service.spec["sessionAffinity"].place, what)
        elif service.spec["sessionAffinity"].given:
            ledger.taken(service.spec["sessionAffinity"].place, *to)
        if seconds.given:
            ledger.missing(seconds.place, "write it as 'traffic.sticky'")


def _note_kind(world: World, service: Object, to: tuple[str, str]) -> None:
    address, kind = service.spec["clusterIP"], service.spec["type"]
    app = world.draft.apps[to[1]]
    if kind.given and kind.text == "ClusterIP":
        world.ledger.taken(kind.place, *to)
    elif kind.given and "traffic" in app:
        world.ledger.decided(kind.place, *to, "traffic", why="traffic from outside comes in by 'traffic'")
    elif kind.given:
        what = "it is served inside only; write kind: web, port and 'traffic' to publish it"
        world.ledger.decided(kind.place, *to, why=what)
    if not address.given:
        return
    if address.text == _HEADLESS and app.get("kind") == "stateful":
        why = f"replicas are {to[1]}-0.{to[1]}-peers and so on, and {to[1]} leads to all that are ready"
        world.ledger.decided(address.place, *to, why=why)
    elif address.text == _HEADLESS:
        world.ledger.decided(address.place, *to, why="its name leads to one address, behind which are all pods")
    else:
        world.ledger.decided(address.place, *to, why="the cluster chooses the address")
