"""Amazon EKS as a platform: every component of `infra.platforms.eks`, wired together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_kubernetes as k8s
from typing_extensions import override

from infra.addons import AFTER_NODES, BEFORE_NODES, aws_efs_csi_driver
from infra.addons.addon import Addon
from infra.platforms.eks.addons import Addons, AddonsArgs
from infra.platforms.eks.app_platform import AppPlatform
from infra.platforms.eks.cluster.cluster import Cluster, ClusterArgs
from infra.platforms.eks.cluster.encryption import Encryption
from infra.platforms.eks.cluster.system_traffic import SystemTraffic, system_policy_spec
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.file_systems.file_systems import FileSystems, FileSystemsArgs
from infra.platforms.eks.file_systems.wanted import SharedVolume, shared_volumes
from infra.platforms.eks.identity.pod_permissions import PermissionFacts
from infra.platforms.eks.identity.pod_roles import PodRoles
from infra.platforms.eks.identity.pod_traffic import destinations
from infra.platforms.eks.limits.architectures import warn_of_architectures
from infra.platforms.eks.limits.checks import check_documents, check_stack_name
from infra.platforms.eks.limits.quotas import warn_of_quotas
from infra.platforms.eks.live.live import LiveStack, check_changes, live_stack
from infra.platforms.eks.live.live_version import check_versions
from infra.platforms.eks.live.protection import Protection
from infra.platforms.eks.load_balancer.args import LoadBalancerArgs
from infra.platforms.eks.load_balancer.load_balancing import LoadBalancing
from infra.platforms.eks.names import cluster_name, pipeline_arns
from infra.platforms.eks.network.network import Network, NetworkArgs
from infra.platforms.eks.nodes.node_pools import NodePools, NodePoolsArgs
from infra.platforms.eks.nodes.offers import check_offers
from infra.platforms.eks.pipeline.ephemeral_access import EphemeralAccess
from infra.platforms.eks.pipeline.group_roles import PreviewAccess
from infra.platforms.eks.pipeline.guest_roles import GuestRoles
from infra.platforms.eks.pipeline.permissions.scope import Scope
from infra.platforms.eks.pipeline.permissions.table import has_row
from infra.platforms.eks.pipeline.pipeline import Delivery, make_scope
from infra.platforms.eks.pipeline.registry import Registry, RegistryArgs
from infra.platforms.eks.pipeline.runner import Runner, RunnerArgs
from infra.platforms.eks.provider import make_context
from infra.platforms.eks.record import Record, record
from infra.platforms.eks.secrets import AppSecrets, AppSecretsArgs, OwnRole, copied_secrets, references
from infra.platforms.eks.storage_class import claim_class, make_storage_classes
from infra.platforms.eks.zones import zone_names
from infra.platforms.kept_data import check_data, namespace_outlives_stack, partings
from infra.platforms.platform import BoundVolume, Destination, Route, SecretDelivery
from infra.platforms.state import MadeResource
from infra.platforms.surroundings import Aws
from infra.settings.app.addresses import PublicAddress
from infra.settings.app.application import Application
from infra.settings.app.permissions import PermissionSettings
from infra.settings.app.pod_size import Requests
from infra.settings.app.volumes import VolumeSettings
from infra.settings.eks.addresses import public_addresses
from infra.settings.eks.capacity import shortages
from infra.settings.eks.delivery import RoleKind
from infra.settings.eks.platform import EksPlatformSettings
from infra.settings.eks.volumes import has_disks
from infra.settings.stack import StackSettings


@dataclass(frozen=True, kw_only=True)
class EksPlatformArgs:
    """The whole stack file, and where the stack is.

    `record` is of what the program makes, from its beginning on. `live` is what the stack has made already.
    """

    context: AwsContext
    settings: StackSettings
    record: Record
    live: LiveStack
    keeps_data: bool
    """Whether claims of the apps' namespace outlive their apps."""
    shared_volumes: Mapping[str, SharedVolume]
    """By claim."""


class EksPlatform(pulumi.ComponentResource, AppPlatform):
    """A network, an EKS cluster in it with nodes, add-ons and autoscaler, and load balancers in front.

    Only what must wait does: keys, network and load balancers are made while the control plane is, and pods of apps
    wait for nodes and DNS alone; with persistent volumes also for what makes these, and unmakes them on the way down.
    """

    def __init__(self, name: str, args: EksPlatformArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:EksPlatform", name, None, opts)
        self._settings = args.settings
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._file_systems: FileSystems | None = None
        self._scope = self._make_scope(args.context)
        self._delivery = self._make_delivery()
        self._context = _bounded(args.context, self._delivery)
        self._encryption = Encryption(
            "encryption",
            context=self._context,
            keeps_data=args.keeps_data,
            has_file_systems=bool(args.shared_volumes),
            opts=self._child,
        )
        self._network = self._make_network()
        self._cluster = self._make_cluster()
        self._make_pipeline_access()
        self._guest_roles = self._make_guest_roles()
        self._traffic = SystemTraffic(
            "system-traffic",
            vpc_cidr=args.settings.network.cidr,
            kubernetes=self._cluster.provider,
            opts=self._child,
        )
        self._network_addons = self._make_addons("network-addons", BEFORE_NODES)
        self._nodes = self._make_nodes()
        self.keeps_data, self.protect = args.keeps_data, self._context.protect
        storage_classes = make_storage_classes(
            self._encryption.volumes_key_arn,
            keeps_data=self.keeps_data,
            kubernetes=self._cluster.provider,
            parent=self,
        )
        behind_load_balancers = bool(public_addresses(args.settings.apps))
        self._file_systems = self._make_file_systems()
        self._controllers = self._make_addons(
            "controller-addons",
            self._controller_addons(),
            nodes=self._nodes.system_groups,
        )
        self._load_balancing = self._make_load_balancing()
        self._make_registry()
        self._make_runner()
        self.provider = self._cluster.provider
        if self.keeps_data:
            self.adopting_provider = self._cluster.adopting_provider()
        volumes = [*self._controllers.needed_by("volumes"), *storage_classes] if has_disks(args.settings.apps) else []
        self._bound_volumes = self._bind_volumes()
        self.wait_for = [
            *self._nodes.app_groups,
            *self._controllers.needed_by("pods"),
            *volumes,
            *(volume.made for volume in self._bound_volumes.values()),
        ]
        self.charts_traffic = system_policy_spec(args.settings.network.cidr)
        self.charts_wait_for = [*self._nodes.app_groups, *self._controllers.made, *storage_classes]
        if behind_load_balancers:
            clients = args.settings.load_balancer.clients
            self.stand_behind_load_balancers(self._network.public_cidrs, clients=clients)
        self._pod_roles = self._make_pod_roles()
        self.aws = self._surroundings()
        self.register_outputs({})

    @override
    def deliver_secrets(
        self, app: str, settings: Application, *, namespace: pulumi.Input[str], parent: pulumi.Resource
    ) -> SecretDelivery:
        """Bring secrets from AWS Secrets Manager to the app, as the files `/run/secrets/<name>` and as variables.

        A reference is the secret's name. It may be encrypted under the account's own key for Secrets Manager, or under
        the stack's key for secrets. The role that reads them has the app's `permissions` too.
        """
        if not settings.secrets and not settings.granted:
            return SecretDelivery()
        made = AppSecrets(
            app,
            AppSecretsArgs(
                context=self._context,
                cluster_name=self._cluster.name,
                namespace=self._settings.namespace.name,
                namespace_name=namespace,
                secrets=settings.secrets,
                resolve=self.resolve,
                role=OwnRole(
                    key_arn=self._encryption.secrets_key_arn,
                    permitted=self._pod_roles.permitted(settings.granted),
                ),
                drivers=self._controllers.needed_by("secrets"),
            ),
            opts=pulumi.ResourceOptions(parent=parent, providers=[self._context.provider]),
        )
        return made.delivery

    @override
    def permit(
        self,
        name: str,
        permissions: Sequence[PermissionSettings],
        *,
        namespace: str,
        service_account: str,
        parent: pulumi.Resource,
    ) -> Sequence[pulumi.Resource]:
        return self._pod_roles.make(
            name, permissions, namespace=namespace, service_account=service_account, parent=parent
        )

    @override
    def destinations(self, permissions: Sequence[PermissionSettings]) -> Sequence[Destination]:
        return destinations(self._network.endpoint_cidrs) if permissions else ()

    @override
    def route(self, address: PublicAddress, *, service: k8s.core.v1.Service, parent: pulumi.Resource) -> Route:
        return self._load_balancing.route(address, service=service, parent=parent)

    @override
    def objects_provider(self, name: str, *, adopts: bool) -> k8s.Provider:
        return self._cluster.objects_provider(name, adopts=adopts)

    @override
    def shortages(self, needs: Mapping[str, Requests]) -> Iterable[str]:
        return shortages(self._settings.node_pools, self._settings.apps, needs)

    @override
    def claim_class(self, volume: VolumeSettings) -> str | None:
        return claim_class(volume, kept=volume.keep)

    @override
    def bound_volume(self, claim: str) -> BoundVolume | None:
        return self._bound_volumes.get(claim)

    @override
    def complete(self) -> None:
        """Point names at the load balancer, give the pipeline's roles what is needed, and protect all that was made."""
        self.outputs = self._outputs()
        self._load_balancing.complete()
        if self._delivery is not None:
            self._delivery.permit(self._types_for_pipeline())
        Protection(self._args.record.made, protect=self._context.protect)

    def _types_for_pipeline(self) -> frozenset[str]:
        """Return the types that the pipeline's roles get rights for; own code may make others."""
        types = frozenset(self._args.record.types)
        if not self.has_own_code:
            return types
        beyond = sorted(kind for kind in types if not has_row(kind))
        if beyond and not self._settings.delivery.permissions:
            pulumi.log.warn(
                f"the pipeline has no rights on what own code makes: {', '.join(beyond)}; write the actions that it "
                "needs, those that read included, under nightowl:delivery.permissions"
            )
        return types.difference(beyond)

    def _make_scope(self, context: AwsContext) -> Scope:
        return make_scope(
            context,
            self._settings.delivery,
            domain=self._settings.load_balancer.domain,
            file_systems=bool(self._args.shared_volumes),
            permissions=bool(self._settings.permissions),
        )

    def _make_delivery(self) -> Delivery | None:
        github = self._settings.delivery.github
        return None if github is None else Delivery("delivery", github=github, scope=self._scope, opts=self._child)

    def _make_pod_roles(self) -> PodRoles:
        return PodRoles(
            PermissionFacts(
                context=self._context, resolve=self.resolve, secrets_key_arn=self._encryption.secrets_key_arn
            ),
            of_stack=[one for permissions in self._settings.permissions.values() for one in permissions],
            cluster_name=self._cluster.name,
            delivery=None if self._delivery is None else (self._delivery, self._scope),
        )

    def _controller_addons(self) -> list[Addon]:
        """Return the add-ons that something of this stack needs."""
        unneeded = {
            *(() if public_addresses(self._settings.apps) else ("load balancers",)),
            *(() if self._file_systems else ("shared volumes",)),
            *(() if any(pool.needs_gpu_plugin for pool in self._settings.node_pools.values()) else ("GPUs",)),
        }
        return [addon for addon in AFTER_NODES if addon.needed_by not in unneeded]

    def _make_file_systems(self) -> FileSystems | None:
        key_arn = self._encryption.files_key_arn
        if key_arn is None:
            return None
        return FileSystems(
            "file-systems",
            FileSystemsArgs(
                context=self._context,
                volumes=self._args.shared_volumes,
                namespace=self._settings.namespace.name,
                vpc_id=self._network.vpc_id,
                subnet_ids=self._network.private_subnet_ids,
                cluster_security_group_id=self._cluster.security_group_id,
                key_arn=key_arn,
            ),
            opts=self._child,
        )

    def _bind_volumes(self) -> Mapping[str, BoundVolume]:
        if self._file_systems is None:
            return {}
        return self._file_systems.bind(
            mounted_by=self._controllers.role_arn(aws_efs_csi_driver.ADDON),
            drivers=self._controllers.needed_by("shared volumes"),
            kubernetes=self._cluster.provider,
        )

    def _make_registry(self) -> None:
        delivery, builds = self._settings.delivery, self._settings.builds
        if not builds:
            return
        Registry(
            "registry",
            RegistryArgs(
                context=self._context,
                apps=list(builds),
                pull_requests=delivery.github is not None and bool(delivery.github.ephemeral),
                nodes=self._nodes.role_arn,
                pushers=self._pipeline_roles(),
                readers=delivery.readers,
            ),
            opts=self._child,
        )

    def _make_runner(self) -> None:
        delivery = self._settings.delivery
        if not delivery.runner or self._delivery is None or delivery.bucket is None:
            return
        Runner(
            "runner",
            RunnerArgs(
                context=self._context,
                bucket=delivery.bucket,
                delivery=self._delivery,
                network=self._network,
                cluster_security_group_id=self._cluster.security_group_id,
                logs_key_arn=self._encryption.logs_key_arn,
                log_retention_days=self._settings.cluster.log_retention_days,
            ),
            opts=self._child,
        )

    def _make_network(self) -> Network:
        zones = self._zones()
        check_offers(self._context.provider, self._settings.node_pools, zones)
        return Network(
            "network",
            NetworkArgs(
                context=self._context,
                settings=self._settings.network,
                zones=zones,
                logs_key_arn=self._encryption.logs_key_arn,
            ),
            opts=self._child,
        )

    def _zones(self) -> tuple[str, ...]:
        """Return the zones of the live subnets, so that a region that gets another zone moves none of them.

        Not those of a first update that failed or a destroy that did: such a stack can have fewer or more.
        """
        live, count = self._args.live.zones, self._settings.network.zones
        return live if len(live) == count else zone_names(self._context.provider, count)

    def _make_cluster(self) -> Cluster:
        return Cluster(
            "cluster",
            ClusterArgs(
                context=self._context,
                settings=self._settings.cluster,
                vpc_id=self._network.vpc_id,
                subnet_ids=list(self._network.control_plane_subnet_ids.values()),
                secrets_key_arn=self._encryption.secrets_key_arn,
                logs_key_arn=self._encryption.logs_key_arn,
                pipeline=self._pipeline_arns(),
                pipeline_roles=[] if self._delivery is None else list(self._delivery.roles.values()),
            ),
            opts=self._child,
        )

    def _make_addons(self, name: str, addons: Iterable[Addon], *, nodes: Sequence[pulumi.Resource] = ()) -> Addons:
        return Addons(
            name,
            AddonsArgs(
                context=self._context,
                settings=self._settings.cluster,
                addons=addons,
                cluster_name=self._cluster.name,
                vpc_id=self._network.vpc_id,
                volumes_key_arn=self._encryption.volumes_key_arn,
                kubernetes=self._cluster.provider,
                network_policies=self._traffic.policies,
                nodes=nodes,
                copies_secrets=bool(copied_secrets(self._settings.apps)),
                file_system_arns=() if self._file_systems is None else self._file_systems.arns,
            ),
            opts=self._child,
        )

    def _make_nodes(self) -> NodePools:
        return NodePools(
            "nodes",
            NodePoolsArgs(
                context=self._context,
                settings=self._settings.node_pools,
                cluster_name=self._cluster.name,
                kubernetes_version=self._settings.cluster.minor_of_nodes,
                subnet_ids=self._network.private_subnet_ids,
                volumes_key_arn=self._encryption.volumes_key_arn,
                wait_for=[*self._network.private_routes, *self._network_addons.made],
            ),
            opts=self._child,
        )

    def _make_load_balancing(self) -> LoadBalancing:
        return LoadBalancing(
            "load-balancing",
            LoadBalancerArgs(
                context=self._context,
                settings=self._settings.load_balancer,
                apps=self._settings.apps,
                network=self._network,
                cluster_security_group_id=self._cluster.security_group_id,
                logs_key_arn=self._encryption.logs_key_arn,
                controllers=self._controllers.needed_by("load balancers"),
                names_may_move=self._args.live.load_balancers_are_public is not None,
            ),
            opts=self._child,
        )

    def _outputs(self) -> dict[str, pulumi.Input[object]]:
        return {
            "account": self._context.account_id,
            "region": self._context.region,
            "zones": list(self._network.zones),
            "vpc": self._network.vpc_id,
            "cluster": self._cluster.name,
            "kubeconfig": self._cluster.kubeconfig,
            "nodeGroups": [group.node_group_name for group in self._nodes.node_groups],
            "loadBalancers": self._load_balancing.dns_names,
            "sharing": self._sharing(),
        }

    def _surroundings(self) -> Aws:
        return Aws(
            account_id=self._context.account_id,
            region=self._context.region,
            name=self._context.name,
            provider=self._context.provider,
            vpc_id=self._network.vpc_id,
            vpc_cidr=self._settings.network.cidr,
            private_subnet_ids=tuple(self._network.private_subnet_ids.values()),
            pods_security_group_id=self._cluster.security_group_id,
            secrets_key_arn=self._encryption.secrets_key_arn,
        )

    def _sharing(self) -> dict[str, pulumi.Input[object]]:
        """Return what stacks that are guests here need to know (`infra.platforms.eks.sharing`)."""
        access = self._settings.cluster.access
        return {
            "cluster": self._cluster.name,
            "kubeconfig": self._cluster.kubeconfig,
            "vpc": self._network.vpc_id,
            "publicNetworks": list(self._network.public_cidrs),
            "copiesSecrets": bool(copied_secrets(self._settings.apps)),
            "guestRoles": None if self._guest_roles is None else self._guest_roles.shared,
            "deployers": [*access.deployers, *access.admins, *self._pipeline_roles()],
            "loadBalancer": self._load_balancing.shared(),
            **({"outputs": dict(self.own_outputs)} if self.own_outputs else {}),
        }

    def _pipeline_roles(self) -> list[str]:
        """Return the roles that GitHub takes to deploy this stack and its guests."""
        return [arn for kind, arn in self._pipeline_arns().items() if kind != "preview"]

    def _pipeline_arns(self) -> Mapping[RoleKind, str]:
        return pipeline_arns(self._settings.delivery.github, self._context.account_id, self._context.name)

    def _make_pipeline_access(self) -> None:
        github = self._settings.delivery.github
        if github is None:
            return
        of_cluster = pulumi.ResourceOptions(parent=self, providers=[self._cluster.provider])
        PreviewAccess("preview-access", opts=of_cluster)
        if github.ephemeral:
            EphemeralAccess("ephemeral-access", opts=of_cluster)

    def _make_guest_roles(self) -> GuestRoles | None:
        github = self._settings.delivery.github
        if github is None or not github.ephemeral:
            return None
        return GuestRoles(
            "guest-roles",
            context=self._context,
            secrets={app: named for app, of in self._settings.apps.items() if (named := references(of.secrets))},
            key_arn=self._encryption.secrets_key_arn,
            opts=self._child,
        )


def make_platform(
    settings: StackSettings,
    platform: EksPlatformSettings,
    environment: Mapping[str, str],
    state: Sequence[MadeResource],
) -> EksPlatform:
    """Make the platform of the running stack, with the credentials and the region of the shell.

    Raises:
        SettingsError: account, role, region or zones are not those of the settings, EKS would refuse the step to
            their version, AWS a name, a document or a machine type, or what changed cannot change.
    """
    project, stack = pulumi.get_project(), pulumi.get_stack()
    check_stack_name(settings, project=project, stack=stack)
    recorded = record()
    live = live_stack(state)
    check_changes(live, settings, platform)
    check_data(settings, state)
    shared = shared_volumes(settings, state)
    pipeline = pipeline_arns(settings.delivery.github, platform.account_id, cluster_name(project, stack))
    context = make_context(platform, access=settings.cluster.access, pipeline=pipeline, environment=environment)
    check_versions(context, settings.cluster)
    check_documents(settings, context)
    warn_of_quotas(settings)
    warn_of_architectures(settings)
    for line in partings(settings, state):
        pulumi.log.warn(line)
    return EksPlatform(
        "platform",
        EksPlatformArgs(
            context=context,
            settings=settings,
            record=recorded,
            live=live,
            keeps_data=namespace_outlives_stack(settings, state),
            shared_volumes=shared,
        ),
        opts=pulumi.ResourceOptions(providers=[context.provider]),
    )


def _bounded(context: AwsContext, delivery: Delivery | None) -> AwsContext:
    """Put every role that is made from here on inside the boundary, where there is one."""
    return context if delivery is None else replace(context, boundary_arn=delivery.boundary_arn)
