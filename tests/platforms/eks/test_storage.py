from __future__ import annotations

import json
from typing import Any

import pytest

from tests.platforms.eks.answers import ACCOUNT, REGION
from tests.platforms.eks.cluster_program import CLUSTER, VOLUMES_KEY, default
from tests.platforms.eks.iam_evaluator import Call, allows

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
