"""`load-balancer` in `allowFrom`, on platforms that may have none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infra.settings.app.application import Application, Task
from infra.settings.eks.addresses import public_addresses
from infra.settings.guest import GuestPlatformSettings
from infra.settings.model import FieldError
from infra.settings.platform import ExistingPlatformSettings, PlatformSettings


def balancer_errors(platform: PlatformSettings, apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find peers that nobody is, as the platform has no load balancer; locations are below the root."""
    missing = _missing(platform, apps)
    for name, app in apps.items() if missing else ():
        for index, peer in enumerate(() if isinstance(app, Task) else app.allow_from):
            if peer.load_balancer:
                yield FieldError(("apps", name, "allowFrom", index), f"the load balancer is nobody here, as {missing}")


def _missing(platform: PlatformSettings, apps: Mapping[str, Application]) -> str | None:
    """Return why a platform has no load balancer, and what to write; None where it has one."""
    instead = "write the namespace or the network from which requests come"
    if isinstance(platform, ExistingPlatformSettings):
        return None if platform.ingress else f"the platform has no ingress; set platform.ingress, or {instead}"
    if isinstance(platform, GuestPlatformSettings):
        return None if platform.domain else f"the other stack has none with a domain; remove it, or {instead}"
    return None if bool(public_addresses(apps)) else f"no app of this stack has traffic; give one traffic, or {instead}"
