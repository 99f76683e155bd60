"""The EKS control plane, who may use it, and the provider through which its objects are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_eks as eks
import pulumi_kubernetes as k8s

from infra.iam import service_trust
from infra.platforms.eks.cluster.access import Access
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.identity.roles import PermittedRole, make_role
from infra.platforms.eks.names import control_plane_log_group
from infra.settings.eks.cluster import DEFAULT_AUTOSCALER_SYNC_SECONDS, ClusterSettings
from infra.settings.eks.delivery import RoleKind

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
"""Everything that an EKS control plane can log (EKS user guide, "Send control plane logs to CloudWatch Logs")."""


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """Where the control plane is, and with which keys it encrypts.

    `subnet_ids` are the small subnets for its network interfaces, one per zone. `pipeline` are the ARNs of the
    pipeline's roles by kind, `pipeline_roles` the roles themselves.
    """

    context: AwsContext
    settings: ClusterSettings
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    secrets_key_arn: pulumi.Input[str]
    logs_key_arn: pulumi.Input[str]
    pipeline: Mapping[RoleKind, str] = field(default_factory=dict[RoleKind, str])
    pipeline_roles: Sequence[pulumi.Resource] = ()


class Cluster(pulumi.ComponentResource):
    """An EKS cluster without nodes or add-ons.

    What waits for the control plane takes its name from `name`. Every object of the cluster is made through
    `provider`, which waits for the access of the deploying role and is deleted before it. The kubeconfig holds no
    credentials (it runs `aws eks get-token`), so it is no secret.
    """

    name: pulumi.Output[str]
    security_group_id: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]
    provider: k8s.Provider

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:Cluster", name, None, opts)
        control_plane = self._make_control_plane(args)
        self.name = control_plane.eks_cluster.apply(lambda made: made.name)
        self.security_group_id = control_plane.cluster_security_group_id
        self.kubeconfig = control_plane.kubeconfig_json
        access = Access(
            "access",
            settings=args.settings.access,
            cluster_name=self.name,
            pipeline=args.pipeline,
            pipeline_roles=args.pipeline_roles,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._deployers = access.of_deployers
        self._cluster_name = args.context.name
        self.provider = self._make_provider("kubernetes")
        self.register_outputs({"name": self.name})

    def adopting_provider(self) -> k8s.Provider:
        """Make the provider that takes over what is in the cluster already."""
        return self._make_provider("kubernetes-adopting", upsert=True)

    def objects_provider(self, name: str, *, adopts: bool) -> k8s.Provider:
        """Make a provider for objects that others wrote, whose ConfigMaps and Secrets change where they are."""
        return self._make_provider(name, upsert=adopts or None, mutable=True)

    def _make_provider(self, name: str, *, upsert: bool | None = None, mutable: bool | None = None) -> k8s.Provider:
        return k8s.Provider(
            name,
            kubeconfig=self.kubeconfig,
            # Only another cluster replaces the provider, and with it every object; a new kubeconfig text does not.
            cluster_identifier=self._cluster_name,
            # The stack file is the truth: what others changed is set back instead of reported as a conflict. So is the
            # number of replicas where a stack file takes it back from the autoscaler.
            enable_patch_force=True,
            upsert_existing_objects=upsert,
            enable_config_map_mutable=mutable,
            enable_secret_mutable=mutable,
            # Without its access entry, the deploying role is refused: when objects are made, and when they are deleted.
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._deployers),
        )

    def _make_control_plane(self, args: ClusterArgs) -> eks.Cluster:
        settings, context = args.settings, args.context
        # Under the fixed name to which EKS writes. It holds the audit trail, so it is protected as the cluster is.
        log = aws.cloudwatch.LogGroup(
            "control-plane-log",
            name=control_plane_log_group(context.name),
            kms_key_id=args.logs_key_arn,
            retention_in_days=settings.log_retention_days,
            opts=pulumi.ResourceOptions(parent=self, protect=context.protect),
        )
        role = self._make_role(context)
        return eks.Cluster(
            "cluster",
            name=context.name,
            version=settings.version,
            service_role=role.role,
            vpc_id=args.vpc_id,
            subnet_ids=args.subnet_ids,
            endpoint_private_access=True,
            endpoint_public_access=bool(settings.public_access),
            public_access_cidrs=list(settings.public_access) or None,
            encryption_config_key_arn=args.secrets_key_arn,
            enabled_cluster_log_types=list(LOG_TYPES),
            authentication_mode=eks.AuthenticationMode.API,
            deletion_protection=settings.deletion_protection,
            # Never slides into the paid extended support.
            upgrade_policy=aws.eks.ClusterUpgradePolicyArgs(support_type="STANDARD"),
            cluster_tags={"Name": context.name},
            # The rest of what the component can make is made elsewhere, where it can be set in full.
            skip_default_node_group=True,
            skip_default_security_groups=True,
            use_default_vpc_cni=True,  # the name misleads: true leaves the VPC CNI out
            kube_proxy_addon_options=eks.KubeProxyAddonOptionsArgs(enabled=False),
            coredns_addon_options=eks.CoreDnsAddonOptionsArgs(enabled=False),
            bootstrap_self_managed_addons=False,
            create_oidc_provider=False,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=context.protect,
                transforms=[control_plane_transform(settings)],
                # EKS would make a log group that never expires if none exists; without its role's policy it could not
                # delete its own network interfaces.
                depends_on=[log, *role.policies],
            ),
        )

    def _make_role(self, context: AwsContext) -> PermittedRole:
        # The conditions are those of the EKS user guide, "Cross-service confused deputy prevention in Amazon EKS".
        return make_role(
            "control-plane",
            context=context,
            trust=service_trust(
                "eks.amazonaws.com",
                account_id=context.account_id,
                source_arn=context.arn("eks", f"cluster/{context.name}"),
            ),
            managed_policy_arns={"cluster": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"},
            description=f"Control plane of {context.name}",
            parent=self,
        )


def control_plane_properties(settings: ClusterSettings) -> dict[str, Any]:
    """Return what `pulumi_eks.Cluster` 4.4 does not offer: properties of the `aws:eks/cluster:Cluster` that it makes.

    Defaults are written out: what is left out stays as it is on a live cluster. The sync period is not, where EKS takes
    none: `infra.platforms.eks.live.live` refuses to leave a tier before the period is back.
    """
    properties: dict[str, Any] = {
        "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
        "zonalShiftConfig": {"enabled": settings.zonal_shift},
        "controlPlaneScalingConfig": {"tier": settings.tier},
    }
    if settings.tier != "standard":
        seconds = settings.autoscaler_sync or DEFAULT_AUTOSCALER_SYNC_SECONDS
        properties["kubeControllerManagerConfig"] = {
            "horizontalPodAutoscalerControllerConfig": {"horizontalPodAutoscalerSyncPeriod": f"{seconds}s"}
        }
    return properties


def control_plane_transform(
    settings: ClusterSettings,
) -> Callable[[pulumi.ResourceTransformArgs], pulumi.ResourceTransformResult | None]:
    """Return the transform that sets `control_plane_properties` on the cluster that `pulumi_eks.Cluster` makes."""

    def transform(resource: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if resource.type_ != "aws:eks/cluster:Cluster":
            return None
        return pulumi.ResourceTransformResult(
            props={**resource.props, **control_plane_properties(settings)}, opts=resource.opts
        )

    return transform
