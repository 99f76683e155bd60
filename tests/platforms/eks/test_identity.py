from __future__ import annotations

import json

import pulumi

from infra.iam import Statement, policy_document
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.identity.pod_identity import PodIdentity, PodIdentityArgs
from tests.platforms.eks.cluster_program import default
from tests.platforms.eks.harness_aws import Graph, run

DOCUMENT = policy_document(Statement(sid="Read", actions=["s3:GetObject"], resources=["arn:aws:s3:::x/*"]))


def identity() -> Graph:
    def program(context: AwsContext) -> None:
        PodIdentity(
            "web",
            PodIdentityArgs(
                context=context,
                cluster_name="nightowl-test",
                namespace="apps",
                service_account="web",
                policies={"files": DOCUMENT},
            ),
            opts=pulumi.ResourceOptions(providers=[context.provider]),
        )

    return run(program)


def test_the_role_is_for_one_service_account_of_one_cluster() -> None:
    graph = identity()
    association = graph.one("PodIdentityAssociation").props
    assert (association["namespace"], association["serviceAccount"]) == ("apps", "web")
    trust = json.loads(graph.one("Role").props["assumeRolePolicy"])
    (statement,) = trust["Statement"]
    assert statement["Principal"] == {"Service": ["pods.eks.amazonaws.com"]}
    conditions = statement["Condition"]["StringEquals"]
    assert conditions["aws:RequestTag/kubernetes-namespace"] == "apps"
    assert conditions["aws:RequestTag/kubernetes-service-account"] == "web"
    assert conditions["aws:RequestTag/eks-cluster-arn"].endswith(":cluster/nightowl-test")


def test_the_role_may_do_what_was_asked_for_and_nothing_else() -> None:
    graph = identity()
    (policy,) = graph.all("RolePolicy")
    assert json.loads(policy.props["policy"]) == DOCUMENT
    assert graph.all("RolePolicyAttachment") == []


def test_pods_that_find_their_role_find_it_permitted() -> None:
    # The association decides when a pod gets its credentials, so it comes last and goes first.
    graph = identity()
    association, policy = graph.one("PodIdentityAssociation"), graph.one("RolePolicy")
    assert graph.waits_for(association, policy)
    assert graph.deleted_before(association, policy)


def test_the_association_waits_for_the_cluster_and_is_deleted_before_it() -> None:
    graph = default()
    cluster = graph.one("eks:index:Cluster")
    for association in graph.all("PodIdentityAssociation"):
        assert graph.waits_for(association, cluster)
        assert graph.deleted_before(association, cluster)


def test_no_service_account_shares_a_role() -> None:
    roles = [made.props["roleArn"] for made in default().all("PodIdentityAssociation")]
    assert len(roles) == len(set(roles)) == 3
