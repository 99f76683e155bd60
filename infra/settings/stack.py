"""The whole stack file as one immutable value."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator
from pydantic.alias_generators import to_camel

from infra.settings.app.application import Application
from infra.settings.eks.addresses import address_errors
from infra.settings.eks.cluster import ClusterSettings
from infra.settings.eks.delivery import DeliverySettings, delivery_errors
from infra.settings.eks.drain import registration_errors, stop_errors
from infra.settings.eks.load_balancer import LoadBalancerSettings
from infra.settings.eks.network import NetworkSettings
from infra.settings.eks.nodes import NodePoolSettings, pool_errors, release_errors
from infra.settings.eks.placement import placement_errors
from infra.settings.eks.platform import EksPlatformSettings
from infra.settings.eks.secret_references import secret_errors
from infra.settings.guest import GuestPlatformSettings, guest_errors
from infra.settings.interactions import interaction_errors
from infra.settings.model import FieldError, Model, raise_any
from infra.settings.names import Name
from infra.settings.namespace import NamespaceSettings
from infra.settings.platform import ExistingPlatformSettings, PlatformSettings


class StackSettings(Model):
    """Where the applications run, and which."""

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
    """Who deploys from GitHub, and the images; with `kind: eks` only."""
    namespace: NamespaceSettings = NamespaceSettings()
    """The namespace that holds them."""
    apps: dict[Name, Application]
    """What runs, one description per application, by name; `{}` for none."""

    @model_validator(mode="after")
    def _apps_fit_together(self) -> Self:
        of_apps = [FieldError(("apps", *error.location), error.message) for error in interaction_errors(self.apps)]
        raise_any([*of_apps, *self._platform_errors()])
        return self

    def _platform_errors(self) -> list[FieldError]:
        if isinstance(self.platform, EksPlatformSettings):
            return [
                *(FieldError("nodePools", error.message) for error in pool_errors(self.node_pools)),
                *release_errors(self.cluster.minor_of_nodes, self.node_pools),
                *address_errors(self.load_balancer, self.apps),
                *secret_errors(self.apps),
                *stop_errors(self.apps),
                *registration_errors(self.apps),
                *placement_errors(self.node_pools, self.apps),
                *self._delivery_errors(self.platform),
                *self._adoption_errors(),
            ]
        if isinstance(self.platform, GuestPlatformSettings):
            return [
                *self._sections_of_eks(),
                *self._adoption_errors(),
                *guest_errors(self.platform, self.namespace, self.apps),
            ]
        return [*self._sections_of_eks(), *self._namespace_errors(self.platform)]

    def _delivery_errors(self, platform: EksPlatformSettings) -> list[FieldError]:
        errors = delivery_errors(
            self.delivery,
            platform=platform,
            apps=self.apps,
            access=self.cluster.access.places,
        )
        return list(errors)

    def _sections_of_eks(self) -> list[FieldError]:
        # An empty section says nothing: Pulumi.yaml gives one to every stack that has none.
        sections = ("network", "cluster", "node_pools", "load_balancer", "delivery")
        given = [name for name in sections if getattr(self, name) != type(self).model_fields[name].default]
        return [FieldError(to_camel(name), "goes with platform.kind: eks only") for name in given]

    def _adoption_errors(self) -> list[FieldError]:
        if not self.namespace.existing:
            return []
        return [FieldError("namespace.existing", "goes with platform.kind: existing only; remove it")]

    def _namespace_errors(self, platform: ExistingPlatformSettings) -> list[FieldError]:
        ingress = platform.ingress
        if ingress is None or ingress.namespace != self.namespace.name:
            return []
        message = "is the ingress controller's namespace, which the apps' network policies would close"
        return [FieldError("namespace.name", f"{self.namespace.name} {message}; choose another")]

    @classmethod
    def section_keys(cls) -> list[str]:
        """List the sections' keys as written in a stack file, without the project's name."""
        return [field.alias or name for name, field in cls.model_fields.items()]
