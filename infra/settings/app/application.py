"""An application: `web` (serves a port), `worker` (serves none) or `cron` (runs on a schedule)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, cast

from pydantic import Discriminator, Field, Tag, model_validator

from infra.settings.app.availability import AvailabilitySettings
from infra.settings.app.container import HelperSettings, SidecarSettings
from infra.settings.app.environment import Environment, Files, configuration_errors
from infra.settings.app.health import HealthSettings, Port
from infra.settings.app.image import Image
from infra.settings.app.mounts import mount_errors
from infra.settings.app.placement import PlacementSettings
from infra.settings.app.resources import ResourceSettings
from infra.settings.app.rollout import MIN_READY_SECONDS, RolloutSettings
from infra.settings.app.scaling import MOST_REPLICAS, ScalingSettings
from infra.settings.app.schedule import Schedule, TimeZone
from infra.settings.app.secrets import Secret
from infra.settings.app.security import SecuritySettings
from infra.settings.app.traffic import Flow, Peer, TrafficSettings
from infra.settings.app.volumes import VolumeSettings
from infra.settings.model import FieldError, Model, raise_any
from infra.settings.names import Name
from infra.settings.scalars import Seconds, WholeNumber, seconds_text

LONGEST_RUN_SECONDS = 7 * 86400
"""A week: a task that runs longer is a worker."""


class _Application(Model):
    image: Image
    """Image of the app's container, with a tag or, best, a digest."""
    command: tuple[str, ...] = ()
    """Instead of the image's entry point."""
    args: tuple[str, ...] = ()
    """Arguments of the command, or of the image's entry point."""
    env: Environment = {}
    """Environment variables: texts, or `{field: ...}` and `{resource: ...}` for facts about the pod."""
    files: Files = {}
    """Read-only files: the path in the container, and the content."""
    secrets: dict[Name, Secret] = {}
    """References of secrets, by name; each is the file `/run/secrets/<name>`. Never the secrets themselves."""
    not_secret: tuple[str, ...] = ()
    """Places in this app that only look like a secret, as the refusal writes them: `env.TOKEN_ISSUER`, `args[2]`,
    `files["/etc/app.conf"].password`. A place where nothing looks like one is refused."""
    resources: ResourceSettings = ResourceSettings()
    """CPU and memory."""
    placement: PlacementSettings = PlacementSettings()
    """Which nodes it may run on."""
    security: SecuritySettings = SecuritySettings()
    """The pod's identity."""
    volumes: dict[Name, VolumeSettings] = {}
    """Folders that can be written to."""
    init: dict[Name, HelperSettings] = {}
    """Containers that run to their end, one after the other, before the app starts."""
    sidecars: dict[Name, SidecarSettings] = {}
    """Containers that run beside the app: started before it, stopped after it."""
    allow_to: tuple[Flow, ...] = ()
    """Whom it may call. Naming an app opens both sides of the flow."""

    @model_validator(mode="after")
    def _containers_fit_together(self) -> Self:
        raise_any(
            [
                *configuration_errors(self.env, self.files),
                *mount_errors(self.volumes, self.files),
                *self._helper_errors(),
                *self._variable_errors(),
                *_flow_list_errors("allowTo", self.allow_to),
            ]
        )
        return self

    def _helper_errors(self) -> list[FieldError]:
        helpers: dict[str, Mapping[str, HelperSettings]] = {"init": self.init, "sidecars": self.sidecars}
        errors = [
            FieldError(("sidecars", name), "is the name of an init container too; choose another")
            for name in self.sidecars
            if name in self.init
        ]
        for section, containers in helpers.items():
            for name, helper in containers.items():
                found = mount_errors(self.volumes, helper.files)
                # The volumes were judged with the app's own files already.
                of_files = [error for error in found if error.location[0] == "files"]
                errors += [FieldError((section, name, *error.location), error.message) for error in of_files]
        return errors

    def _variable_errors(self) -> list[FieldError]:
        errors: list[FieldError] = []
        owners: dict[str, str] = {}
        for name, secret in self.secrets.items():
            if secret.env is None:
                continue
            place = ("secrets", name, "env")
            if secret.env in owners:
                errors.append(FieldError(place, f"{secret.env} is the variable of secret {owners[secret.env]} too"))
            if secret.env in self.env:
                errors.append(FieldError(place, f"{secret.env} is set in env too; remove one of them"))
            owners.setdefault(secret.env, name)
        return errors


class _LongRunning(_Application):
    health: HealthSettings = HealthSettings()
    """When a container is started, ready and alive."""
    scaling: ScalingSettings | None = None
    """Bounds and targets of the autoscaler; by default 3 to 10 replicas at 60% CPU, unless `replicas` is given."""
    replicas: Annotated[WholeNumber, Field(ge=1, le=MOST_REPLICAS)] | None = None
    """A fixed number instead of `scaling`."""
    availability: AvailabilitySettings = AvailabilitySettings()
    """Spread over zones, disruption budget, eviction and priority."""
    rollout: RolloutSettings = RolloutSettings()
    """How a new version replaces the old one."""

    @property
    def autoscaling(self) -> ScalingSettings | None:
        """The bounds of the autoscaler, or None where the number of replicas is fixed."""
        return None if self.replicas is not None else self.scaling or ScalingSettings()

    @property
    def served_port(self) -> int | None:
        """The port of the app's container, or None where it serves none."""
        return None

    @property
    def longest_start_seconds(self) -> int:
        """The longest that a pod may take to start, by its startup probes, in seconds; 0 where nothing is asked."""
        # Native sidecars start one after the other, before the app.
        sidecars = sum(sidecar.health.longest_start_seconds(port=None) for sidecar in self.sidecars.values())
        return sidecars + self.health.longest_start_seconds(port=self.served_port)

    @property
    def has_one_writer(self) -> bool:
        """Whether the old pod must be gone before the new one starts, as only one node can have its volume."""
        return any(volume.has_one_writer for volume in self.volumes.values())

    @model_validator(mode="after")
    def _replicas_fit(self) -> Self:
        raise_any([*self._replica_errors(), *self._writer_errors(), *self._health_errors(), *self._start_errors()])
        return self

    def _health_errors(self) -> list[FieldError]:
        found = self.health.errors(port=self.served_port)
        return [FieldError(("health", *error.location), error.message) for error in found]

    def _replica_errors(self) -> list[FieldError]:
        if self.scaling is None or self.replicas is None:
            return []
        return [FieldError("replicas", f"{self.replicas} would fight the autoscaler; give either replicas or scaling")]

    def _writer_errors(self) -> list[FieldError]:
        if self.replicas == 1:
            return []
        return [
            FieldError(
                ("volumes", name, "kind"),
                "a persistent volume has one writer: give the app replicas: 1, or the volume shared: true "
                "(and a storage class that can do it)",
            )
            for name, volume in self.volumes.items()
            if volume.has_one_writer
        ]

    def _start_errors(self) -> list[FieldError]:
        deadline, start = self.rollout.deadline, self.longest_start_seconds
        stop = (self.rollout.drain or 0) + self.rollout.finish_within
        errors: list[FieldError] = []
        if start and start + MIN_READY_SECONDS >= deadline:
            errors.append(
                FieldError(
                    "rollout.deadline",
                    f"{seconds_text(deadline)} is not above the longest start of {seconds_text(start)} "
                    f"(health.startWithin, or period times failures of startup) and {MIN_READY_SECONDS}s to prove it; "
                    "raise it, or lower them",
                )
            )
        if self.has_one_writer and stop >= deadline:
            errors.append(
                FieldError(
                    "rollout.deadline",
                    f"{seconds_text(deadline)} is not above the {seconds_text(stop)} for which the old pod may hold "
                    "the volume (drain and finishWithin); raise it, or lower them",
                )
            )
        return errors


class WebSettings(_LongRunning):
    """An app that serves a port. Image and port are all that it needs."""

    kind: Literal["web"] = "web"
    """The kind of app; `web` is the default."""
    port: Port
    """The TCP port that the container serves, and its Service too."""
    traffic: TrafficSettings | None = None
    """Its public address; without one it is reachable inside the cluster only."""
    allow_from: tuple[Flow, ...] = ()
    """Who may call it, besides the load balancer where it has `traffic`."""

    @property
    def served_port(self) -> int:
        """The port of the app's container."""
        return self.port

    @model_validator(mode="after")
    def _callers_have_no_ports(self) -> Self:
        raise_any(
            [
                *_flow_list_errors("allowFrom", self.allow_from),
                *(
                    FieldError(
                        ("allowFrom", index, "ports"), "goes with allowTo only; callers reach the app's own port"
                    )
                    for index, peer in enumerate(self.allow_from)
                    if peer.ports
                ),
            ]
        )
        return self


class WorkerSettings(_LongRunning):
    """An app that serves no port."""

    kind: Literal["worker"]
    """The kind of app."""

    @model_validator(mode="after")
    def _has_no_port(self) -> Self:
        raise_any(
            FieldError(f"health.{key}.port", "is required: a worker has no port of its own")
            for key in self.health.without_port()
        )
        return self


class CronSettings(_Application):
    """A task that runs on a schedule."""

    kind: Literal["cron"]
    """The kind of app."""
    schedule: Schedule
    """Five cron fields (minute, hour, day, month, weekday), or `@hourly`, `@daily` and so on."""
    time_zone: TimeZone = "Etc/UTC"
    """The time zone of the schedule, by its IANA name."""
    timeout: Seconds = 600
    """The longest run; then it is stopped and counts as failed."""
    retries: Annotated[WholeNumber, Field(ge=0, le=20)] = 2
    """How often a failed run is tried again."""
    overlap: Literal["forbid", "allow", "replace"] = "forbid"
    """What happens when a run is due while the last one still runs."""

    @model_validator(mode="after")
    def _runs_fit(self) -> Self:
        errors: list[FieldError] = []
        if not 1 <= self.timeout <= LONGEST_RUN_SECONDS:
            errors.append(FieldError("timeout", f"{seconds_text(self.timeout)} is not between 1s and 7d"))
        if self.overlap == "allow" and any(volume.has_one_writer for volume in self.volumes.values()):
            errors.append(
                FieldError("overlap", "allow would give a persistent volume two writers; use forbid or replace")
            )
        raise_any(errors)
        return self


def _flow_list_errors(key: str, peers: tuple[Peer, ...]) -> list[FieldError]:
    return [
        FieldError((key, index), "is listed twice; remove one")
        for index, peer in enumerate(peers)
        if peer in peers[:index]
    ]


def _kind(value: Any) -> str:
    """Choose the model by `kind`; what is no mapping is judged as `web`, whose message says so."""
    if isinstance(value, Mapping):
        kind = cast(Mapping[str, object], value).get("kind", "web")
        return "<>" if kind is None else f"<{kind}>"
    return f"<{getattr(value, 'kind', 'web')}>"


Application = Annotated[
    Annotated[WebSettings, Tag("<web>")]
    | Annotated[WorkerSettings, Tag("<worker>")]
    | Annotated[CronSettings, Tag("<cron>")],
    Discriminator(_kind),
]
