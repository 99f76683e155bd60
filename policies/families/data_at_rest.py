"""Disks, file systems and databases: whether what lies on them is encrypted."""

from __future__ import annotations

from infra.values import is_false, is_true, mapping, mappings, text
from policies.facts.aws import MACHINES
from policies.facts.stack import Resource
from policies.rule import HIGH, Family, Messages

_SWITCHES: dict[str, tuple[str, ...]] = {
    "aws:ebs/volume:Volume": ("encrypted",),
    "aws:ebs/snapshotCopy:SnapshotCopy": ("encrypted",),
    "aws:ec2/amiCopy:AmiCopy": ("encrypted",),
    "aws:efs/fileSystem:FileSystem": ("encrypted",),
    "aws:rds/instance:Instance": ("storageEncrypted",),
    "aws:rds/cluster:Cluster": ("storageEncrypted",),
    "aws:docdb/cluster:Cluster": ("storageEncrypted",),
    "aws:neptune/cluster:Cluster": ("storageEncrypted",),
    "aws:redshift/cluster:Cluster": ("encrypted",),
    "aws:elasticache/replicationGroup:ReplicationGroup": ("atRestEncryptionEnabled",),
    "aws:dax/cluster:Cluster": ("serverSideEncryption", "enabled"),
    "aws:opensearch/domain:Domain": ("encryptAtRest", "enabled"),
    "aws:elasticsearch/domain:Domain": ("encryptAtRest", "enabled"),
}
"""Where each resource says that it is encrypted, as none of these is by itself (Security Hub EC2.3, EFS.1, RDS.3,
RDS.27, DocumentDB.1, Neptune.1, Redshift.10, ElastiCache.4, DAX.1, Opensearch.1)."""
_OF_ANOTHER = {"aws:rds/instance:Instance": ("replicateSourceDb", "snapshotIdentifier")}
"""What makes a database of another one, whose encryption it has."""
_ACCOUNT_DEFAULT = "aws:ebs/encryptionByDefault:EncryptionByDefault"

family = Family("Data at rest", __doc__)


@family.rule(
    "storage-is-encrypted",
    HIGH,
    (*_SWITCHES, _ACCOUNT_DEFAULT),
    "Security Hub EC2.3",
    "Security Hub EFS.1",
    "Security Hub RDS.3",
    "CKV_AWS_3",
    "CKV_AWS_16",
)
def _is_encrypted(resource: Resource) -> Messages:
    """Whoever gets a copy of a disk, of a snapshot or of a backup reads it.

    Switch encryption on, and name a key of yours; most resources must be made anew for it.
    https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html
    """
    if resource.type == _ACCOUNT_DEFAULT:
        if is_false(resource.props, "enabled"):
            yield "enabled is false: new disks of the whole region are not encrypted"
        return
    switch = _SWITCHES[resource.type]
    inherited = any(text(resource.props, key) for key in _OF_ANOTHER.get(resource.type, ()))
    if not is_true(resource.props, *switch) and not inherited:
        yield f"{'.'.join(switch)} is not true"


@family.rule("machine-disks-are-encrypted", HIGH, MACHINES, "Security Hub EC2.3", "CKV_AWS_8")
def _disks_are_encrypted(machine: Resource) -> Messages:
    """Whoever gets a copy of a disk or of its snapshot reads it.

    Set root_block_device.encrypted, and encrypted of each of ebs_block_devices, to true.
    https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html
    """
    root = mapping(machine.props.get("rootBlockDevice"))
    disks = {"rootBlockDevice": root} if root or not machine.props.get("launchTemplate") else {}
    for index, disk in enumerate(mappings(machine.props, "ebsBlockDevices")):
        disks[f"ebsBlockDevices[{index}]"] = disk
    for name, disk in disks.items():
        if not is_true(disk, "encrypted"):
            yield f"{name}.encrypted is not true"
