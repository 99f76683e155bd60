"""An application: `web` (serves requests), `worker` (works by itself), `cron` (by a schedule) or `job` (runs once)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Tag, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from infra.settings.app.availability import AvailabilitySettings
from infra.settings.app.build_folder import Folder
from infra.settings.app.command import Arguments, Command
from infra.settings.app.container import HelperSettings, SidecarSettings
from infra.settings.app.environment import Environment, Files, configuration_errors
from infra.settings.app.health import HealthSettings
from infra.settings.app.image import Image
from infra.settings.app.metadata import OwnKey
from infra.settings.app.mounts import mount_errors
from infra.settings.app.peers import SELF, Flow, Peer
from infra.settings.app.permissions import Permissions, secrets_of_outputs
from infra.settings.app.placement import LabelValue, PlacementSettings
from infra.settings.app.ports import Port, Ports, ServedPort, find_port, port_errors, served_ports
from infra.settings.app.references import file_errors, left_as_written, reference_errors
from infra.settings.app.release import ReleaseSettings, Retries, awaited_run_errors
from infra.settings.app.resources import ResourceSettings
from infra.settings.app.rollout import MIN_READY_SECONDS, RolloutSettings
from infra.settings.app.scaling import MOST_REPLICAS, ScalingSettings
from infra.settings.app.schedule import Schedule, TimeZone
from infra.settings.app.secrets import PullSecret, Secret, SecretName
from infra.settings.app.security import SecuritySettings
from infra.settings.app.traffic import Traffic, TrafficSettings
from infra.settings.app.volumes import VolumeSettings
from infra.settings.app.writable import Writable
from infra.settings.model import FieldError, Location, Model, Rule, by_kind, path_text, repeated
from infra.settings.names import Name
from infra.settings.scalars import UNIQUE, Bytes, Seconds, WholeNumber, bytes_text, seconds_text

LONGEST_RUN_SECONDS = 7 * 86400
"""A week: a task that runs longer is a worker."""


def _containers(value: object) -> object:
    if value is True or value is False:
        raise ValueError(
            "is a word of Compose, and no containers; remove it: no process goes before the image's own, so an image "
            "that leaves children behind starts tini by itself, as its ENTRYPOINT"
        )
    return value


class _Application(Model):
    image: Image
    """Image of the app's container, with a tag or, best, a digest."""
    build: Folder | None = None
    """The folder with its Dockerfile, from the top of the repository; with `kind: eks` only, elsewhere it does nothing.
    The stack keeps the app's images, and the pipeline builds them, or copies them from the stack that
    `delivery.promotesFrom` names, and writes `image`."""
    command: Command = ()
    """Instead of the image's entry point."""
    args: Arguments = ()
    """Arguments of the command, or of the image's entry point."""
    env: Environment = {}
    """Environment variables: texts, or `{field: ...}` and `{resource: ...}` for facts about the pod. In a text,
    `$(NAME)` is the value of another variable of the container, secrets included, and `$$` a dollar sign."""
    files: Files = {}
    """Read-only files: the path in the container, and the content."""
    secrets: dict[SecretName, Secret] = {}
    """References of secrets, by name; each is the file `/run/secrets/<name>`. Never the secrets themselves."""
    permissions: Permissions = ()
    """What its pods may do on AWS; with `kind: eks` only, elsewhere it does nothing."""
    pull_secrets: Annotated[tuple[PullSecret, ...], UNIQUE] = ()
    """Credentials for private registries, for the images of all its containers: names of Secrets of type
    `kubernetes.io/dockerconfigjson` on an existing cluster, names in AWS Secrets Manager on EKS."""
    not_secret: tuple[str, ...] = ()
    """Places in this app that only look like a secret, as the refusal writes them: `env.TOKEN_ISSUER`, `args[2]`,
    `files["/etc/app.conf"].password`. A place where nothing looks like one is refused."""
    resources: ResourceSettings = ResourceSettings()
    """CPU and memory."""
    placement: PlacementSettings = PlacementSettings()
    """Which nodes it may run on."""
    security: SecuritySettings = SecuritySettings()
    """Who the containers are, and what they may do."""
    volumes: dict[Name, VolumeSettings] = {}
    """Folders that can be written to."""
    writable: Writable = {}
    """Paths of scratch space that dies with the pod, beside a read-only root: `[/tmp, /var/run/postgresql]` with 64Mi
    each, or with their sizes, `{/var/cache/nginx: 1Gi}`."""
    shm: Bytes | None = None
    """Size of `/dev/shm`, shared memory that counts into the memory limit of whoever fills it."""
    labels: dict[OwnKey, LabelValue] = {}
    """Labels of the pods and the Service, besides Nightowl's own."""
    annotations: dict[OwnKey, str] = {}
    """Annotations of the pods and the Service."""
    init: Annotated[dict[Name, HelperSettings], BeforeValidator(_containers)] = {}
    """Containers that run to their end, one after the other, before the app starts."""
    sidecars: dict[Name, SidecarSettings] = {}
    """Containers that run beside the app: started before it, stopped after it."""
    allow_to: tuple[Flow, ...] = ()
    """Whom it may call. Naming an app opens both sides of the flow."""
    depends_on: Annotated[tuple[str, ...], UNIQUE] = ()
    """Apps of this stack that an update brings up before this one, a `job` to its end. When the stack goes, they go
    after it."""

    @property
    def granted(self) -> Permissions:
        """What the role of its pods is given: `permissions`, and to read the secrets that own code has made."""
        return (*self.permissions, *secrets_of_outputs(secret.ref for secret in self.secrets.values()))

    @property
    def helpers(self) -> Iterator[tuple[str, str, HelperSettings]]:
        """The containers beside the app's own: the section that has each, its name, and its settings."""
        sections: dict[str, Mapping[str, HelperSettings]] = {"sidecars": self.sidecars, "init": self.init}
        return ((section, name, helper) for section, named in sections.items() for name, helper in named.items())

    @property
    def _has_certificates(self) -> bool:
        return any(secret.tls for secret in self.secrets.values())

    def _rules(self) -> Iterator[Rule]:
        yield lambda: configuration_errors(self.env, self.files)
        yield lambda: mount_errors(self.volumes, self.files, self.writable, has_certificates=self._has_certificates)
        yield self._shm_errors
        yield self._helper_name_errors
        yield self._helper_errors
        yield self._variable_errors
        yield self._reference_errors
        yield self._helper_reference_errors
        yield self._file_errors
        yield self._annotation_errors
        yield lambda: _repetition_errors("allowTo", self.allow_to)

    def _shm_errors(self) -> Iterator[FieldError]:
        if self.shm is not None and self.shm >= self.resources.most_memory:
            limit = bytes_text(self.resources.most_memory)
            message = f"{bytes_text(self.shm)} is not below the memory limit of {limit}, into which it counts; raise it"
            yield FieldError("shm", f"{message} (resources.memory or memoryLimit)")

    def _helper_name_errors(self) -> Iterator[FieldError]:
        for name in (name for name in self.sidecars if name in self.init):
            yield FieldError(("sidecars", name), "is the name of an init container too; choose another")

    def _helper_errors(self) -> Iterator[FieldError]:
        for section, name, helper in self.helpers:
            # The volumes were checked with the app's own files already.
            for error in mount_errors(
                self.volumes, helper.files, self.writable, has_certificates=self._has_certificates
            ):
                if error.location[0] == "files":
                    yield error.below(section, name)

    def _variable_errors(self) -> Iterator[FieldError]:
        owners: dict[str, str] = {}
        for name, secret in self.secrets.items():
            if secret.env is None:
                continue
            place = ("secrets", name, "env")
            if secret.env in owners:
                yield FieldError(place, f"{secret.env} is the variable of secret {owners[secret.env]} too")
            if secret.env in self.env:
                yield FieldError(place, f"{secret.env} is set in env too; remove one of them")
            owners.setdefault(secret.env, name)

    @property
    def _secret_variables(self) -> dict[str, str]:
        """The names of the secrets by the variables that hold them."""
        return {secret.env: name for name, secret in self.secrets.items() if secret.env is not None}

    def _file_errors(self) -> Iterator[FieldError]:
        secrets = self._secret_variables
        yield from file_errors(self.files, self.env.keys() | secrets.keys())
        for section, name, helper in self.helpers:
            for error in file_errors(helper.files, helper.env.keys() | secrets.keys()):
                yield error.below(section, name)

    def _annotation_errors(self) -> Iterator[FieldError]:
        for key, text in self.annotations.items():
            variable = left_as_written(text)
            if variable is not None:
                message = f"{variable} stays as it is written, as nobody expands a variable in an annotation"
                yield FieldError(("annotations", key), f"{message}; write the value")

    def _reference_errors(self) -> Iterator[FieldError]:
        return reference_errors(self.env, self._secret_variables)

    def _helper_reference_errors(self) -> Iterator[FieldError]:
        for section, name, helper in self.helpers:
            for error in reference_errors(helper.env, self._secret_variables):
                yield error.below(section, name)


class _LongRunning(_Application):
    health: HealthSettings = HealthSettings()
    """When a container is started, ready and alive."""
    scaling: ScalingSettings | None = None
    """Bounds and targets of the autoscaler; by default 3 to 10 replicas at 60% CPU, unless `replicas` is given."""
    replicas: Annotated[WholeNumber, Field(ge=0, le=MOST_REPLICAS)] | None = None
    """A fixed number instead of `scaling`; 0 switches the app off and keeps all else of it."""
    availability: AvailabilitySettings = AvailabilitySettings()
    """Spread over zones, disruption budget, eviction and priority."""
    rollout: RolloutSettings = RolloutSettings()
    """How a new version replaces the old one."""
    release: ReleaseSettings | None = None
    """What runs once, to its end, before each rollout that changes image, command, configuration or secrets; of an app
    with `replicas: 0`, when it is on again."""
    ports: Ports = {}
    """Ports that the container serves, by name; of a web app, those besides `port`. Each is a port of its Service."""
    allow_from: tuple[Flow, ...] = ()
    """Who may call it, besides the load balancer where it has `traffic`."""

    @property
    def served(self) -> tuple[ServedPort, ...]:
        """All ports that the app serves, its own first."""
        return served_ports(None, None, self.ports)

    @property
    def autoscaling(self) -> ScalingSettings | None:
        """The bounds of the autoscaler, or None where the number of replicas is fixed."""
        return None if self.replicas is not None else self.scaling or ScalingSettings()

    @property
    def served_port(self) -> int | None:
        """The TCP port by which the app is asked how it is, where nothing else is said; None where it serves none."""
        return next((port.number for port in self.served if port.protocol == "TCP"), None)

    @property
    def release_job(self) -> JobSettings | None:
        """What runs before a rollout, as a job of its own: the app's pod with another command.

        It has no volume that only one node may hold, as the version before holds it, and no init containers, which
        prepare a replica.
        """
        if self.release is None:
            return None
        release = self.release
        own: dict[str, Any] = {name: getattr(self, name) for name in _Application.model_fields}
        changed: dict[str, Any] = {
            "kind": "job",
            "command": release.command,
            "args": release.args,
            "env": self.env | release.env,
            "resources": release.resources or self.resources,
            "volumes": {name: volume for name, volume in self.volumes.items() if not volume.has_one_writer},
            "init": {},
            "not_secret": _of_release(self.not_secret),
            "timeout": release.timeout,
            "retries": release.retries,
        }
        return JobSettings.model_construct(None, **own | changed)

    @property
    def longest_start_seconds(self) -> int:
        """The longest that a pod may take to start, by its startup probes, in seconds; 0 where nothing is asked."""
        # Native sidecars start one after the other, before the app.
        sidecars = sum(sidecar.health.longest_start_seconds(port=None) for sidecar in self.sidecars.values())
        return sidecars + self.health.longest_start_seconds(port=self.served_port)

    @property
    def deadline_seconds(self) -> int:
        """How long an update may make no progress before it has failed, in seconds."""
        return self.rollout.deadline_for(self.longest_start_seconds + self._longest_stop_seconds)

    @property
    def is_sent_requests_while_it_stops(self) -> bool:
        """Whether a pod that stops must serve on for a while, until all who call the app know another one."""
        return bool(self.served) and not self.is_replaced

    @property
    def _longest_stop_seconds(self) -> int:
        """How long a new pod may have to wait for the old one, in seconds; the platform's drain aside."""
        return (self.rollout.drain or 0) + self.rollout.finish_within if self.is_replaced else 0

    @property
    def has_one_writer(self) -> bool:
        """Whether the old pod must be gone before the new one starts, as only one node can have its volume."""
        return any(volume.has_one_writer for volume in self.volumes.values())

    @property
    def is_replaced(self) -> bool:
        """Whether the old pod must be gone before the new one starts."""
        return self.has_one_writer or self.rollout.strategy == "replace"

    def _rules(self) -> Iterator[Rule]:
        yield from super()._rules()
        yield self._replica_errors
        yield self._strategy_errors
        yield self._writer_errors
        yield self._surge_errors
        yield self._port_errors
        yield lambda: _allow_from_errors(self.allow_from, self.served)
        yield self._health_errors
        yield self._start_errors
        yield self._stop_errors
        yield self._release_memory_errors
        yield self._release_variable_errors
        yield self._release_reference_errors

    def _replica_errors(self) -> Iterator[FieldError]:
        if self.scaling is not None and self.replicas is not None:
            message = f"{self.replicas} would fight the autoscaler; give either replicas or scaling"
            yield FieldError("replicas", message)

    def _strategy_errors(self) -> Iterator[FieldError]:
        if self.rollout.strategy == "replace" and self.replicas not in {0, 1}:
            message = "replace is for an app of which only one pod may run: give it replicas: 1, and no scaling"
            yield FieldError("rollout.strategy", message)

    def _health_errors(self) -> Iterator[FieldError]:
        for error in self.health.errors(port=self.served_port):
            yield error.below("health")

    def _release_memory_errors(self) -> Iterator[FieldError]:
        given = None if self.release is None else self.release.resources
        if self.shm is not None and given is not None and self.shm >= given.most_memory:
            limit = bytes_text(given.most_memory)
            message = f"{limit} is not above the {bytes_text(self.shm)} of shm, which counts into it; raise it"
            yield FieldError("release.resources.memory", message)

    def _release_variable_errors(self) -> Iterator[FieldError]:
        own = {} if self.release is None else self.release.env
        variables = self._secret_variables
        for name in own.keys() & variables.keys():
            message = f"{name} is the variable of secret {variables[name]}; remove one of them"
            yield FieldError(("release", "env", name), message)

    def _release_reference_errors(self) -> Iterator[FieldError]:
        own = {} if self.release is None else self.release.env
        for error in reference_errors(self.env | own, self._secret_variables):
            # What is wrong in the app's own variables was found there.
            if error.location[1] in own:
                yield error.below("release")

    def _writer_errors(self) -> Iterator[FieldError]:
        for name, volume in self.volumes.items():
            if volume.has_one_writer and self.replicas not in {0, 1}:
                yield FieldError(
                    ("volumes", name, "kind" if volume.claim is None else "claim"),
                    "a persistent volume has one writer: give the app replicas: 1, or the volume shared: true "
                    "(and a storage class that can do it)",
                )

    def _surge_errors(self) -> Iterator[FieldError]:
        writers = [name for name, volume in self.volumes.items() if volume.has_one_writer]
        given = {"surge": True, "strategy": self.rollout.strategy == "rolling"}
        for key in (key for key in given if writers and given[key] and key in self.rollout.model_fields_set):
            message = f"does nothing beside volume {writers[0]}, which one pod has at a time"
            yield FieldError(f"rollout.{key}", f"{message}; remove it, or give the volume shared: true")

    def _port_errors(self) -> Iterator[FieldError]:
        return port_errors(None, None, self.ports)

    def _start_errors(self) -> Iterator[FieldError]:
        deadline, start = self.deadline_seconds, self.longest_start_seconds
        if not start or start + MIN_READY_SECONDS < deadline:
            return
        causes = " and ".join(self._keys_of_the_start)
        message = f"the longest start of {seconds_text(start)} ({causes}) and {MIN_READY_SECONDS}s to prove it"
        if self.rollout.deadline is not None:
            remedy = f"raise it, or lower {causes}"
            yield FieldError("rollout.deadline", f"{seconds_text(deadline)} is not above {message}; {remedy}")
        else:
            message = f"{message} are not below {seconds_text(deadline)}, for which the longest rollout waits; lower it"
            yield FieldError(self._keys_of_the_start[0], message)

    @property
    def _keys_of_the_start(self) -> list[str]:
        """The keys, below the app, that say how long a start may take, the app's own first."""
        sidecars = {f"sidecars.{name}": (sidecar.health, None) for name, sidecar in self.sidecars.items()}
        asked = {"": (self.health, self.served_port), **sidecars}
        return [
            f"{place}.{health.key_of_the_start}".lstrip(".")
            for place, (health, port) in asked.items()
            if health.longest_start_seconds(port=port)
        ]

    def _stop_errors(self) -> Iterator[FieldError]:
        deadline, stop = self.deadline_seconds, self._longest_stop_seconds
        if stop < deadline:
            return
        wait = f"the {seconds_text(stop)} for which the new pod may wait for the old one (drain and finishWithin)"
        if self.rollout.deadline is not None:
            message = f"{seconds_text(deadline)} is not above {wait}; raise it, or lower them"
            yield FieldError("rollout.deadline", message)
        else:
            message = f"{wait} are not below {seconds_text(deadline)}, for which the longest rollout waits; lower them"
            yield FieldError("rollout.finishWithin", message)


class ServingSettings(_LongRunning):
    """An app with a port of its own, which may have an address outside of the cluster."""

    port: Port | None = None
    """The TCP port that the container serves, and its Service too."""
    service_port: Port | None = None
    """The port of the Service, where it is not the container's: `port: 8080, servicePort: 80`."""
    traffic: Traffic | None = None
    """Its public address, or a list of several, each for another port; without one it is reachable inside the cluster
    only."""

    @property
    def served(self) -> tuple[ServedPort, ...]:
        """All ports that the app serves, its own first."""
        return served_ports(self.port, self.service_port, self.ports)

    @property
    def is_sent_requests_while_it_stops(self) -> bool:
        """Whether a pod that stops serves on; a load balancer sends for a while to one that has no successor too."""
        return self.traffic is not None or super().is_sent_requests_while_it_stops

    @property
    def addresses(self) -> Mapping[Location, TrafficSettings]:
        """Its public addresses, each with its place below the app."""
        if isinstance(self.traffic, tuple):
            return {("traffic", index): traffic for index, traffic in enumerate(self.traffic)}
        return {} if self.traffic is None else {("traffic",): self.traffic}

    def traffic_port(self, traffic: TrafficSettings) -> ServedPort | None:
        """Return the port that an address leads to: the one that it names, else the first of its protocol."""
        if traffic.port is None:
            return next((port for port in self.served if port.protocol == traffic.transport), None)
        named = find_port(traffic.port, self.served)
        return named if named is not None and named.protocol == traffic.transport else None

    def _rules(self) -> Iterator[Rule]:
        yield from super()._rules()
        yield self._traffic_port_errors

    def _port_errors(self) -> Iterator[FieldError]:
        return port_errors(self.port, self.service_port, self.ports)

    def _traffic_port_errors(self) -> Iterator[FieldError]:
        owners: dict[ServedPort, Location] = {}
        for place, traffic in self.addresses.items():
            port = self.traffic_port(traffic)
            if port is None:
                yield self._missing_port(traffic).below(*place)
            elif port in owners:
                message = f"leads to {port} too; write all hosts and paths of a port in one address"
                yield FieldError((*place, "port"), f"{path_text(owners[port])} {message}")
            else:
                owners[port] = place

    def _missing_port(self, traffic: TrafficSettings) -> FieldError:
        wanted, ports = traffic.transport, ", ".join(map(str, self.served)) or "none"
        if traffic.port is None:
            return FieldError("protocol", f"{traffic.protocol} needs a {wanted} port, and the app has {ports}")
        return FieldError("port", f"{traffic.port} is no {wanted} port of this app, which has {ports}")


class WebSettings(ServingSettings):
    """An app that serves requests. Image and port are all that it needs."""

    kind: Literal["web"] = "web"
    """The kind of app; `web` is the default."""
    port: Annotated[Port | None, Field(validate_default=True)] = None
    """The TCP port that the container serves, and its Service too. Needed unless `ports` has some."""

    @property
    def is_sent_requests_while_it_stops(self) -> bool:
        """True, whoever takes over: an app of 0.1.0 has its pods as they were."""
        return True

    @field_validator("port")
    @classmethod
    def _serves_a_port(cls, port: int | None, info: ValidationInfo) -> int | None:
        # Not among `_errors`, which are asked only once every key has a value that can be read.
        if port is None and not info.data.get("ports", True):
            raise PydanticCustomError("missing", "is required")
        return port


class WorkerSettings(_LongRunning):
    """An app that works by itself. Ports are for those who ask it something, such as for its metrics."""

    kind: Literal["worker"]
    """The kind of app."""

    def _rules(self) -> Iterator[Rule]:
        yield from super()._rules()
        yield self._probe_port_errors

    def _probe_port_errors(self) -> Iterator[FieldError]:
        if self.served_port is None:
            for key in self.health.without_port():
                yield FieldError(f"health.{key}", "is required: a worker has no port of its own")


class StatefulSettings(ServingSettings):
    """An app whose replicas know each other, with names that stay and, for each, data of its own."""

    kind: Literal["stateful"]
    """The kind of app."""
    start: Literal["ordered", "parallel"] = "ordered"
    """`ordered` starts a replica when the one before it is ready, `parallel` all at once. Rollouts go one by one, the
    last replica first, in any case."""
    partition: Annotated[WholeNumber, Field(ge=0, le=MOST_REPLICAS)] = 0
    """A rollout leaves replicas with a lower number as they are: with 3 replicas, `2` tries a version on one."""

    @property
    def replica_count(self) -> int:
        """The number of replicas; 1 where none is given."""
        return 1 if self.replicas is None else self.replicas

    @property
    def autoscaling(self) -> ScalingSettings | None:
        """None: members are added by somebody who knows what a new one needs."""
        return None

    @property
    def has_one_writer(self) -> bool:
        """Whether all replicas are on one volume that only one node can have."""
        return any(volume.has_one_writer and not volume.makes_claim for volume in self.volumes.values())

    def _rules(self) -> Iterator[Rule]:
        yield from super()._rules()
        yield self._scaling_errors
        yield self._no_release_errors
        yield self._partition_errors
        yield self._probe_port_errors
        yield self._claim_errors

    def _scaling_errors(self) -> Iterator[FieldError]:
        if self.scaling is not None:
            yield FieldError("scaling", "does not go with kind: stateful, whose members are counted; write replicas")

    def _no_release_errors(self) -> Iterator[FieldError]:
        if self.release is not None:
            yield FieldError("release", "does not go with kind: stateful; write a job, and name it in dependsOn here")

    def _surge_errors(self) -> Iterator[FieldError]:
        if "surge" in self.rollout.model_fields_set:
            yield FieldError("rollout.surge", "does not go with kind: stateful, whose replicas are replaced one by one")

    def _partition_errors(self) -> Iterator[FieldError]:
        if self.partition > self.replica_count:
            yield FieldError("partition", f"{self.partition} is above the {self.replica_count} replicas")

    def _probe_port_errors(self) -> Iterator[FieldError]:
        if self.served_port is None:
            for key in self.health.without_port():
                yield FieldError(f"health.{key}", "is required: the app has no port of its own")

    def _claim_errors(self) -> Iterator[FieldError]:
        own = {name: volume for name, volume in self.volumes.items() if volume.makes_claim}
        for name, volume in own.items():
            if volume.shared:
                yield FieldError(("volumes", name, "shared"), "each replica has a volume of its own; remove it")
            if volume.was is not None:
                yield FieldError(
                    ("volumes", name, "was"), "the claims of a stateful app have its name for good; keep both names"
                )
            if volume.keep != next(iter(own.values())).keep:
                yield FieldError(("volumes", name, "keep"), "is one for all volumes of a stateful app")

    def _writer_errors(self) -> Iterator[FieldError]:
        if self.replica_count > 1:
            yield from (one for one in super()._writer_errors() if not self.volumes[str(one.location[1])].makes_claim)


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
    retries: Retries = 2
    """How often a failed run is tried again."""
    overlap: Literal["forbid", "allow", "replace"] = "forbid"
    """What happens when a run is due while the last one still runs."""

    def _rules(self) -> Iterator[Rule]:
        yield from super()._rules()
        yield self._timeout_errors
        yield self._overlap_errors

    def _timeout_errors(self) -> Iterator[FieldError]:
        if not 1 <= self.timeout <= LONGEST_RUN_SECONDS:
            yield FieldError("timeout", f"{seconds_text(self.timeout)} is not between 1s and 7d")

    def _overlap_errors(self) -> Iterator[FieldError]:
        if self.overlap == "allow" and any(volume.has_one_writer for volume in self.volumes.values()):
            yield FieldError("overlap", "allow would give a persistent volume two writers; use forbid or replace")


class JobSettings(_Application):
    """A task that runs once, and again when it changes. An update waits for its end."""

    kind: Literal["job"]
    """The kind of app."""
    timeout: Seconds = 600
    """The longest run, all tries together; then it is stopped and has failed."""
    retries: Retries = 2
    """How often a failed try is repeated, after 10s, 20s, 40s and so on."""

    def _rules(self) -> Iterator[Rule]:
        yield from super()._rules()
        yield lambda: awaited_run_errors(self.timeout)


def _of_release(not_secret: tuple[str, ...]) -> tuple[str, ...]:
    """List the entries of `notSecret` that are about a release, as a job of its own would have them."""
    prefix = "release."
    shared = (entry for entry in not_secret if entry.startswith(("env", "files", "sidecars")))
    return (*shared, *(entry.removeprefix(prefix) for entry in not_secret if entry.startswith(prefix)))


def _allow_from_errors(peers: tuple[Peer, ...], served: Sequence[ServedPort]) -> Iterator[FieldError]:
    yield from _repetition_errors("allowFrom", peers)
    for index, peer in enumerate(peers):
        if not served and peer.app != SELF:
            yield FieldError(("allowFrom", index), "opens nothing: name the ports that the app serves under 'ports'")
        for place, reference in enumerate(peer.ports if served else ()):
            if find_port(reference, served) is None:
                message = f"{reference} is no port of this app, which has {', '.join(map(str, served))}"
                yield FieldError(("allowFrom", index, "ports", place), message)


def _repetition_errors(key: str, peers: tuple[Peer, ...]) -> Iterator[FieldError]:
    return (FieldError((key, index), "is listed twice; remove one") for index in repeated(peers))


Application = Annotated[
    Annotated[WebSettings, Tag("<web>")]
    | Annotated[WorkerSettings, Tag("<worker>")]
    | Annotated[StatefulSettings, Tag("<stateful>")]
    | Annotated[CronSettings, Tag("<cron>")]
    | Annotated[JobSettings, Tag("<job>")],
    by_kind("web"),
]

LongRunning = WebSettings | WorkerSettings | StatefulSettings
"""An app whose replicas run until they are replaced."""
Task = CronSettings | JobSettings
"""An app whose pods run to their end."""


def traffic_of(app: Application) -> Sequence[TrafficSettings]:
    """Return the addresses of an app outside of the cluster."""
    return list(app.addresses.values()) if isinstance(app, ServingSettings) else []


def builds_of(apps: Mapping[str, Application]) -> dict[str, str]:
    """Return the folders that images are built from, by app."""
    return {name: app.build for name, app in apps.items() if app.build is not None}
