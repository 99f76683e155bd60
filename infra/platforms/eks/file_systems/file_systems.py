"""A file system of Amazon EFS for each shared volume, reached from every zone, and bound to its claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from infra.addons.aws_efs_csi_driver import PROVISIONER
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.file_systems.policy import file_system_policy
from infra.platforms.eks.file_systems.wanted import SharedVolume
from infra.platforms.kept_data import data_annotation
from infra.platforms.platform import BoundVolume

NFS_PORT = 2049
FOLDER = "/data"
"""The access point's root: what is beside it is nobody's."""
OWNER_AND_GROUP = "0770"
CLAIM_TAGS = ("kubernetes.io/created-for/pvc/namespace", "kubernetes.io/created-for/pvc/name")
"""By which disks of the EBS CSI driver are found too."""


@dataclass(frozen=True, kw_only=True)
class FileSystemsArgs:
    """The volumes by claim, the namespace of the claims, and the network from which pods reach them.

    `subnet_ids` are the private subnets by zone; nodes and pods have the cluster's security group.
    """

    context: AwsContext
    volumes: Mapping[str, SharedVolume]
    namespace: str
    vpc_id: pulumi.Input[str]
    subnet_ids: Mapping[str, pulumi.Input[str]]
    cluster_security_group_id: pulumi.Input[str]
    key_arn: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class _FileSystem:
    """One that stands, before anybody may mount it."""

    made: aws.efs.FileSystem
    access_point: aws.efs.AccessPoint
    targets: Sequence[aws.efs.MountTarget]


class FileSystems(pulumi.ComponentResource):
    """Encrypted, backed up every day, and moved to cheaper storage where nobody reads.

    Each volume has a file system of its own: it is kept or deleted by itself, and so are its backups and its bill.
    """

    arns: Sequence[pulumi.Output[str]]

    def __init__(self, name: str, args: FileSystemsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:FileSystems", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        group = self._make_group()
        self._way = self._open(group)
        self._made = {claim: self._make(claim, volume, group) for claim, volume in args.volumes.items()}
        self.arns = [one.made.arn for one in self._made.values()]
        self.register_outputs({})

    def bind(
        self, *, mounted_by: pulumi.Input[str], drivers: Sequence[pulumi.Resource], kubernetes: k8s.Provider
    ) -> dict[str, BoundVolume]:
        """Let the drivers, whose role is `mounted_by`, mount, and make the volume of each claim."""
        return {
            claim: BoundVolume(
                made=self._make_volume(claim, one, mounted_by, drivers, kubernetes), size=self._args.volumes[claim].size
            )
            for claim, one in self._made.items()
        }

    def _make_group(self) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            "file-systems",
            vpc_id=self._args.vpc_id,
            description="File systems: in from the nodes",
            tags={"Name": f"{self._args.context.name}-file-systems"},
            opts=self._child,
        )

    def _open(self, group: aws.ec2.SecurityGroup) -> aws.vpc.SecurityGroupIngressRule:
        return aws.vpc.SecurityGroupIngressRule(
            "file-systems-from-nodes",
            security_group_id=group.id,
            referenced_security_group_id=self._args.cluster_security_group_id,
            ip_protocol="tcp",
            from_port=NFS_PORT,
            to_port=NFS_PORT,
            description="NFS of the nodes",
            opts=self._child,
        )

    def _make(self, claim: str, volume: SharedVolume, group: aws.ec2.SecurityGroup) -> _FileSystem:
        made = self._make_file_system(claim, volume)
        access_point = aws.efs.AccessPoint(
            claim,
            file_system_id=made.id,
            # Whoever a pod runs as, it writes as this user: apps that share a volume need not be the same.
            posix_user=aws.efs.AccessPointPosixUserArgs(uid=volume.user, gid=volume.group),
            root_directory=aws.efs.AccessPointRootDirectoryArgs(
                path=FOLDER,
                creation_info=aws.efs.AccessPointRootDirectoryCreationInfoArgs(
                    owner_uid=volume.user, owner_gid=volume.group, permissions=OWNER_AND_GROUP
                ),
            ),
            tags=self._tags(claim),
            # The files belong to the first user, and another access point would be another volume.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["posixUser", "rootDirectory"]),
        )
        targets = [
            aws.efs.MountTarget(
                f"{claim}-{zone[-1]}",
                file_system_id=made.id,
                subnet_id=subnet,
                security_groups=[group.id],
                opts=self._child,
            )
            for zone, subnet in self._args.subnet_ids.items()
        ]
        return _FileSystem(made=made, access_point=access_point, targets=targets)

    def _make_file_system(self, claim: str, volume: SharedVolume) -> aws.efs.FileSystem:
        made = aws.efs.FileSystem(
            claim,
            encrypted=True,
            kms_key_id=self._args.key_arn,
            performance_mode="generalPurpose",
            throughput_mode="elastic",
            lifecycle_policies=[
                aws.efs.FileSystemLifecyclePolicyArgs(transition_to_ia="AFTER_30_DAYS"),
                aws.efs.FileSystemLifecyclePolicyArgs(transition_to_primary_storage_class="AFTER_1_ACCESS"),
            ],
            tags=self._tags(claim),
            opts=pulumi.ResourceOptions(parent=self, protect=self._args.context.protect, retain_on_delete=volume.kept),
        )
        aws.efs.BackupPolicy(
            claim,
            file_system_id=made.id,
            backup_policy=aws.efs.BackupPolicyBackupPolicyArgs(status="ENABLED"),
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=volume.kept),
        )
        return made

    def _make_volume(
        self,
        claim: str,
        one: _FileSystem,
        mounted_by: pulumi.Input[str],
        drivers: Sequence[pulumi.Resource],
        kubernetes: k8s.Provider,
    ) -> k8s.core.v1.PersistentVolume:
        volume, namespace = self._args.volumes[claim], self._args.namespace
        document = file_system_policy(
            one.made.arn, one.access_point.arn, mounted_by=mounted_by, by_root=volume.user == 0
        )
        policy = aws.efs.FileSystemPolicy(
            claim,
            file_system_id=one.made.id,
            policy=pulumi.Output.json_dumps(document),
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=volume.kept),
        )
        return k8s.core.v1.PersistentVolume(
            claim,
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=f"{namespace}.{claim}", annotations=data_annotation(kept=volume.kept)
            ),
            spec=k8s.core.v1.PersistentVolumeSpecArgs(
                capacity={"storage": volume.size},
                access_modes=["ReadWriteMany"],
                # The file system goes with its resource, or stays.
                persistent_volume_reclaim_policy="Retain",
                claim_ref=k8s.core.v1.ObjectReferenceArgs(
                    api_version="v1", kind="PersistentVolumeClaim", namespace=namespace, name=claim
                ),
                # Encrypted on the way, as the driver always does with an access point.
                mount_options=["iam"],
                csi=k8s.core.v1.CSIPersistentVolumeSourceArgs(
                    driver=PROVISIONER,
                    volume_handle=pulumi.Output.concat(one.made.id, "::", one.access_point.id),
                ),
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=kubernetes,
                # On the way down a node hangs on what is mounted while the way there is closed.
                depends_on=[*one.targets, self._way, policy, *drivers],
            ),
        )

    def _tags(self, claim: str) -> dict[str, str]:
        return {
            "Name": f"{self._args.context.name}-{claim}",
            **dict(zip(CLAIM_TAGS, (self._args.namespace, claim), strict=True)),
        }
