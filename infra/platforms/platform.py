"""What an application needs from where it runs.

`infra.apps` and the platforms beside this file do not import each other: they meet in `infra.stack`, through this
protocol.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

import pulumi
import pulumi_kubernetes as k8s

from infra.platforms.surroundings import Aws
from infra.settings.app.addresses import PublicAddress
from infra.settings.app.application import Application, LongRunning
from infra.settings.app.permissions import PermissionSettings
from infra.settings.app.pod_size import Requests
from infra.settings.app.ports import Protocol as PortProtocol
from infra.settings.app.volumes import VolumeSettings
from infra.settings.outputs import OutputReference

SECRETS_FOLDER = "/run/secrets"
TLS_FOLDER = "/run/tls"
"""Certificates have folders of their own there: in a mounted folder, which nobody may write to, none can be mounted."""
TLS_KEYS = ("tls.crt", "tls.key")
"""Of a Secret of type kubernetes.io/tls."""
NODE_LOCAL_DNS = "169.254.20.10/32"
"""Where NodeLocal DNSCache answers on each node (Kubernetes documentation, "Using NodeLocal DNSCache")."""
EKS_DNS_NETWORKS = (NODE_LOCAL_DNS, "10.100.0.10/32", "172.20.0.10/32")
"""And the address of the DNS Service in either of the networks that EKS takes for Services (Amazon EKS API,
KubernetesNetworkConfigRequest), on which the cache answers too."""
ANY_DNS_NETWORKS = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "34.118.224.0/20", "fc00::/7",
)  # fmt: skip
"""Where the DNS Service of any cluster, or a cache on its nodes, can answer: private and link-local addresses, and the
network that GKE takes for Services. Not the internet: a name server of a stranger's would be a way out."""


@dataclass(frozen=True, kw_only=True)
class SecretDelivery:
    """How the secrets of one app reach its containers, and how its pods get their role."""

    volumes: Sequence[k8s.core.v1.VolumeArgs] = ()
    mounts: Sequence[k8s.core.v1.VolumeMountArgs] = ()
    env: Sequence[k8s.core.v1.EnvVarArgs] = ()
    annotations: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of the pods."""
    wait_for: Sequence[pulumi.Resource] = ()
    """What must exist before the app's pods are made."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """The way from the platform's load balancer to one app."""

    url: pulumi.Output[str] | None = None
    """Where the app answers, or None where nothing outside the cluster reaches it."""
    wait_for: Sequence[pulumi.Resource] = ()
    """What must exist before the app's pods are made, such as the binding that registers them."""


@dataclass(frozen=True, kw_only=True)
class BoundVolume:
    """A volume that waits for its claim, and the size that both say."""

    made: k8s.core.v1.PersistentVolume
    size: str


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Who may reach the pods of an app from outside, and on which of their ports."""

    peers: Sequence[k8s.networking.v1.NetworkPolicyPeerArgs]
    ports: tuple[tuple[int, PortProtocol], ...]


@dataclass(frozen=True, kw_only=True)
class Destination:
    """What pods must reach outside of the cluster, and on which ports."""

    peers: Sequence[k8s.networking.v1.NetworkPolicyPeerArgs]
    ports: tuple[tuple[int, PortProtocol], ...]


class Platform(Protocol):
    """A Kubernetes cluster, and what surrounds it.

    Each platform names this class as its base, and sets what is not as here.
    """

    provider: k8s.Provider
    """The provider through which every object of the cluster is made."""
    outputs: Mapping[str, pulumi.Input[object]] = MappingProxyType({})
    """Outputs of the stack that name what the platform made, for those who work with it later."""
    has_zones: bool = True
    """Whether every node carries the label of its zone, so that an even spread over the zones can be required."""
    dns_networks: Sequence[str] = EKS_DNS_NETWORKS
    """Where names are asked for, besides the pods of the cluster's DNS: a cache on the node is no pod of a network."""
    closed_without_policies: bool = False
    """Whether a pod that no network policy selects talks to nobody."""
    load_balancer: Sequence[k8s.networking.v1.NetworkPolicyPeerArgs] = ()
    """From where the load balancer's requests come; empty where the platform has none."""
    wait_for: Sequence[pulumi.Resource] = ()
    """What must exist before any pod is made, such as nodes and DNS."""
    namespace_labels: Mapping[str, str] = MappingProxyType({})
    """Labels that the platform needs on the namespace of the apps."""
    adopting_provider: k8s.Provider | None = None
    """Takes over what is there already: a namespace that somebody else made, and data that an earlier stack kept. None
    where all is made anew."""
    keeps_data: bool = False
    """Whether claims of the namespace, and so the namespace, outlive the stack."""
    protect: bool = False
    """Whether nothing of the stack that holds data may be deleted."""
    aws: Aws | None = None
    """What the stack's own code may build on in an account of AWS."""
    has_own_code: bool = False
    """Whether the project has Pulumi code of its own."""
    own_outputs: Mapping[str, pulumi.Input[str]] = MappingProxyType({})
    """What the stack's own Pulumi code returns, by name."""
    charts_traffic: k8s.networking.v1.NetworkPolicySpecArgs | None = None
    """What the pods of charts may send and receive; None where they need no policy to talk."""
    charts_wait_for: Sequence[pulumi.Resource] = ()
    """What must exist before the pods of charts, such as nodes, DNS and storage."""
    is_guest: bool = False
    """Whether the cluster is another stack's. Then the deploying role has no rights until `admit` has given them."""

    def take_outputs(self, outputs: Mapping[str, pulumi.Input[str]]) -> None:
        """Take what the stack's own code returns, by name, before the apps are made."""
        self.own_outputs = dict(outputs)

    def resolve(self, value: str | OutputReference) -> pulumi.Input[str]:
        """Return a text as it is, and an output of the stack's own code as its value."""
        return value if isinstance(value, str) else self.own_outputs[value.output]

    def admit(self, namespace: pulumi.Input[str], *, parent: pulumi.Resource) -> pulumi.Input[str]:
        """Grant the deploying role rights in the namespace, and return its name, known once they are given."""
        del parent
        return namespace

    def admissions(self, addresses: Sequence[PublicAddress]) -> Sequence[Admission]:
        """Return who brings the traffic of an app to its pods, by its public addresses."""
        if not addresses or not self.load_balancer:
            return []
        ports: tuple[tuple[int, PortProtocol], ...] = tuple(
            (address.port.number, address.port.protocol) for address in addresses
        )
        return [Admission(peers=self.load_balancer, ports=ports)]

    @abstractmethod
    def drain_seconds(self, settings: LongRunning) -> int:
        """Return how long a stopping pod of the app may still be sent new requests, in seconds."""

    @abstractmethod
    def registration_seconds(self, settings: LongRunning) -> int:
        """Return how long a new pod of the app may take from ready to being sent requests, in seconds."""

    @abstractmethod
    def deliver_secrets(
        self, app: str, settings: Application, *, namespace: pulumi.Input[str], parent: pulumi.Resource
    ) -> SecretDelivery:
        """Make what brings secrets and rights on AWS to the pods of `app`, whose service account has the app's name."""

    def permit(
        self,
        name: str,
        permissions: Sequence[PermissionSettings],
        *,
        namespace: str,
        service_account: str,
        parent: pulumi.Resource,
    ) -> Sequence[pulumi.Resource]:
        """Assign an AWS role, called `name`, to the pods of a service account; return what must exist before them.

        For whatever is no app. Where the cluster is not the stack's own on AWS, there is nothing to be had.
        """
        del name, permissions, namespace, service_account, parent
        return ()

    def destinations(self, permissions: Sequence[PermissionSettings]) -> Sequence[Destination]:
        """Return what pods with `permissions` must reach to use them."""
        del permissions
        return ()

    def pull_secret(self, reference: str) -> str:
        """Return the name of the Secret with the credentials that `pullSecrets` refers to."""
        return reference

    @abstractmethod
    def route(self, address: PublicAddress, *, service: k8s.core.v1.Service, parent: pulumi.Resource) -> Route:
        """Make what brings the traffic of a public address to `service`."""

    def shortages(self, needs: Mapping[str, Requests]) -> Iterable[str]:
        """Return where the nodes have no room for all apps, each with what it `needs` at its maximum: lines for people.

        Nothing where nobody knows how large the nodes are, and how many there may be.
        """
        del needs
        return ()

    def claim_class(self, volume: VolumeSettings) -> str | None:
        """Return the storage class of a persistent volume; None for the cluster's default."""
        return volume.storage_class

    def bound_volume(self, claim: str) -> BoundVolume | None:
        """Return the volume that the platform has made for a claim; None where the claim's class makes it."""
        del claim
        return None

    def objects_provider(self, name: str, *, adopts: bool) -> k8s.Provider:
        """Return a provider for objects that others wrote: it changes ConfigMaps and Secrets where they are.

        One that `adopts` takes over what is there already. A platform that takes no charts has only one of its own.
        """
        del name, adopts
        return self.provider

    def complete(self) -> None:
        """Make what can only be made when everything else is known. Called once, after the apps."""
