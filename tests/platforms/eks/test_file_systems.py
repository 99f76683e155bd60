"""Volumes that pods on several nodes write lie on Amazon EFS."""

from __future__ import annotations

import functools
import json
import re
from typing import Any

import pytest

from infra.settings.problems import SettingsError
from tests.platforms.eks.harness_aws import Graph
from tests.platforms.eks.stacks import SECTIONS, Run, run_stack, with_apps

CLAIM = "n8n.files"
NEW = {"mount": "/files", "size": "5Gi", "kind": "persistent", "shared": True}
BORROWED = {"mount": "/files", "from": "n8n"}


def shared(*, state: dict[str, Any] | None = None, protect: bool = True, user: int = 1000, **volume: Any) -> Run:
    apps = {
        "n8n": {"volumes": {"files": {**NEW, **volume}}, "security": {"user": user, "group": user}},
        "runner": {"volumes": {"files": BORROWED}},
    }
    settings = with_apps(apps, platform={**SECTIONS["platform"], "protect": protect})
    return run_stack(settings, live=state)


@functools.cache
def graph() -> Graph:
    return shared().graph


def volume_in_state(claim: str = CLAIM, data: str = "kept") -> dict[str, Any]:
    return {
        "urn-pv": {
            "type": "kubernetes:core/v1:PersistentVolume",
            "outputs": {
                "metadata": {"name": f"apps.{claim}", "annotations": {"nightowl/data": data}},
                "spec": {"capacity": {"storage": "5Gi"}, "claimRef": {"namespace": "apps", "name": claim}},
            },
        }
    }


def test_a_file_system_is_encrypted_by_a_key_of_its_own_backed_up_and_reached_from_every_private_subnet() -> None:
    made = graph().one("FileSystem", CLAIM)
    assert made.props["encrypted"] is True
    assert graph().waits_for(made, graph().one("Key", "files"))
    assert made.props["tags"]["kubernetes.io/created-for/pvc/name"] == CLAIM
    assert graph().one("BackupPolicy", CLAIM).props["backupPolicy"] == {"status": "ENABLED"}
    subnets = {made.props["subnetId"] for made in graph().all("MountTarget")}
    assert subnets == {made.props["subnetIds"][0] for made in graph().all("NodeGroup")}
    [group] = {tuple(made.props["securityGroups"]) for made in graph().all("MountTarget")}
    [rule] = [
        made.props for made in graph().all("SecurityGroupIngressRule") if made.props["securityGroupId"] == group[0]
    ]
    assert (rule["fromPort"], rule["toPort"], rule["ipProtocol"]) == (2049, 2049, "tcp")
    assert "cidrIpv4" not in rule


def test_everybody_writes_as_the_user_of_the_app_that_has_the_volume() -> None:
    point = graph().one("AccessPoint", CLAIM)
    assert point.props["posixUser"] == {"uid": 1000, "gid": 1000}
    assert point.props["rootDirectory"]["creationInfo"] == {"ownerUid": 1000, "ownerGid": 1000, "permissions": "0770"}
    # Another user later makes no other volume.
    assert point.ignore_changes == ("posixUser", "rootDirectory")


def test_the_claim_is_bound_to_the_access_point_by_a_volume_that_mounts_with_iam_and_needs_no_class() -> None:
    volume = graph().one("PersistentVolume", CLAIM).props
    file_system = graph().one("AccessPoint", CLAIM).props["fileSystemId"]
    assert volume["spec"]["csi"]["driver"] == "efs.csi.aws.com"
    assert volume["spec"]["csi"]["volumeHandle"].startswith(f"{file_system}::")
    assert volume["spec"]["mountOptions"] == ["iam"]
    assert volume["spec"]["claimRef"]["name"] == CLAIM
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    claim = graph().one("PersistentVolumeClaim", CLAIM).props["spec"]
    assert (claim["storageClassName"], claim["volumeName"]) == ("", volume["metadata"]["name"])
    assert claim["accessModes"] == ["ReadWriteMany"]


@pytest.mark.parametrize("app", ["n8n", "runner"])
def test_pods_wait_for_driver_mount_targets_and_the_way_to_them_and_go_before_them(app: str) -> None:
    pods = graph().one("Deployment", app)
    needed = [
        graph().one("Release", "efs-csi-driver"),
        graph().one("SecurityGroupIngressRule", "file-systems-from-nodes"),
        graph().one("FileSystemPolicy", CLAIM),
        *graph().all("MountTarget"),
    ]
    assert all(graph().waits_for(pods, made) and graph().deleted_before(pods, made) for made in needed)
    # No volume of this stack is a disk.
    assert not graph().waits_for(pods, graph().one("Addon", "aws-ebs-csi-driver"))


def policy(run: Run) -> dict[str, Any]:
    return {
        one["Sid"]: one for one in json.loads(run.graph.one("FileSystemPolicy", CLAIM).props["policy"])["Statement"]
    }


def test_only_the_driver_mounts_encrypted_through_the_access_point_and_never_as_root() -> None:
    statements = policy(shared())
    role = graph().one("PodIdentityAssociation", "efs-csi-driver").props["roleArn"]
    assert statements["DriverMounts"]["Principal"] == {"AWS": [role]}
    assert "elasticfilesystem:ClientRootAccess" not in statements["DriverMounts"]["Action"]
    assert statements["OnlyEncrypted"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statements["NotAsRoot"]["Effect"] == statements["OnlyThroughTheAccessPoint"]["Effect"] == "Deny"


def test_the_driver_may_do_no_more_than_mount_the_file_systems_of_the_stack() -> None:
    document = json.loads(graph().one("RolePolicy", "efs-csi-driver-mount").props["policy"])
    allowed = {one["Sid"]: one for one in document["Statement"]}
    assert set(allowed) == {"Mount", "FindMountTargets", "FindZone"}
    own = policy(shared())["DriverMounts"]["Resource"]
    assert allowed["Mount"]["Resource"] == allowed["FindMountTargets"]["Resource"] == own
    assert "file-system/" in own[0]
    assert "*" not in own[0]
    association = graph().one("PodIdentityAssociation", "efs-csi-driver").props
    assert (association["namespace"], association["serviceAccount"]) == ("kube-system", "efs-csi-node-sa")
    assert graph().one("Release", "efs-csi-driver").props["values"]["controller"]["create"] is False


def test_data_that_is_kept_outlives_the_stack_with_its_key_and_data_that_is_not_goes_with_its_line() -> None:
    kept, deleted = shared().graph, shared(keep=False).graph
    for kind in ("FileSystem", "BackupPolicy", "FileSystemPolicy"):
        assert kept.one(kind, CLAIM).retain_on_delete
        assert not deleted.one(kind, CLAIM).retain_on_delete
    assert kept.one("Key", "files").retain_on_delete
    assert not deleted.one("Key", "files").retain_on_delete
    assert kept.one("FileSystem", CLAIM).protect
    assert deleted.one("FileSystem", CLAIM).protect
    assert not shared(protect=False, keep=False).graph.one("FileSystem", CLAIM).protect


def test_kept_data_stays_in_the_state_when_its_volume_leaves_the_file_and_a_volume_that_comes_back_finds_it() -> None:
    without = run_stack(with_apps({}), live=volume_in_state()).graph
    back = shared(state=volume_in_state(), size="9Gi").graph
    renamed = with_apps({"flows": {"volumes": {"data": {**NEW, "was": CLAIM}}}})
    for made in (without, back, run_stack(renamed, live=volume_in_state()).graph):
        assert made.one("FileSystem", CLAIM).retain_on_delete
        assert made.one("PersistentVolume", CLAIM).props["spec"]["capacity"] == {"storage": "5Gi"}
    # Claims cannot change their size where no class allows it, and a file system has none.
    claim = back.one("PersistentVolumeClaim", CLAIM).props["spec"]
    assert claim["resources"]["requests"] == {"storage": "5Gi"}


def test_given_up_data_leaves_with_its_volume() -> None:
    assert not run_stack(with_apps({}), live=volume_in_state(data="deleted")).graph.all("FileSystem")


def test_a_stack_without_shared_volumes_has_neither_driver_nor_key_nor_file_system() -> None:
    alone = run_stack(with_apps({"db": {"replicas": 1, "volumes": {"data": {**NEW, "shared": False}}}})).graph
    assert not [made for made in alone.resources if made.type.startswith("aws:efs/")]
    assert not [made.name for made in alone.all("Release") if "efs" in made.name]
    assert "files" not in {made.name for made in alone.all("Key")}


def test_a_claim_of_another_class_is_refused_as_its_data_would_stay_there() -> None:
    claim = {
        "type": "kubernetes:core/v1:PersistentVolumeClaim",
        "outputs": {
            "metadata": {"name": CLAIM, "namespace": "apps", "annotations": {"nightowl/data": "kept"}},
            "spec": {"accessModes": ["ReadWriteMany"], "storageClassName": "efs"},
        },
    }
    line = f"claim {CLAIM}: its volume is of class efs for good, and one of EFS is another; write storageClass: efs"
    with pytest.raises(SettingsError, match=re.escape(line)):
        shared(state={"urn": claim})


def test_a_disk_of_one_node_is_refused_for_several() -> None:
    line = "apps.n8n.volumes.files.shared: true does not go with class gp3, as one node has an EBS volume; remove"
    with pytest.raises(SettingsError, match=line):
        shared(storageClass="gp3")
