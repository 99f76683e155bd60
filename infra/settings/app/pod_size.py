"""What one pod of an app requests."""

from __future__ import annotations

from dataclasses import dataclass

from infra.settings.app.application import Application
from infra.settings.app.resources import ResourceSettings


@dataclass(frozen=True, kw_only=True)
class Requests:
    """CPU in millicores and memory in bytes, the most memory that may be taken, and whole GPUs."""

    cpu: int
    memory: int
    most_memory: int
    gpus: int = 0

    def plus(self, other: Requests) -> Requests:
        """Add both."""
        return Requests(
            cpu=self.cpu + other.cpu,
            memory=self.memory + other.memory,
            most_memory=self.most_memory + other.most_memory,
            gpus=self.gpus + other.gpus,
        )

    def at_least(self, other: Requests) -> Requests:
        """Take the larger figure of each resource."""
        return Requests(
            cpu=max(self.cpu, other.cpu),
            memory=max(self.memory, other.memory),
            most_memory=max(self.most_memory, other.most_memory),
            gpus=max(self.gpus, other.gpus),
        )

    def times(self, count: int) -> Requests:
        """Return what `count` pods of this size request."""
        return Requests(
            cpu=self.cpu * count,
            memory=self.memory * count,
            most_memory=self.most_memory * count,
            gpus=self.gpus * count,
        )


NOTHING = Requests(cpu=0, memory=0, most_memory=0)


def pod_requests(settings: Application) -> Requests:
    """Add up what one pod of the app requests, by the scheduler's rule.

    Sidecars start first and run all the time, so they add up with the app's container and with each init container;
    init containers run one after another, so only the largest counts (Kubernetes documentation, "Sidecar containers",
    resource sharing within containers).
    """
    sidecars = NOTHING
    for sidecar in settings.sidecars.values():
        sidecars = sidecars.plus(_requests(sidecar.resources))
    largest = sidecars.plus(_requests(settings.resources))
    for init in settings.init.values():
        largest = largest.at_least(sidecars.plus(_requests(init.resources)))
    return largest


def _requests(settings: ResourceSettings) -> Requests:
    return Requests(cpu=settings.cpu, memory=settings.memory, most_memory=settings.most_memory, gpus=settings.gpu or 0)
