"""The public addresses of apps: where each leads, and what is made for it is called."""

from __future__ import annotations

from dataclasses import dataclass

from infra.settings.app.application import Application, ServingSettings
from infra.settings.app.ports import ServedPort
from infra.settings.app.traffic import TrafficSettings
from infra.settings.model import Location


@dataclass(frozen=True, kw_only=True)
class PublicAddress:
    """A public address of an app, and the port of its pods that it leads to."""

    name: str
    """Of what is made for it."""
    app: str
    place: Location
    """Its key in the stack file, below the sections' root."""
    settings: ServingSettings
    traffic: TrafficSettings
    port: ServedPort


def addresses_of(app: str, settings: Application) -> list[PublicAddress]:
    """Return the public addresses of an app; one that leads to no port, which its model refuses, is left out.

    The one of the app's first port is called like the app, or the first address where none leads there, and the others
    after their ports too: so their order is free, and another address changes nothing of those that there are. No app
    has a dot in its name.
    """
    if not isinstance(settings, ServingSettings):
        return []
    ports = {
        place: port
        for place, traffic in settings.addresses.items()
        if (port := settings.traffic_port(traffic)) is not None
    }
    main = next((place for place, port in ports.items() if port == settings.served[0]), next(iter(ports), None))
    return [
        PublicAddress(
            name=app if place == main else f"{app}.port-{port.name}",
            app=app,
            place=("apps", app, *place),
            settings=settings,
            traffic=settings.addresses[place],
            port=port,
        )
        for place, port in ports.items()
    ]
