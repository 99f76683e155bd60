"""`nightowl:cluster`: the EKS control plane, and who may use it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator

from infra.addons import EKS_ADDON_NAMES
from infra.settings.app.peers import check_cidr
from infra.settings.model import FieldError, Model, Rule, repeated
from infra.settings.names import Name
from infra.settings.partly import Location
from infra.settings.scalars import Notation, Seconds, Switch, form, seconds_text
from infra.versions import INSTALLABLE_VERSIONS, KUBERNETES_MINOR, KUBERNETES_VERSIONS, MOST_MINORS_BEHIND, minor_of

AUTOSCALER_SYNC_SECONDS = range(10, 16)
"""What EKS accepts (Amazon EKS API, `horizontalPodAutoscalerSyncPeriod`)."""
DEFAULT_AUTOSCALER_SYNC_SECONDS = 15
"""What EKS uses where nothing is said."""


_ROLE_ARN = re.compile(r"arn:aws:iam::\d{12}:role/([\w+=,.@-]+/)*[\w+=,.@-]{1,64}", re.ASCII)
"""Any path, and a name of up to 64 characters (IAM API, CreateRole)."""


MOST_PUBLIC_NETWORKS = 40
"""Public endpoint access CIDR ranges per cluster, which cannot be raised (EKS user guide, "Amazon EKS service
quotas")."""
RESERVED_NETWORKS = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)
"""Addresses that nobody has on the internet (IANA IPv4 special-purpose address registry), which EKS refuses (EKS user
guide, "Configure network access to cluster API server endpoint"). The networks for examples are left out: AWS's own
examples are of these."""


def _check_public_cidr(value: str) -> str:
    network = ipaddress.ip_network(check_cidr(value))
    if network.prefixlen == 0:
        raise ValueError("is the whole internet; name the networks that may reach the API server")
    if network.version == 6:
        raise ValueError("is an IPv6 network, but EKS takes IPv4 networks for this cluster; name those, or remove it")
    reserved = next((one for one in RESERVED_NETWORKS if network.overlaps(one)), None)
    if reserved is not None:
        raise ValueError(
            f"holds reserved addresses ({reserved}), which reach nothing over the internet and which EKS refuses; name "
            "the public addresses of the network"
        )
    return value


def _check_role_arn(value: str) -> str:
    if re.match(r"arn:aws-", value):
        raise ValueError("is of another partition of AWS than aws, which is not supported")
    if not _ROLE_ARN.fullmatch(value):
        raise ValueError("is not the ARN of an IAM role, such as arn:aws:iam::123456789012:role/deploy")
    return value


def _check_version(value: str) -> str:
    if value in INSTALLABLE_VERSIONS:
        return value
    choice = " or ".join(INSTALLABLE_VERSIONS)
    if value in KUBERNETES_VERSIONS and minor_of(value) > minor_of(INSTALLABLE_VERSIONS[-1]):
        raise ValueError(f"has no Cluster Autoscaler that fits it yet; write {choice}")
    raise ValueError(f"is not {choice}")


KubernetesMinor = Annotated[
    str, AfterValidator(_check_version), Notation(" or ".join(f"`{minor}`" for minor in INSTALLABLE_VERSIONS))
]
"""One for which everything exists that the stack installs."""
_check_addon_version = form(
    r"(?a)v\d+\.\d+\.\d+-eksbuild\.\d+", "is not the version of an add-on, such as v1.22.4-eksbuild.3"
)
AddonVersion = Annotated[str, AfterValidator(_check_addon_version), Notation("version")]
RoleArn = Annotated[str, AfterValidator(_check_role_arn), Notation("role ARN")]
PublicCidr = Annotated[str, AfterValidator(_check_public_cidr), Notation("network")]


class NamespaceAccessSettings(Model):
    """Who may do what in one namespace."""

    editors: tuple[RoleArn, ...] = ()
    """Roles that may change the objects of the namespace."""
    viewers: tuple[RoleArn, ...] = ()
    """Roles that may look at them, but not at Secrets."""


class AccessSettings(Model):
    """Access entries: IAM roles that the API server knows. Nobody else gets in, not even who made the cluster."""

    admins: tuple[RoleArn, ...] = ()
    """Roles of people who may do everything."""
    deployers: tuple[RoleArn, ...] = ()
    """Roles that run `pulumi up`: cluster administrators too, as they make namespaces and policies."""
    viewers: tuple[RoleArn, ...] = ()
    """Roles that may look at everything but Secrets."""
    namespaces: dict[Name, NamespaceAccessSettings] = {}
    """Access to single namespaces, by namespace."""
    break_glass: RoleArn | None = None
    """The role for emergencies: administrator, named so that every use of it stands out in the audit log."""

    @property
    def places(self) -> dict[str, str]:
        """The roles that are listed for the whole cluster, with the key of the list."""
        return {role: str(place[0]) for place, role in self._of_cluster()}

    def _rules(self) -> tuple[Rule, ...]:
        return self._cluster_errors, self._namespace_errors

    def _cluster_errors(self) -> Iterator[FieldError]:
        of_cluster: dict[str, str] = {}
        for place, role in self._of_cluster():
            if role in of_cluster:
                yield FieldError(place, f"{role} is listed in {of_cluster[role]} too; a role has one place")
            of_cluster.setdefault(role, str(place[0]))

    def _namespace_errors(self) -> Iterator[FieldError]:
        of_cluster = {role: str(place[0]) for place, role in reversed(list(self._of_cluster()))}
        for namespace, access in self.namespaces.items():
            of_namespace: dict[str, str] = {}
            for key, roles in (("editors", access.editors), ("viewers", access.viewers)):
                for index, role in enumerate(roles):
                    place = ("namespaces", namespace, key, index)
                    wider = of_namespace.get(role) or _wider(of_cluster.get(role), key)
                    if wider:
                        yield FieldError(place, f"{role} is listed in {wider} too, which holds this; leave it out here")
                    of_namespace.setdefault(role, key)

    def _of_cluster(self) -> Iterator[tuple[Location, str]]:
        for key, roles in (("admins", self.admins), ("deployers", self.deployers), ("viewers", self.viewers)):
            for index, role in enumerate(roles):
                yield (key, index), role
        if self.break_glass is not None:
            yield ("breakGlass",), self.break_glass


def _wider(of_cluster: str | None, of_namespace: str) -> str | None:
    """Return the list that already holds the role. Viewers of the whole cluster may still edit one namespace."""
    return None if (of_cluster, of_namespace) == ("viewers", "editors") else of_cluster


class ClusterSettings(Model):
    """The control plane."""

    version: KubernetesMinor = KUBERNETES_MINOR
    """Kubernetes version of the control plane. EKS goes up by one minor version at a time, and takes an upgrade back
    for seven days; docs/eks.md tells the steps."""
    addons_version: KubernetesMinor | None = None
    """Kubernetes version that AWS's default add-ons are chosen for; by default that of the nodes."""
    nodes_version: KubernetesMinor | None = None
    """Kubernetes version of the nodes; by default that of the control plane. While it is held back, an upgrade of the
    control plane can be taken back at once."""
    tier: Literal["standard", "tier-xl", "tier-2xl", "tier-4xl", "tier-8xl"] = "standard"
    """Size of the control plane. `standard` grows by itself; the others reserve capacity and cost far more."""
    public_access: tuple[PublicCidr, ...] = ()
    """Networks that reach the API server over the internet. None: only from inside the VPC."""
    deletion_protection: Switch = True
    """Whether EKS refuses to delete the cluster. Switch it off, and deploy, before a destroy."""
    zonal_shift: Switch = True
    """Lets AWS move traffic away from a failing zone."""
    log_retention_days: Literal[30, 90, 365, 731] = 365
    """How long the logs of the control plane are kept, the audit log among them."""
    autoscaler_sync: Seconds | None = None
    """How often the HorizontalPodAutoscalers decide (10s to 15s); EKS takes it only with a `tier` above `standard`, and
    decides every 15s otherwise."""
    access: AccessSettings = AccessSettings()
    """Who may use the cluster."""
    addons: dict[str, AddonVersion] = {}
    """Add-on name to version; what is not named gets AWS's default for the Kubernetes version."""

    @property
    def minor_of_nodes(self) -> str:
        """The Kubernetes version of the nodes."""
        return self.nodes_version or self.version

    @property
    def minor_of_addons(self) -> str:
        """The Kubernetes version that add-ons are chosen for."""
        return self.addons_version or self.minor_of_nodes

    def _rules(self) -> tuple[Rule, ...]:
        return self._version_errors, self._sync_errors, self._tier_errors, self._network_errors, self._addon_errors

    def _sync_errors(self) -> Iterator[FieldError]:
        if self.autoscaler_sync is not None and self.autoscaler_sync not in AUTOSCALER_SYNC_SECONDS:
            yield FieldError("autoscalerSync", f"{seconds_text(self.autoscaler_sync)} is outside 10s to 15s")

    def _tier_errors(self) -> Iterator[FieldError]:
        if self.autoscaler_sync is not None and self.tier == "standard":
            yield FieldError("autoscalerSync", "needs a tier above standard; leave it out, or set tier: tier-xl")

    def _network_errors(self) -> Iterator[FieldError]:
        if len(self.public_access) > MOST_PUBLIC_NETWORKS:
            message = f"has {len(self.public_access)} networks; EKS takes {MOST_PUBLIC_NETWORKS}, so name wider ones"
            yield FieldError("publicAccess", message)
        for index in repeated(self.public_access):
            yield FieldError(("publicAccess", index), f"{self.public_access[index]} is listed twice")

    def _addon_errors(self) -> Iterator[FieldError]:
        for name in self.addons:
            if name not in EKS_ADDON_NAMES:
                yield FieldError(("addons", name), f"is no add-on of this stack; it has {', '.join(EKS_ADDON_NAMES)}")

    def _version_errors(self) -> Iterator[FieldError]:
        """The order of the Kubernetes version skew policy: nothing is newer than the API server, kubelets lag least."""
        control_plane, addons, nodes = map(minor_of, (self.version, self.minor_of_addons, self.minor_of_nodes))
        if nodes > control_plane:
            message = f"{self.nodes_version} is newer than the control plane's {self.version}, which goes up first"
            yield FieldError("nodesVersion", message)
        elif control_plane - nodes > MOST_MINORS_BEHIND:
            message = (
                f"{self.nodes_version} is more than {MOST_MINORS_BEHIND} versions behind the control plane's "
                f"{self.version}; raise it first"
            )
            yield FieldError("nodesVersion", message)
        elif addons > control_plane:
            message = f"{self.addons_version} is newer than the control plane's {self.version}, which goes up first"
            yield FieldError("addonsVersion", message)
        elif addons < nodes:
            message = (
                f"{self.addons_version} is older than the nodes' {self.minor_of_nodes}; add-ons go up before nodes"
            )
            yield FieldError("addonsVersion", message)
