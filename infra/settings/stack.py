"""The whole stack file as one immutable value."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Self

from pydantic.alias_generators import to_camel

from infra.settings.app.application import Application, builds_of
from infra.settings.app.permissions import Permissions
from infra.settings.balancer import balancer_errors
from infra.settings.bases import Bases
from infra.settings.charts import ChartSettings, Manifests, circle_errors, manifest_errors, one_chart_errors
from infra.settings.eks.addresses import address_errors, shared_address_errors
from infra.settings.eks.capacity import size_errors
from infra.settings.eks.cluster import ClusterSettings
from infra.settings.eks.delivery import DeliverySettings, backend_errors, build_errors, reader_errors, role_errors
from infra.settings.eks.drain import registration_errors, stop_errors
from infra.settings.eks.gpu import gpu_errors
from infra.settings.eks.load_balancer import LoadBalancerSettings
from infra.settings.eks.network import NetworkSettings
from infra.settings.eks.nodes import NodePoolSettings, pool_errors, release_errors
from infra.settings.eks.permissions import policy_errors
from infra.settings.eks.placement import placement_errors
from infra.settings.eks.platform import EksPlatformSettings
from infra.settings.eks.pull_secrets import with_keeper
from infra.settings.eks.secret_references import keeper_errors, secret_errors
from infra.settings.eks.volumes import volume_errors
from infra.settings.guest import GuestPlatformSettings, guest_address_errors, guest_errors, shared_rule_errors
from infra.settings.guest import namespace_errors as guest_namespace_errors
from infra.settings.ingress import ingress_errors, namespace_errors
from infra.settings.model import FieldError, Model, Rule
from infra.settings.names import Name
from infra.settings.namespace import NamespaceSettings
from infra.settings.partly import names_of, those_read
from infra.settings.platform import ExistingPlatformSettings, PlatformSettings
from infra.settings.secret_references import object_errors


class StackSettings(Model):
    """Where the applications run, and which."""

    extends: Bases = ()
    """Files beside this one whose keys it takes over and changes: `base` for `base.yaml`, or a list of such names, of
    which later ones change earlier ones ([environments](environments.md))."""
    platform: PlatformSettings
    """Where the applications run."""
    network: NetworkSettings = NetworkSettings()
    """The VPC; with `kind: eks` only."""
    cluster: ClusterSettings = ClusterSettings()
    """The control plane, and who may use it; with `kind: eks` only."""
    node_pools: dict[Name, NodePoolSettings] = {}
    """The machines, by pool; with `kind: eks` only."""
    load_balancer: LoadBalancerSettings = LoadBalancerSettings()
    """How requests from outside arrive; with `kind: eks` only."""
    delivery: DeliverySettings = DeliverySettings()
    """Who deploys from GitHub, and where images come from; with `kind: eks` only."""
    namespace: NamespaceSettings = NamespaceSettings()
    """The namespace that holds them."""
    apps: dict[Name, Application]
    """What runs, one description per application, by name; `{}` for none."""
    charts: dict[Name, ChartSettings] = {}
    """Helm charts of others on the same cluster, by name."""
    manifests: tuple[Manifests, ...] = ()
    """Folders with objects as files, such as custom resources of those charts, in the order in which they are made."""

    def _rules(self) -> Iterator[Rule]:
        # Which rules hold is known only with a platform.
        platform: object = getattr(self, "platform", None)
        if isinstance(platform, EksPlatformSettings):
            yield lambda: balancer_errors(platform, self.apps)
            yield from self._rules_on_eks(platform)
        if isinstance(platform, GuestPlatformSettings):
            yield from self._rules_elsewhere(platform)
            yield from self._rules_as_a_guest(platform)
        if isinstance(platform, ExistingPlatformSettings):
            yield from self._rules_elsewhere(platform)
            yield from self._rules_on_a_cluster(platform)
        yield from self._rules_of_charts()

    def _rules_elsewhere(self, platform: GuestPlatformSettings | ExistingPlatformSettings) -> Iterator[Rule]:
        yield lambda: balancer_errors(platform, self.apps)
        for name in _SECTIONS_OF_EKS:
            yield functools.partial(self._section_errors, name)

    def _rules_on_a_cluster(self, platform: ExistingPlatformSettings) -> Iterator[Rule]:
        yield lambda: namespace_errors(platform.ingress, self.namespace)
        for app in self._apps_one_by_one():
            yield functools.partial(_errors_on_a_cluster, platform, app)
            yield functools.partial(object_errors, app)

    def _rules_of_charts(self) -> Iterator[Rule]:
        charts = those_read(getattr(self, "charts", {}))
        for name, chart in charts.items():
            yield functools.partial(self._chart_errors, name, chart)
        yield lambda: circle_errors(charts)
        yield lambda: manifest_errors(self.manifests)

    def _chart_errors(self, name: str, chart: ChartSettings) -> Iterator[FieldError]:
        return one_chart_errors(name, chart, charts=names_of(self.charts), apps_namespace=self.namespace.name)

    def _rules_on_eks(self, platform: EksPlatformSettings) -> Iterator[Rule]:
        yield lambda: pool_errors(self.node_pools)
        yield lambda: release_errors(self.cluster.minor_of_nodes, self.node_pools)
        yield lambda: shared_address_errors(self.load_balancer, self.apps)
        yield lambda: role_errors(self.delivery, self.cluster.access.places)
        yield lambda: reader_errors(self.delivery, self.builds)
        yield lambda: backend_errors(self.delivery, platform.region)
        yield lambda: policy_errors(self.delivery, "charts", self.charts)
        yield lambda: keeper_errors(self.apps)
        yield self._existing_errors
        for app in self._apps_one_by_one():
            yield from self._rules_of_an_app_on_eks(app)
            yield from _rules_of_an_app_on_aws(app, makes_file_systems=True)

    def _rules_of_an_app_on_eks(self, app: Mapping[str, Application]) -> Iterator[Rule]:
        yield lambda: address_errors(self.load_balancer.domain, app)
        yield lambda: placement_errors(self.node_pools, app)
        yield lambda: gpu_errors(self.node_pools, app)
        yield lambda: size_errors(self.node_pools, app)
        yield lambda: policy_errors(self.delivery, "apps", app)
        yield lambda: build_errors(builds_of(app))

    def _rules_as_a_guest(self, platform: GuestPlatformSettings) -> Iterator[Rule]:
        yield lambda: guest_namespace_errors(self.namespace)
        yield lambda: shared_rule_errors(self.namespace, self.apps)
        yield lambda: keeper_errors(self.apps)
        yield self._existing_errors
        for name in ("charts", "manifests"):
            yield functools.partial(self._errors_of_the_host, platform, name)
        for app in self._apps_one_by_one():
            yield functools.partial(self._guest_address_errors, platform, app)
            yield functools.partial(guest_errors, app)
            yield from _rules_of_an_app_on_aws(app, makes_file_systems=False)

    def _guest_address_errors(
        self, platform: GuestPlatformSettings, app: Mapping[str, Application]
    ) -> Iterator[FieldError]:
        return guest_address_errors(platform, self.namespace, app)

    def _apps_one_by_one(self) -> Iterator[dict[str, Application]]:
        """Pass each app that could be read to rules that need no other."""
        apps: Mapping[str, Application] = getattr(self, "apps", {})
        return ({name: app} for name, app in those_read(apps).items())

    def _existing_errors(self) -> Iterator[FieldError]:
        if self.namespace.existing:
            yield FieldError("namespace.existing", "goes with platform.kind: existing only; remove it")

    def _section_errors(self, name: str) -> Iterator[FieldError]:
        # An empty section says nothing: Pulumi.yaml gives one to every stack that has none.
        if getattr(self, name) != type(self).model_fields[name].default:
            yield FieldError(to_camel(name), "goes with platform.kind: eks only")

    @property
    def builds(self) -> Mapping[str, str]:
        """The folders that images are built from, by app. On EKS the stack keeps the images of each."""
        return builds_of(self.apps)

    @property
    def permissions(self) -> Mapping[str, Permissions]:
        """What pods may do on AWS, by the place of whoever has `permissions`, such as `apps.web`.

        All of it together bounds the roles of the stack.
        """
        found = {
            **{f"apps.{name}": app.granted for name, app in self.apps.items()},
            **{f"charts.{name}": chart.permissions for name, chart in self.charts.items()},
        }
        return {place: permissions for place, permissions in found.items() if permissions}

    def _errors_of_the_host(self, platform: GuestPlatformSettings, name: str) -> Iterator[FieldError]:
        if getattr(self, name):
            yield FieldError(name, f"does not go with kind: guest; {platform.stack} installs what its cluster needs")

    def with_keeper(self) -> Self:
        """Add to the apps of a cluster on EKS what keeps their pull secrets there."""
        if isinstance(self.platform, ExistingPlatformSettings):
            return self
        return self.model_copy(update={"apps": with_keeper(self.apps)})

    @classmethod
    def section_keys(cls) -> list[str]:
        """List the sections' keys as written in a stack file, without the project's name."""
        return [field.alias or name for name, field in cls.model_fields.items()]


_SECTIONS_OF_EKS = ("network", "cluster", "node_pools", "load_balancer", "delivery")


def _rules_of_an_app_on_aws(app: Mapping[str, Application], *, makes_file_systems: bool) -> Iterator[Rule]:
    yield lambda: secret_errors(app)
    yield lambda: stop_errors(app)
    yield lambda: registration_errors(app)
    yield lambda: volume_errors(app, makes_file_systems=makes_file_systems)


def _errors_on_a_cluster(platform: ExistingPlatformSettings, app: Mapping[str, Application]) -> Iterator[FieldError]:
    return ingress_errors(platform.ingress, app)
