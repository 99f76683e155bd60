"""One service while it is imported: what it says, where that stands, and the app that is drafted for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.images.facts import ImageFacts
from infra.images.registry import RegistryError
from infra.importing.compose.dockerfile import Dockerfile
from infra.importing.compose.project import ComposeProject
from infra.importing.draft import StackDraft
from infra.importing.findings import Ledger
from infra.settings.partly import Location
from infra.values import mapping, within

SERVICES = "services"
JOBS = "jobs"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """The whole project while it is imported."""

    project: ComposeProject
    draft: StackDraft
    ledger: Ledger
    apps: Mapping[str, str]
    """Services, each with the name of its app."""
    hosts: Mapping[str, str]
    """Other names by which services are called, each with the name of the app that it means."""
    names: Mapping[str, str]
    """All names by which services are called, those of the apps and of the services among them."""
    images: Mapping[str, ImageFacts | RegistryError]
    """What registries say of images, by the names in the input; empty where nobody asked them."""
    built: dict[str, str] = field(default_factory=dict[str, str])
    """Builds, each with the image that it makes: what several services build alike is one image."""
    secrets: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    """What fills the secrets that were named already, each with its reference: one password of two apps is one."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service, and its app."""

    stack: Stack
    name: str
    app: str
    values: Mapping[str, Any]
    is_task: bool
    """Whether it runs to its end."""
    dockerfile: Dockerfile
    """What the image is built from; an empty one where nobody can tell."""
    section: str = SERVICES
    """Where it stands: jobs have a section of their own, and nearly all keys of a service."""

    @property
    def settings(self) -> dict[str, Any]:
        """The app, as it stands in the draft."""
        return self.stack.draft.apps[self.app]

    @property
    def is_of_swarm(self) -> bool:
        """Whether it says something that only Swarm heeds."""
        return bool({*mapping(self.values.get("deploy"))} - {"resources", "replicas"})

    def key(self, *steps: str | int) -> Location:
        """Return the location of a value in the input."""
        return (self.section, self.name, *steps)

    def get(self, *steps: str) -> Any:
        """Return a value of the service, or None."""
        return within(self.values, *steps)

    def taken(self, key: Location, *to: str | int, text: str = "") -> None:
        """Note a value of the service that means the same at `to`, below its app."""
        self.stack.ledger.taken(self.key(*key), "apps", self.app, *to, text=text)

    def decided(self, key: Location, *to: str | int, why: str) -> None:
        """Note a value of the service that became another one at `to`, below its app, or none."""
        place = ("apps", self.app, *to) if to else ()
        self.stack.ledger.decided(self.key(*key), *place, why=why)

    def added(self, *to: str | int, why: str) -> None:
        """Note a value at `to`, below the app, for which no key of the input stands."""
        self.stack.ledger.decided((), "apps", self.app, *to, why=why)

    def missing(self, key: Location, what_to_do: str = "") -> None:
        """Note a value of the service that the stack file cannot say."""
        self.stack.ledger.missing(self.key(*key), what_to_do)

    def dangerous(self, key: Location, what_to_do: str = "") -> None:
        """Note a value of the service by which a container gets hold of its node."""
        self.stack.ledger.dangerous(self.key(*key), what_to_do)

    def comment(self, text: str, *to: str | int) -> None:
        """Write a comment beside a value of the app."""
        self.stack.draft.comments["apps", self.app, *to] = text
