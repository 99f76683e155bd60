from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from infra.iam import Statement, policy_document
from infra.platforms.eks.cluster.encryption import Encryption, log_groups
from infra.platforms.eks.cluster.key_policies import (
    auto_scaling_role_arn,
    logs_key_policy,
    root_arn,
    secrets_key_policy,
    volumes_key_policy,
)
from infra.platforms.eks.context import AwsContext
from tests.platforms.eks.answers import ACCOUNT, REGION, AwsAnswers
from tests.platforms.eks.harness_aws import Graph, context_of_documents, run
from tests.platforms.eks.iam_evaluator import Call, key_allows

NAME = "nightowl-test"
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/admin"
AUTO_SCALING = auto_scaling_role_arn(ACCOUNT)
LOGS = f"logs.{REGION}.amazonaws.com"
SECRETS_KEY = secrets_key_policy(context_of_documents())
LOGS_KEY = logs_key_policy(context_of_documents(), log_groups(NAME))
VOLUMES_KEY = volumes_key_policy(context_of_documents())
KEYS = {"secrets": SECRETS_KEY, "logs": LOGS_KEY, "volumes": VOLUMES_KEY}
ALL_OF_KMS = policy_document(Statement(sid="All", actions=["kms:*"], resources=["*"]))


def encryption(*, answers: AwsAnswers | None = None, protect: bool = True) -> Graph:
    def program(context: AwsContext) -> None:
        Encryption(
            "encryption",
            context=context,
            opts=pulumi.ResourceOptions(providers=[context.provider]),
        )

    return run(program, answers=answers, protect=protect)


@pytest.mark.parametrize("use", ["secrets", "logs", "volumes"])
def test_each_use_has_its_own_key_that_rotates_and_dies_slowly(use: str) -> None:
    graph = encryption()
    key = graph.one("Key", use)
    assert key.props["enableKeyRotation"] is True
    assert key.props["deletionWindowInDays"] == 30
    assert json.loads(key.props["policy"]) == KEYS[use]
    alias = graph.one("Alias", use)
    assert alias.props["name"] == f"alias/nightowl-test-{use}"
    assert graph.waits_for(alias, key)


@pytest.mark.parametrize("protect", [True, False])
def test_keys_are_protected_as_the_stack_is(protect: bool) -> None:
    assert {key.protect for key in encryption(protect=protect).all("Key")} == {protect}


@pytest.mark.parametrize("policy", KEYS.values(), ids=KEYS)
def test_no_key_policy_names_everybody_or_every_action(policy: Mapping[str, Any]) -> None:
    for statement in policy["Statement"]:
        principals = [name for names in statement["Principal"].values() for name in names]
        assert not any("*" in name for name in principals)
        assert not any("*" in action for action in statement["Action"])


@pytest.mark.parametrize("policy", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("action", ["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion"])
def test_the_accounts_administrators_keep_every_key(policy: Mapping[str, Any], action: str) -> None:
    call = Call(action=action, principal=ADMIN)
    assert key_allows(policy, call, identity=[ALL_OF_KMS])
    assert not key_allows(policy, call), "the key policy alone must not do"


def test_whoever_makes_the_cluster_may_give_eks_the_secrets_key() -> None:
    for action in ("kms:DescribeKey", "kms:CreateGrant"):
        assert key_allows(SECRETS_KEY, Call(action=action, principal=ADMIN), identity=[ALL_OF_KMS])


@pytest.mark.parametrize(
    "group", ["/aws/eks/nightowl-test/cluster", "/aws/vpc/nightowl-test/flow-logs", "aws-waf-logs-nightowl-test"]
)
def test_cloudwatch_logs_encrypts_the_groups_of_this_stack(group: str) -> None:
    context = {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"}
    for action in ("kms:GenerateDataKey", "kms:Decrypt", "kms:Encrypt"):
        assert key_allows(LOGS_KEY, Call(action=action, principal=LOGS, context=context))


@pytest.mark.parametrize(
    ("principal", "group"),
    [
        (LOGS, f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/eks/nightowl-prod/cluster"),
        (LOGS, f"arn:aws:logs:{REGION}:999999999999:log-group:/aws/eks/nightowl-test/cluster"),
        ("logs.us-east-1.amazonaws.com", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/eks/nightowl-test/cluster"),
        (ADMIN, f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/eks/nightowl-test/cluster"),
    ],
)
def test_the_logs_key_is_for_nothing_and_nobody_else(principal: str, group: str) -> None:
    call = Call(action="kms:Decrypt", principal=principal, context={"kms:EncryptionContext:aws:logs:arn": group})
    assert not key_allows(LOGS_KEY, call, identity=[ALL_OF_KMS])


def test_auto_scaling_starts_nodes_with_encrypted_disks() -> None:
    grant = {"kms:GrantIsForAWSResource": "true"}
    assert key_allows(VOLUMES_KEY, Call(action="kms:CreateGrant", principal=AUTO_SCALING, context=grant))
    for action in ("kms:GenerateDataKeyWithoutPlaintext", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"):
        assert key_allows(VOLUMES_KEY, Call(action=action, principal=AUTO_SCALING))


def test_auto_scaling_hands_the_volumes_key_to_aws_services_only() -> None:
    for context in ({}, {"kms:GrantIsForAWSResource": "false"}):
        call = Call(action="kms:CreateGrant", principal=AUTO_SCALING, context=context)
        assert not key_allows(VOLUMES_KEY, call, identity=[ALL_OF_KMS])


def test_volumes_are_used_through_ec2_and_not_directly() -> None:
    through_ec2 = {"kms:ViaService": f"ec2.{REGION}.amazonaws.com"}
    driver = f"arn:aws:iam::{ACCOUNT}:role/ebs-csi"
    decrypt = Call(action="kms:Decrypt", principal=driver, context=through_ec2)
    assert key_allows(VOLUMES_KEY, decrypt, identity=[ALL_OF_KMS])
    assert not key_allows(VOLUMES_KEY, Call(action="kms:Decrypt", principal=driver), identity=[ALL_OF_KMS])


def test_root_of_another_account_has_no_part() -> None:
    other = root_arn("999999999999").replace("root", "role/admin")
    for policy in KEYS.values():
        assert not key_allows(policy, Call(action="kms:PutKeyPolicy", principal=other), identity=[ALL_OF_KMS])


def test_an_account_without_auto_scaling_gets_the_role_before_the_key_that_names_it() -> None:
    graph = encryption(answers=AwsAnswers(auto_scaling_role=False))
    role = graph.one("ServiceLinkedRole")
    assert role.props == {
        "awsServiceName": "autoscaling.amazonaws.com",
        "tags": {"made-by-stack": "nightowl-test"},
    }
    assert graph.waits_for(graph.one("Key", "volumes"), role)
    assert not graph.waits_for(graph.one("Key", "secrets"), role)
    assert not role.import_id


def test_a_role_of_others_is_left_alone() -> None:
    assert not encryption(answers=AwsAnswers(auto_scaling_role_tags={})).all("ServiceLinkedRole")
    others = AwsAnswers(auto_scaling_role_tags={"made-by-stack": "nightowl-dev"})
    assert not encryption(answers=others).all("ServiceLinkedRole")


def test_the_role_that_this_stack_made_stays_in_its_state_and_outlives_it() -> None:
    graph = encryption(answers=AwsAnswers(auto_scaling_role_tags={"made-by-stack": NAME}))
    role = graph.one("ServiceLinkedRole")
    assert role.import_id == AUTO_SCALING
    assert role.retain_on_delete
    assert set(role.ignore_changes) == {"description", "tags"}
