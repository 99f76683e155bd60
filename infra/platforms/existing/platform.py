"""Any cluster that a kubeconfig reaches, as a platform.

The cluster brings nodes, DNS and, where apps have `traffic`, an ingress controller. Secrets are Kubernetes Secrets that
somebody keeps in the apps' namespace; a reference is `<Secret>/<key>`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_kubernetes as k8s
from typing_extensions import override

from infra.platforms.existing.ingress import make_ingress
from infra.platforms.kept_data import check_data, namespace_outlives_stack, partings
from infra.platforms.mounted_secrets import secret_files, secret_variable, volume_of_secrets
from infra.platforms.platform import (
    ANY_DNS_NETWORKS,
    SECRETS_FOLDER,
    TLS_FOLDER,
    TLS_KEYS,
    Platform,
    Route,
    SecretDelivery,
)
from infra.platforms.state import MadeResource
from infra.project import enclosing_project
from infra.settings.app.addresses import PublicAddress
from infra.settings.app.application import Application, LongRunning
from infra.settings.app.secrets import SecretSettings
from infra.settings.platform import ExistingPlatformSettings, IngressSettings
from infra.settings.stack import StackSettings

DRAIN_SECONDS = 15
"""How long kube-proxy and an ingress controller may go on sending to a pod that stops.

Both follow the API server: kube-proxy writes its rules at most once per second (`minSyncPeriod`), ingress-nginx once in
3.3 s (`sync-rate-limit` 0.3). 15 s leaves room for a busy API server and for clients that reuse a connection.
"""


ACME_SOLVER_LABEL = "acme.cert-manager.io/http01-solver"
ACME_SOLVER_PORT = 8089
"""Label and port of the pods by which cert-manager answers an HTTP-01 challenge (its `pkg/issuer/acme/http`)."""


class ExistingPlatform(Platform):
    """A cluster that somebody else made. Nothing is to be waited for: nodes and DNS are there already."""

    dns_networks = ANY_DNS_NETWORKS

    def __init__(
        self,
        settings: ExistingPlatformSettings,
        *,
        adopts_namespace: bool,
        keeps_data: bool,
        network_policies: bool = True,
    ) -> None:
        self._settings = settings
        self._network_policies = network_policies
        self.provider = _provider("cluster", settings)
        self.has_zones = settings.zones
        self.ingress = settings.ingress
        if settings.ingress is not None:
            self.load_balancer = [_pods_in(settings.ingress.namespace)]
        self.keeps_data = keeps_data
        if adopts_namespace or keeps_data:
            # For the namespace and its data alone: anything else that exists already belongs to somebody.
            self.adopting_provider = _provider("cluster-adopting", settings, upsert=True)

    @override
    def objects_provider(self, name: str, *, adopts: bool) -> k8s.Provider:
        return _provider(name, self._settings, upsert=adopts or None, mutable=True)

    @override
    def drain_seconds(self, settings: LongRunning) -> int:
        return DRAIN_SECONDS

    @override
    def registration_seconds(self, settings: LongRunning) -> int:
        # A pod that is ready is one of the Service's endpoints, and is not kept from counting as ready.
        return 0

    @override
    def deliver_secrets(
        self, app: str, settings: Application, *, namespace: pulumi.Input[str], parent: pulumi.Resource
    ) -> SecretDelivery:
        """Bring keys of Secrets of the namespace to the app, as the files `/run/secrets/<name>` or as variables.

        Makes nothing: the Secrets are not this stack's. A pod whose Secret is missing waits for it.
        """
        del app, namespace, parent
        secrets = settings.secrets
        keys = {name: self._secret_key(secret) for name, secret in secrets.items() if not secret.tls}
        files = [secret_files(key.secret, {key.key: name}) for name, key in keys.items() if secrets[name].env is None]
        certificates = [
            secret_files(self.resolve(secret.ref), {key: f"{name}/{key}" for key in TLS_KEYS})
            for name, secret in secrets.items()
            if secret.tls
        ]
        folders = {
            name: (folder, sources)
            for name, folder, sources in (("secrets", SECRETS_FOLDER, files), ("tls", TLS_FOLDER, certificates))
            if sources
        }
        return SecretDelivery(
            volumes=[volume_of_secrets(name, sources) for name, (_, sources) in folders.items()],
            mounts=[
                k8s.core.v1.VolumeMountArgs(name=name, mount_path=folder, read_only=True)
                for name, (folder, _) in folders.items()
            ],
            env=[
                secret_variable(variable, keys[name].secret, keys[name].key)
                for name, secret in secrets.items()
                if (variable := secret.env) is not None
            ],
        )

    def _secret_key(self, settings: SecretSettings) -> _SecretKey:
        if isinstance(settings.ref, str):
            secret, _, key = settings.ref.partition("/")
            return _SecretKey(secret, key)
        return _SecretKey(self.resolve(settings.ref), str(settings.key))

    @override
    def route(self, address: PublicAddress, *, service: k8s.core.v1.Service, parent: pulumi.Resource) -> Route:
        """Make the Ingress of an address, with a certificate where the platform names an issuer and the app a host.

        Without an ingress controller nothing is made: the traffic stops at the Service. The address of an app without a
        host is the controller's own, which only the cluster knows, so no URL is given.
        """
        traffic = address.traffic
        if self.ingress is None or not traffic.is_http:
            return Route()
        hosts = traffic.all_hosts
        signed = self.ingress.cluster_issuer is not None and bool(hosts)
        make_ingress(address, self.ingress, service=service, parent=parent)
        if signed and self._network_policies:
            _admit_certificate_challenge(address.name, self.ingress, service=service, parent=parent)
        if not hosts:
            return Route()
        shown = traffic.canonical_host or hosts[0]
        scheme = "https" if signed else "http"
        return Route(url=pulumi.Output.from_input(f"{scheme}://{shown}{traffic.all_paths[0].path}"))


@dataclass(frozen=True)
class _SecretKey:
    secret: pulumi.Input[str]
    key: str


def make_platform(
    settings: StackSettings,
    platform: ExistingPlatformSettings,
    _environment: Mapping[str, str],
    state: Sequence[MadeResource],
) -> ExistingPlatform:
    """Connect to the cluster of a stack."""
    namespace = settings.namespace
    check_data(settings, state)
    for line in partings(settings, state):
        pulumi.log.warn(line)
    return ExistingPlatform(
        platform,
        adopts_namespace=namespace.existing,
        keeps_data=namespace_outlives_stack(settings, state),
        network_policies=namespace.network_policies,
    )


def _provider(
    name: str, settings: ExistingPlatformSettings, *, upsert: bool | None = None, mutable: bool | None = None
) -> k8s.Provider:
    return k8s.Provider(
        name,
        context=settings.context,
        kubeconfig=None if settings.kubeconfig is None else str(kubeconfig_path(settings)),
        # Only another context is another cluster: a new certificate or path in the kubeconfig replaces nothing.
        cluster_identifier=settings.context,
        enable_server_side_apply=True,
        # The stack file is the truth: a field changed by hand is set back instead of reported as a conflict.
        enable_patch_force=True,
        upsert_existing_objects=upsert,
        enable_config_map_mutable=mutable,
        enable_secret_mutable=mutable,
    )


def kubeconfig_path(settings: ExistingPlatformSettings) -> Path | None:
    """Return the kubeconfig that the stack file names, absolute; None for the one that kubectl would read."""
    if settings.kubeconfig is None:
        return None
    return (enclosing_project(Path.cwd()) or Path.cwd()) / Path(settings.kubeconfig).expanduser()


def _pods_in(namespace: str) -> k8s.networking.v1.NetworkPolicyPeerArgs:
    return k8s.networking.v1.NetworkPolicyPeerArgs(
        namespace_selector=k8s.meta.v1.LabelSelectorArgs(match_labels={"kubernetes.io/metadata.name": namespace})
    )


def _admit_certificate_challenge(
    address: str, ingress: IngressSettings, *, service: k8s.core.v1.Service, parent: pulumi.Resource
) -> k8s.networking.v1.NetworkPolicy:
    # cert-manager answers the challenge from a pod in the app's namespace, where all traffic is denied by default.
    name = f"{address}.certificate-challenge"
    return k8s.networking.v1.NetworkPolicy(
        name,
        metadata=k8s.meta.v1.ObjectMetaArgs(
            name=name, namespace=service.metadata.namespace, labels=service.metadata.labels
        ),
        spec=k8s.networking.v1.NetworkPolicySpecArgs(
            pod_selector=k8s.meta.v1.LabelSelectorArgs(match_labels={ACME_SOLVER_LABEL: "true"}),
            policy_types=["Ingress"],
            ingress=[
                k8s.networking.v1.NetworkPolicyIngressRuleArgs(
                    from_=[_pods_in(ingress.namespace)],
                    ports=[k8s.networking.v1.NetworkPolicyPortArgs(protocol="TCP", port=ACME_SOLVER_PORT)],
                )
            ],
        ),
        opts=pulumi.ResourceOptions(parent=parent),
    )
