"""What the parts of the mapper share: the draft, the ledger, and one app while it is drafted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.importing.draft import StackDraft
from infra.importing.findings import Ledger
from infra.importing.marathon.ports import ServedPort
from infra.settings.app.scaling import MOST_REPLICAS
from infra.settings.partly import Location
from infra.values import number

SANDBOX = "/mnt/mesos/sandbox"
"""Where Mesos mounts the folder of a task (MESOS_SANDBOX)."""


@dataclass(frozen=True, kw_only=True)
class Unit:
    """An app or a pod of Marathon that becomes an app of the stack."""

    identifier: str
    name: str
    at: Location
    """Where it stands: `("apps", "/shop/web")`."""
    value: Mapping[str, Any]
    main: Mapping[str, Any]
    """What describes its container: the app itself, or the pod's container that becomes the app's own."""
    main_at: Location
    ports: Sequence[ServedPort]

    @property
    def is_pod(self) -> bool:
        """Whether it is a pod."""
        return self.at[0] == "pods"

    @property
    def replicas(self) -> int:
        """How many instances the input wants."""
        given = number(self.value, "scaling", "instances") if self.is_pod else number(self.value, "instances")
        return 1 if given is None else int(min(max(given, 0), MOST_REPLICAS))

    @property
    def position(self) -> int:
        """The place of its container among those of the pod."""
        return int(self.main_at[-1]) if self.is_pod else 0


@dataclass(frozen=True, kw_only=True)
class Work:
    """Everything that is read, and what is made of it."""

    draft: StackDraft
    ledger: Ledger
    place: Callable[[Location], str]
    """Return file and line of a value."""
    units: Mapping[str, Unit]
    """By id."""
    hosts: dict[str, str] = field(default_factory=dict[str, str])
    """The names of apps by those under which others know them."""
    secret_values: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    """What the secret variables of each app hold, by app and variable: compared, and never written."""

    def app(self, unit: Unit) -> dict[str, Any]:
        """Return the draft of an app."""
        return self.draft.apps[unit.name]

    def take(self, at: Location, value: Mapping[str, Any], keys: Iterable[str], *to: str | int) -> None:
        """Note those of `keys` that a value has as the same at `to`."""
        for key in keys:
            if value.get(key) is not None:
                self.ledger.taken((*at, key), *to)
