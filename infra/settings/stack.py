"""The whole stack file as one immutable value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

from pydantic.alias_generators import to_camel

from infra.settings.app.application import Application
from infra.settings.eks.addresses import address_errors
from infra.settings.eks.capacity import size_errors
from infra.settings.eks.cluster import ClusterSettings
from infra.settings.eks.delivery import DeliverySettings, delivery_errors
from infra.settings.eks.drain import registration_errors, stop_errors
from infra.settings.eks.gpu import gpu_errors
from infra.settings.eks.load_balancer import LoadBalancerSettings
from infra.settings.eks.network import NetworkSettings
from infra.settings.eks.nodes import NodePoolSettings, pool_errors, release_errors
from infra.settings.eks.placement import placement_errors
from infra.settings.eks.platform import EksPlatformSettings
from infra.settings.eks.pull_secrets import with_keeper
from infra.settings.eks.secret_references import secret_errors
from infra.settings.eks.volumes import volume_errors
from infra.settings.guest import GuestPlatformSettings, guest_errors
from infra.settings.ingress import IngressSettings, ingress_errors
from infra.settings.model import FieldError, Model
from infra.settings.names import Name
from infra.settings.namespace import NamespaceSettings
from infra.settings.platform import ExistingPlatformSettings, PlatformSettings
from infra.settings.secret_references import object_errors


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

    def _errors(self) -> Iterator[FieldError]:
        platform = self.platform
        if isinstance(platform, EksPlatformSettings):
            yield from self._eks_errors(platform)
        else:
            yield from self._sections_of_eks()
        if isinstance(platform, GuestPlatformSettings):
            yield from guest_errors(platform, self.namespace, self.apps)
        if isinstance(platform, ExistingPlatformSettings):
            yield from self._ingress_errors(platform.ingress)
            yield from object_errors(self.apps)
        else:
            for find in (secret_errors, stop_errors, registration_errors):
                yield from find(self.apps)
            yield from volume_errors(self.apps, makes_file_systems=isinstance(platform, EksPlatformSettings))
            if self.namespace.existing:
                yield FieldError("namespace.existing", "goes with platform.kind: existing only; remove it")

    def _eks_errors(self, platform: EksPlatformSettings) -> Iterator[FieldError]:
        yield from pool_errors(self.node_pools)
        yield from release_errors(self.cluster.minor_of_nodes, self.node_pools)
        yield from address_errors(self.load_balancer, self.apps)
        yield from placement_errors(self.node_pools, self.apps)
        yield from gpu_errors(self.node_pools, self.apps)
        yield from size_errors(self.node_pools, self.apps)
        access = self.cluster.access.places
        yield from delivery_errors(self.delivery, region=platform.region, apps=self.apps, access=access)

    def _ingress_errors(self, ingress: IngressSettings | None) -> Iterator[FieldError]:
        yield from ingress_errors(ingress, self.apps)
        if ingress is not None and ingress.namespace == self.namespace.name:
            message = "is the ingress controller's namespace, which the apps' network policies would close"
            yield FieldError("namespace.name", f"{self.namespace.name} {message}; choose another")

    def _sections_of_eks(self) -> Iterator[FieldError]:
        for name in ("network", "cluster", "node_pools", "load_balancer", "delivery"):
            # An empty section says nothing: Pulumi.yaml gives one to every stack that has none.
            if getattr(self, name) != type(self).model_fields[name].default:
                yield FieldError(to_camel(name), "goes with platform.kind: eks only")

    def with_keeper(self) -> Self:
        """Add to the apps of a cluster on EKS what keeps their pull secrets there."""
        if isinstance(self.platform, ExistingPlatformSettings):
            return self
        return self.model_copy(update={"apps": with_keeper(self.apps)})

    @classmethod
    def section_keys(cls) -> list[str]:
        """List the sections' keys as written in a stack file, without the project's name."""
        return [field.alias or name for name, field in cls.model_fields.items()]
