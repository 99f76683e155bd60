from __future__ import annotations

import functools
import json
from typing import Any

import pytest

from tests.platforms.eks.answers import ACCOUNT, REGION
from tests.platforms.eks.cluster_program import CLUSTER, VOLUMES_KEY, default
from tests.platforms.eks.harness_aws import Graph
from tests.platforms.eks.iam_evaluator import Call, allows
from tests.platforms.eks.stacks import SECTIONS, run_stack, with_apps

EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
VOLUME = f"{EC2}:volume/vol-1"
NODE = f"{EC2}:instance/i-1"
TAG = "ebs.csi.aws.com/cluster-name"
OURS = {f"ec2:ResourceTag/{TAG}": CLUSTER}
THEIRS = {f"ec2:ResourceTag/{TAG}": "nightowl-prod"}


def policy(part: str = "volumes") -> dict[str, Any]:
    return json.loads(default().one("RolePolicy", f"ebs-csi-driver-{part}").props["policy"])


MAY = [
    Call(action="ec2:DescribeVolumes"),
    Call(action="ec2:DescribeAvailabilityZones"),
    Call(action="ec2:CreateVolume", resource=f"{EC2}:volume/*", context={f"aws:RequestTag/{TAG}": CLUSTER}),
    Call(action="ec2:CreateTags", resource=VOLUME, context={"ec2:CreateAction": "CreateVolume"}),
    *(
        Call(action=f"ec2:{action}Volume", resource=VOLUME, context=OURS)
        for action in ("Attach", "Detach", "Delete", "Modify")
    ),
    Call(action="ec2:AttachVolume", resource=NODE, context=OURS),
    Call(action="ec2:DetachVolume", resource=NODE, context=OURS),
]
MAY_NOT = [
    Call(action="ec2:CreateVolume", resource=f"{EC2}:volume/*"),
    Call(action="ec2:CreateVolume", resource=f"{EC2}:volume/*", context={f"aws:RequestTag/{TAG}": "nightowl-prod"}),
    Call(action="ec2:CreateTags", resource=VOLUME, context=OURS),
    Call(action="ec2:CreateTags", resource=NODE, context={"ec2:CreateAction": "CreateVolume"}),
    Call(action="ec2:DeleteVolume", resource=VOLUME, context=THEIRS),
    Call(action="ec2:DeleteVolume", resource=VOLUME),
    Call(action="ec2:AttachVolume", resource=VOLUME, context=THEIRS),
    Call(action="ec2:AttachVolume", resource=NODE, context=THEIRS),
    Call(action="ec2:TerminateInstances", resource=NODE, context=OURS),
    Call(action="ec2:DeleteSnapshot", resource=f"{EC2}:snapshot/snap-1", context=OURS),
]


@pytest.mark.parametrize("call", MAY, ids=str)
def test_the_driver_may_handle_volumes_of_this_cluster(call: Call) -> None:
    assert allows(policy(), call)


@pytest.mark.parametrize("call", MAY_NOT, ids=str)
def test_the_driver_may_not_touch_what_is_not_this_clusters(call: Call) -> None:
    assert not allows(policy(), call)


@pytest.mark.parametrize("action", ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"])
def test_the_driver_may_encrypt_with_the_stacks_key_only(action: str) -> None:
    document = policy("key")
    assert allows(document, Call(action=action, resource=VOLUMES_KEY))
    assert not allows(document, Call(action=action, resource=VOLUMES_KEY.replace("volumes", "secrets")))


def test_the_driver_may_grant_the_key_to_aws_only() -> None:
    document = policy("key")
    for_aws = {"kms:GrantIsForAWSResource": "true"}
    assert allows(document, Call(action="kms:CreateGrant", resource=VOLUMES_KEY, context=for_aws))
    assert not allows(document, Call(action="kms:CreateGrant", resource=VOLUMES_KEY))


def test_claims_get_an_encrypted_gp3_volume_in_the_zone_of_their_pod() -> None:
    # Claims stay pending, as EKS brings no default class.
    props = default().one("StorageClass").props
    assert props["metadata"]["annotations"] == {"storageclass.kubernetes.io/is-default-class": "true"}
    assert props["provisioner"] == "ebs.csi.aws.com"
    assert props["parameters"] == {"type": "gp3", "encrypted": "true", "kmsKeyId": VOLUMES_KEY}
    assert props["volumeBindingMode"] == "WaitForFirstConsumer"
    assert props["allowVolumeExpansion"] is True


def test_the_nodes_carry_the_tag_by_which_volumes_may_be_attached_and_their_disks_do_not() -> None:
    for template in default().all("LaunchTemplate"):
        tags = {item["resourceType"]: item["tags"] for item in template.props["tagSpecifications"]}
        assert tags["instance"][TAG] == CLUSTER
        assert TAG not in tags["volume"]


def test_the_policies_reach_the_drivers_role() -> None:
    graph = default()
    documents = {
        made.name: json.loads(made.props["policy"])
        for made in graph.all("RolePolicy")
        if made.name.startswith("ebs-csi-driver")
    }
    assert set(documents) == {"ebs-csi-driver-volumes", "ebs-csi-driver-key"}
    association = graph.one("PodIdentityAssociation", "ebs-csi-driver").props
    assert (association["namespace"], association["serviceAccount"]) == ("kube-system", "ebs-csi-controller-sa")


def _keeper(**volume: Any) -> dict[str, Any]:
    data = {"mount": "/data", "size": "5Gi", "kind": "persistent", **volume}
    return {"replicas": 1, "volumes": {"data": data}}


@functools.cache
def _with_data() -> Graph:
    apps = {"db": _keeper(), "cache": _keeper(keep=False)}
    return run_stack(with_apps(apps, platform={**SECTIONS["platform"], "protect": True})).graph


def test_the_disk_of_a_kept_claim_outlives_it_and_the_class_of_older_stacks_stays_as_it_was() -> None:
    classes = {made.props["metadata"]["name"]: made.props for made in _with_data().all("StorageClass")}
    assert {name: one["reclaimPolicy"] for name, one in classes.items()} == {"gp3": "Delete", "gp3-retain": "Retain"}
    default = "storageclass.kubernetes.io/is-default-class"
    defaults = {name: one["metadata"]["annotations"][default] for name, one in classes.items()}
    assert defaults == {"gp3": "false", "gp3-retain": "true"}
    assert "storageClassName" not in _with_data().one("PersistentVolumeClaim", "db.data").props["spec"]
    assert _with_data().one("PersistentVolumeClaim", "cache.data").props["spec"]["storageClassName"] == "gp3"


def test_protection_covers_the_claim_whose_data_would_go_with_it() -> None:
    kept, deleted = (_with_data().one("PersistentVolumeClaim", f"{app}.data") for app in ("db", "cache"))
    assert (kept.retain_on_delete, kept.protect) == (True, False)
    assert (deleted.retain_on_delete, deleted.protect) == (False, True)


@pytest.mark.parametrize("keep", [True, False])
def test_the_key_of_disks_outlives_the_stack_where_disks_do_as_none_can_be_read_without_it(keep: bool) -> None:
    graph = run_stack(with_apps({"db": _keeper(keep=keep)})).graph
    assert {made.name: made.retain_on_delete for made in graph.all("Key")} == {
        "secrets": False,
        "logs": False,
        "volumes": keep,
    }
