"""One app while it is drafted from a workload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.importing.kubernetes.parts import Object, Part
from infra.importing.kubernetes.world import Workload, World
from infra.settings.partly import Location


@dataclass(kw_only=True)
class App:
    """The keys of an app, and what they are drafted from."""

    world: World
    workload: Workload
    said: dict[str, Any] = field(default_factory=dict[str, Any])
    moved: dict[str, str] = field(default_factory=dict[str, str])
    """Paths of files that are elsewhere here."""
    plain_secrets: dict[str, str] = field(default_factory=dict[str, str])
    """Variables that are secrets in plain text, which are compared and never written."""

    @property
    def name(self) -> str:
        """Its name in the stack file."""
        return self.workload.app

    @property
    def place(self) -> Location:
        """Where it stands in the stack file."""
        return ("apps", self.name)

    def section(self, *steps: str) -> dict[str, Any]:
        """Return a mapping below it, which is made where it is not there."""
        found = self.said
        for step in steps:
            found = found.setdefault(step, {})
        return found

    def put(self, part: Part, value: Any, *to: str, why: str = "") -> None:
        """Set a value, and note the key that it comes from: taken over, or decided where there is a reason."""
        self.section(*to[:-1])[to[-1]] = value
        self.took(part, *to, why=why)

    def took(self, part: Part, *to: str | int, why: str = "") -> None:
        """Note a key that is in the app already."""
        if not part.given:
            return
        if why:
            self.world.ledger.decided(part.place, *self.place, *to, why=why)
        else:
            self.world.ledger.taken(part.place, *self.place, *to)

    def missing(self, part: Part, what_to_do: str = "") -> None:
        """Note a key that the stack file cannot say."""
        if part.given:
            self.world.ledger.missing(part.place, what_to_do)

    def dangerous(self, part: Part, what_to_do: str = "") -> None:
        """Note a key by which a container gets hold of its node."""
        if part.given:
            self.world.ledger.dangerous(part.place, what_to_do)

    def text(self, text: str, *, is_host: bool = False) -> str:
        """Return a text with the names and the paths as they are here."""
        for old, new in self.moved.items():
            text = text.replace(old, new)
        return self.world.renamed(text, is_host=is_host)

    def find(self, kind: str, name: str) -> Object | None:
        """Return an object that its pods name, which lies in their namespace."""
        return self.world.find(kind, name, self.workload.object.namespace)

    def config_map(self, name: str) -> tuple[Object | None, Mapping[str, Part]]:
        """Return a ConfigMap of the input with its texts, and note that it is used."""
        found = self.find("ConfigMap", name)
        if found is None:
            return None, {}
        self.world.used.add(found.part.place)
        return found, dict(found.part["data"].entries())

    def secret_keys(self, name: str) -> list[str]:
        """List the keys of a Secret of the input; its values are read by nobody."""
        found = self.find("Secret", name)
        if found is None:
            return []
        return [key for section in ("data", "stringData") for key, _ in found.part[section].entries()]
