"""What an application needs from where it runs.

`infra.apps` and the platforms beside this file do not import each other: they meet in `infra.stack`, through this
protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pulumi
import pulumi_kubernetes as k8s

from infra.settings.app.application import WebSettings
from infra.settings.app.secrets import SecretSettings


@dataclass(frozen=True, kw_only=True)
class SecretDelivery:
    """How the secrets of one app reach its containers."""

    volumes: Sequence[k8s.core.v1.VolumeArgs] = ()
    mounts: Sequence[k8s.core.v1.VolumeMountArgs] = ()
    env: Sequence[k8s.core.v1.EnvVarArgs] = ()
    wait_for: Sequence[pulumi.Resource] = ()
    """What must exist before the app's pods are made."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """The way from the platform's load balancer to one app."""

    url: pulumi.Output[str] | None = None
    """Where the app answers, or None where nothing outside the cluster reaches it."""
    wait_for: Sequence[pulumi.Resource] = ()
    """What must exist before the app's pods are made, such as the binding that registers them."""


class Platform(Protocol):
    """A Kubernetes cluster, and what surrounds it."""

    @property
    def provider(self) -> k8s.Provider:
        """The provider through which every object of the cluster is made."""
        ...

    @property
    def outputs(self) -> Mapping[str, pulumi.Input[object]]:
        """Outputs of the stack that name what the platform made, for those who work with it later."""
        ...

    def drain_seconds(self, settings: WebSettings) -> int:
        """How long a stopping pod of the app may still be sent new requests, in seconds."""
        ...

    def registration_seconds(self, settings: WebSettings) -> int:
        """How long a new pod of the app may take from ready to being sent requests, in seconds."""
        ...

    @property
    def namespace_labels(self) -> Mapping[str, str]:
        """Labels that the platform needs on the namespace of the apps."""
        ...

    @property
    def first_in_namespace(self) -> Callable[[pulumi.Input[str], pulumi.Resource], k8s.rbac.v1.RoleBinding] | None:
        """What gives whoever deploys rights in the namespace, given its name and a parent; None where he has them."""
        ...

    @property
    def has_zones(self) -> bool:
        """Whether every node carries the label of its zone, so that an even spread over the zones can be required."""
        ...

    @property
    def load_balancer(self) -> Sequence[k8s.networking.v1.NetworkPolicyPeerArgs]:
        """From where the load balancer's requests come; empty where the platform has none."""
        ...

    @property
    def wait_for(self) -> Sequence[pulumi.Resource]:
        """What must exist before any pod is made, such as nodes and DNS."""
        ...

    def deliver_secrets(
        self, app: str, secrets: Mapping[str, SecretSettings], *, namespace: pulumi.Input[str], parent: pulumi.Resource
    ) -> SecretDelivery:
        """Make what brings `secrets` (by name) to the pods of `app`, whose service account has the app's name."""
        ...

    def complete(self) -> None:
        """Make what can only be made when everything else is known. Called once, after the apps."""
        ...

    def route(self, app: str, settings: WebSettings, *, service: k8s.core.v1.Service, parent: pulumi.Resource) -> Route:
        """Make what brings the traffic of `settings.traffic` to `service`. Called only for apps with `traffic`."""
        ...
