"""One application, whatever it needs from Kubernetes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_kubernetes as k8s

from infra.apps.availability import disruption_budget_spec
from infra.apps.config import Configuration
from infra.apps.cron import GRACE_SECONDS, cron_job_spec, run_to_the_end
from infra.apps.deployment import deployment_annotations, deployment_spec, ignored_changes
from infra.apps.job import JOB_ANNOTATIONS, job_name, job_spec, job_timeouts, release_name
from infra.apps.labels import app_meta, release_of
from infra.apps.network import Neighbours, network_policy_spec, release_policy_spec
from infra.apps.not_secret import words
from infra.apps.pod import Running, configurations, pod_template
from infra.apps.replicas import replicas_running
from infra.apps.rollout import ENGINE_MARGIN_SECONDS, Timing, timing
from infra.apps.scaling import autoscaler_spec
from infra.apps.security import security_annotations
from infra.apps.service import SERVICE_ANNOTATIONS, service_spec
from infra.apps.stateful import ONCE, peers_of, peers_spec, stateful_set_annotations, stateful_set_spec
from infra.apps.volumes import Claim, Storage, storage
from infra.platforms.kept_data import data_annotation
from infra.platforms.platform import Platform, Route, SecretDelivery
from infra.secret_texts.acknowledged import annotation_of
from infra.settings.app.addresses import addresses_of
from infra.settings.app.application import (
    Application,
    CronSettings,
    JobSettings,
    LongRunning,
    StatefulSettings,
    Task,
)
from infra.settings.app.scaling import ScalingSettings
from infra.settings.app.volumes import VolumeSettings

APP_TYPE = "nightowl:apps:App"


@dataclass(frozen=True, kw_only=True)
class AppArgs:
    """The description of an app, and where it runs."""

    settings: Application
    platform: Platform
    namespace: pulumi.Input[str]
    neighbours: Neighbours
    """The apps that it may call, and that may call it."""
    claims: Mapping[str, str]
    """Claim by persistent volume."""
    former_owners: Sequence[str] = ()
    """Apps that the stack has no longer, and whose data, which one pod has at a time, this app takes over."""
    network_policies: bool = True
    """Whether the network denies what the app does not allow."""
    done_jobs: Collection[str] = ()
    """Names of the Jobs that came to their end in an earlier run."""
    priority_class: str | None = None
    wait_for: Sequence[pulumi.Resource] = ()
    """What must exist before its first pod is made, such as the rules of the namespace."""
    depends_on: Sequence[pulumi.Resource] = ()
    """What must be up before its pods are made, and goes after them: the apps that it depends on."""


@dataclass(frozen=True, kw_only=True)
class _Pods:
    configurations: Mapping[str, Configuration]
    storage: Storage
    secrets: SecretDelivery
    wait_for: Sequence[pulumi.Resource]


class App(pulumi.ComponentResource):
    """An app of any kind, with all that surrounds its pods.

    The pods are made last: their account, configuration, secrets, storage, network policy and route come before, so
    that no pod ever runs without one of them. The component's name is the app's, and that of its Kubernetes objects.
    """

    urls: list[pulumi.Output[str]]
    """Where the app answers from outside the cluster."""
    up: list[pulumi.Resource]
    """What stands when the app is up."""

    def __init__(self, name: str, args: AppArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(APP_TYPE, name, None, opts)
        self._app, self._args = name, args
        settings = args.settings

        account = self._service_account()
        policies = self._network_policies() if args.network_policies else []
        configuration = configurations(name, settings, args.platform.own_outputs)
        config_maps = self._config_maps(configuration.values())
        folders = self._storage(settings)
        claims = [self._claim(claim, one) for claim, one in folders.claims.items()]
        secrets = args.platform.deliver_secrets(name, settings, namespace=args.namespace, parent=self)
        service = None if isinstance(settings, Task) else self._service(settings)
        routes = self._routes(settings, service)
        self.urls = [route.url for route in routes if route.url is not None]

        before_pods = [
            account, *policies, *config_maps, *claims, *secrets.wait_for,
            *(made for route in routes for made in route.wait_for),
            *args.wait_for, *args.platform.wait_for, *args.depends_on,
        ]  # fmt: skip
        pods = _Pods(configurations=configuration, storage=folders, secrets=secrets, wait_for=before_pods)
        if isinstance(settings, CronSettings):
            self.up = [self._cron_job(settings, pods)]
        elif isinstance(settings, JobSettings):
            self.up = [self._job(job_name(name, settings), settings, pods, run_to_the_end())]
        else:
            released = self._release(settings, pods)
            self.up = [self._replicas(settings, replace(pods, wait_for=[*before_pods, *released]))]
            self.up += [] if service is None else [service]
            self._disruption_budget(settings)
            if settings.autoscaling is not None and not settings.autoscaling.external:
                self._autoscaler(settings.autoscaling)
        self.register_outputs({"url": self.url})

    @property
    def url(self) -> pulumi.Output[str] | None:
        """Where the app answers first, or None where nothing outside the cluster reaches it."""
        return next(iter(self.urls), None)

    def _storage(self, settings: Application) -> Storage:
        platform = self._args.platform
        return storage(
            settings,
            claims=self._args.claims,
            claim_class=platform.claim_class,
            bound_volume=platform.bound_volume,
        )

    def _service_account(self) -> k8s.core.v1.ServiceAccount:
        return k8s.core.v1.ServiceAccount(
            self._app, metadata=self._meta(), automount_service_account_token=False, opts=self._child()
        )

    def _network_policies(self) -> list[k8s.networking.v1.NetworkPolicy]:
        settings, neighbours, platform = self._args.settings, self._args.neighbours, self._args.platform
        reached = platform.destinations(settings.permissions)
        specs = {
            self._app: network_policy_spec(
                self._app,
                settings,
                neighbours=neighbours,
                load_balancer=platform.load_balancer,
                admissions=platform.admissions(addresses_of(self._app, settings)),
                destinations=reached,
            )
        }
        if not isinstance(settings, Task) and self._release_name(settings) is not None:
            specs[release_of(self._app)] = release_policy_spec(
                self._app, settings, neighbours=neighbours, destinations=reached
            )
        return [
            k8s.networking.v1.NetworkPolicy(name, metadata=self._meta(name), spec=spec, opts=self._child())
            for name, spec in specs.items()
        ]

    def _config_maps(self, configurations: Iterable[Configuration]) -> list[k8s.core.v1.ConfigMap]:
        return [
            k8s.core.v1.ConfigMap(
                # Under a name that stays, a release that failed would leave the old object waiting for its deletion,
                # and taking the release back would have to make an object that is still there.
                content.name,
                metadata=self._meta(content.name, annotations=annotation_of(content.not_secret)),
                immutable=True,
                data=content.data,
                opts=self._child(),
            )
            for configuration in configurations
            for content in configuration.config_maps
        ]

    def _claim(self, name: str, claim: Claim) -> k8s.core.v1.PersistentVolumeClaim:
        platform, volume = self._args.platform, claim.settings
        kept = volume.keep and platform.keeps_data
        return k8s.core.v1.PersistentVolumeClaim(
            name,
            # Many storage classes bind a claim only when its first pod comes: waiting for it before that never ends.
            metadata=self._meta(name, annotations={"pulumi.com/skipAwait": "true", **data_annotation(kept=kept)}),
            spec=claim.spec,
            opts=pulumi.ResourceOptions(
                parent=self,
                # On the way down whatever makes volumes must outlive the claims, or their disks stay behind. A quota
                # for them comes before them.
                depends_on=[*platform.wait_for, *self._args.wait_for],
                provider=platform.adopting_provider if kept else None,
                retain_on_delete=kept,
                protect=platform.protect and not kept,
                # The class is given once: another one would replace the claim, and the data with it.
                ignore_changes=["spec.storageClassName"],
                aliases=self._former_places(name, volume),
            ),
        )

    def _former_places(self, claim: str, volume: VolumeSettings) -> list[pulumi.Alias]:
        """Return where the state has the claim of a volume that was renamed, so that it moves instead of being made."""
        if volume.was is None:
            return []
        return [pulumi.Alias(name=claim, parent=_urn_of(volume.was.partition(".")[0]))]

    def _service(self, settings: LongRunning) -> k8s.core.v1.Service | None:
        if not settings.served:
            return None
        return k8s.core.v1.Service(
            self._app,
            metadata=self._meta(
                annotations={**settings.annotations, **SERVICE_ANNOTATIONS}, labels=dict(settings.labels)
            ),
            spec=service_spec(self._app, ports=settings.served),
            opts=self._child(),
        )

    def _routes(self, settings: Application, service: k8s.core.v1.Service | None) -> list[Route]:
        if service is None:
            return []
        platform = self._args.platform
        return [platform.route(address, service=service, parent=self) for address in addresses_of(self._app, settings)]

    def _replicas(self, settings: LongRunning, pods: _Pods) -> k8s.apps.v1.Deployment | k8s.apps.v1.StatefulSet:
        times = self._timing(settings)
        running = replicas_running(
            self._app,
            settings,
            times,
            priority_class=self._args.priority_class,
            has_zones=self._args.platform.has_zones,
        )
        template = self._template(settings, pods, running)
        opts = pulumi.ResourceOptions(
            parent=self,
            depends_on=pods.wait_for,
            custom_timeouts=pulumi.CustomTimeouts(
                create=f"{times.deploy_timeout_seconds}s",
                update=f"{times.deploy_timeout_seconds}s",
                delete=f"{times.delete_timeout_seconds}s",
            ),
        )
        if isinstance(settings, StatefulSettings):
            return self._stateful_set(settings, template, pods.storage.templates, opts)
        return self._deployment(settings, template, opts)

    def _deployment(
        self, settings: LongRunning, template: k8s.core.v1.PodTemplateSpecArgs, opts: pulumi.ResourceOptions
    ) -> k8s.apps.v1.Deployment:
        return k8s.apps.v1.Deployment(
            self._app,
            metadata=self._meta(annotations=deployment_annotations(settings) | self._decisions(settings)),
            spec=deployment_spec(self._app, settings, template),
            opts=pulumi.ResourceOptions.merge(
                opts,
                pulumi.ResourceOptions(
                    ignore_changes=ignored_changes(settings),
                    # The pods of the app that had the data before must be gone first, and not when all else is up.
                    aliases=[pulumi.Alias(name=app, parent=_urn_of(app)) for app in self._args.former_owners],
                    delete_before_replace=True if self._args.former_owners else None,
                ),
            ),
        )

    def _stateful_set(
        self,
        settings: StatefulSettings,
        template: k8s.core.v1.PodTemplateSpecArgs,
        claims: Mapping[str, Claim],
        opts: pulumi.ResourceOptions,
    ) -> k8s.apps.v1.StatefulSet:
        peers = k8s.core.v1.Service(
            peers_of(self._app),
            metadata=self._meta(peers_of(self._app), annotations=SERVICE_ANNOTATIONS),
            spec=peers_spec(self._app, ports=settings.served),
            opts=self._child(),
        )
        platform = self._args.platform
        kept = platform.keeps_data and all(claim.settings.keep for claim in claims.values())
        return k8s.apps.v1.StatefulSet(
            self._app,
            metadata=self._meta(annotations=stateful_set_annotations(settings) | self._decisions(settings)),
            spec=stateful_set_spec(self._app, settings, template, claims=claims, kept=kept),
            opts=pulumi.ResourceOptions.merge(
                opts,
                pulumi.ResourceOptions(
                    depends_on=[peers],
                    ignore_changes=list(ONCE),
                    protect=platform.protect and bool(claims) and not kept,
                ),
            ),
        )

    def _timing(self, settings: LongRunning) -> Timing:
        platform = self._args.platform
        return timing(
            settings,
            platform_drain_seconds=platform.drain_seconds(settings) if settings.is_sent_requests_while_it_stops else 0,
            platform_registration_seconds=platform.registration_seconds(settings),
        )

    def _disruption_budget(self, settings: LongRunning) -> k8s.policy.v1.PodDisruptionBudget:
        spec = disruption_budget_spec(self._app, settings.availability)
        return k8s.policy.v1.PodDisruptionBudget(self._app, metadata=self._meta(), spec=spec, opts=self._child())

    def _autoscaler(self, settings: ScalingSettings) -> k8s.autoscaling.v2.HorizontalPodAutoscaler:
        spec = autoscaler_spec(self._app, settings)
        return k8s.autoscaling.v2.HorizontalPodAutoscaler(
            self._app, metadata=self._meta(), spec=spec, opts=self._child()
        )

    def _cron_job(self, settings: CronSettings, pods: _Pods) -> k8s.batch.v1.CronJob:
        return k8s.batch.v1.CronJob(
            self._app,
            metadata=self._meta(annotations=self._decisions(settings) or None),
            spec=cron_job_spec(self._app, settings, self._template(self._args.settings, pods, run_to_the_end())),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=pods.wait_for,
                custom_timeouts=pulumi.CustomTimeouts(delete=f"{GRACE_SECONDS + ENGINE_MARGIN_SECONDS}s"),
            ),
        )

    def _release(self, settings: LongRunning, pods: _Pods) -> list[pulumi.Resource]:
        """Make what runs before the app's own pods do."""
        release, name = settings.release_job, self._release_name(settings)
        if release is None or name is None:
            return []
        configuration = configurations(self._app, release, self._args.platform.own_outputs)
        own = {content.name for known in pods.configurations.values() for content in known.config_maps}
        more = [
            replace(one, config_maps=[content for content in one.config_maps if content.name not in own])
            for one in configuration.values()
        ]
        released = replace(
            pods,
            configurations=configuration,
            storage=self._storage(release),
            wait_for=[*pods.wait_for, *self._config_maps(more)],
        )
        running = replace(run_to_the_end(), known_as=release_of(self._app))
        return [self._job(name, release, released, running)]

    def _release_name(self, settings: LongRunning) -> str | None:
        """Name what runs before the app's own pods do; for an app that is off, only what has run already."""
        release = settings.release_job
        if release is None:
            return None
        name = release_name(self._app, settings, release)
        return None if settings.replicas == 0 and name not in self._args.done_jobs else name

    def _job(self, name: str, settings: JobSettings, pods: _Pods, running: Running) -> k8s.batch.v1.Job:
        return k8s.batch.v1.Job(
            name,
            metadata=self._meta(name, annotations=JOB_ANNOTATIONS | self._decisions(settings)),
            spec=job_spec(settings, self._template(settings, pods, running)),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=pods.wait_for,
                # Under one name a Job runs once, whatever a later version of this program would write into it.
                ignore_changes=["spec"],
                custom_timeouts=job_timeouts(settings),
            ),
        )

    def _decisions(self, settings: Application) -> dict[str, str]:
        """Write down for the policy pack what the stack file decides."""
        return (annotation_of(words(self._app, settings)) or {}) | security_annotations(self._app, settings.security)

    def _template(self, settings: Application, pods: _Pods, running: Running) -> k8s.core.v1.PodTemplateSpecArgs:
        return pod_template(
            self._app,
            settings,
            configurations=pods.configurations,
            storage=pods.storage,
            secrets=pods.secrets,
            pull_secrets=[self._args.platform.pull_secret(reference) for reference in settings.pull_secrets],
            running=running,
        )

    def _meta(
        self,
        name: str | None = None,
        *,
        annotations: dict[str, str] | None = None,
        labels: dict[str, str] | None = None,
    ) -> k8s.meta.v1.ObjectMetaArgs:
        return app_meta(self._app, namespace=self._args.namespace, name=name, annotations=annotations, labels=labels)

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)


def _urn_of(app: str) -> str:
    return f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{APP_TYPE}::{app}"
