from __future__ import annotations

from typing import Any

import pytest

from infra.platforms.eks.cluster.access import Entry, Grant, entry_name, plan_access
from infra.settings.build import build_settings
from infra.settings.eks.cluster import AccessSettings
from infra.settings.problems import SettingsError
from tests.platforms.eks.cluster_program import DEPLOYER, build
from tests.platforms.eks.stacks import run_stack, sections


def role(name: str) -> str:
    return f"arn:aws:iam::123456789012:role/{name}"


def plan(**section: Any) -> tuple[Entry, ...]:
    return plan_access(AccessSettings.model_validate(section))


FULL = {
    "admins": [role("admin")],
    "deployers": [DEPLOYER],
    "viewers": [role("auditor")],
    "breakGlass": role("emergency"),
    "namespaces": {
        "shop": {"editors": [role("team"), role("auditor")], "viewers": [role("support")]},
        "blog": {"editors": [role("team")], "viewers": [role("support")]},
    },
}


def test_each_role_gets_one_entry_with_the_policies_of_its_places() -> None:
    granted = {entry.role_arn.rpartition("/")[2]: entry.grants for entry in plan(**FULL)}
    assert granted == {
        "deployer": (Grant(policy="AmazonEKSClusterAdminPolicy"),),
        "admin": (Grant(policy="AmazonEKSClusterAdminPolicy"),),
        "emergency": (Grant(policy="AmazonEKSClusterAdminPolicy"),),
        "auditor": (
            Grant(policy="AmazonEKSViewPolicy"),
            Grant(policy="AmazonEKSEditPolicy", namespaces=("shop",)),
        ),
        "team": (Grant(policy="AmazonEKSEditPolicy", namespaces=("shop", "blog")),),
        "support": (Grant(policy="AmazonEKSViewPolicy", namespaces=("shop", "blog")),),
    }


def test_the_role_for_emergencies_stands_out_in_the_audit_log() -> None:
    names = {entry.role_arn.rpartition("/")[2]: entry.user_name for entry in plan(**FULL)}
    assert names.pop("emergency") == "break-glass:{{SessionName}}"
    assert not any(name.startswith("break-glass") for name in names.values())


def test_every_entry_says_its_user_name_or_it_would_keep_the_one_of_the_emergency_role() -> None:
    arn = "arn:aws:iam::123456789012:role/teams/shop/on-call"
    before, after = plan(admins=[role("admin")], breakGlass=arn), plan(admins=[role("admin"), arn])
    [was, now] = [{entry.role_arn: entry.user_name for entry in entries}[arn] for entries in (before, after)]
    assert was == "break-glass:{{SessionName}}"
    # As EKS writes it by itself: without the role's path.
    assert now == "arn:aws:sts::123456789012:assumed-role/on-call/{{SessionName}}"


def test_a_grant_for_other_namespaces_never_takes_the_new_grant_with_the_old() -> None:
    """Both have one id, so the old one must be gone before the new one is made."""
    graph = run_stack(
        build_settings(
            sections(
                cluster={
                    "access": {"deployers": [role("deployer")], "namespaces": {"shop": {"editors": [role("team")]}}}
                }
            )
        )
    ).graph
    assert all(made.delete_before_replace for made in graph.all("AccessPolicyAssociation"))


def test_a_cluster_that_nobody_could_deploy_to_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"^nightowl:cluster\.access\.deployers: is empty, and admins too"):
        plan(viewers=[role("auditor")], breakGlass=role("emergency"))


def test_an_administrator_suffices_to_deploy() -> None:
    (entry,) = plan(admins=[role("admin")])
    assert entry.deploys


def test_roles_of_one_name_in_two_accounts_get_two_names() -> None:
    here, there = "arn:aws:iam::111111111111:role/a/deploy", "arn:aws:iam::222222222222:role/b/deploy"
    assert entry_name(here) != entry_name(there)
    assert entry_name(here).startswith("deploy-")


def test_the_entries_reach_aws_as_planned() -> None:
    graph = build(cluster={"access": FULL})
    entries = {made.props["principalArn"]: made.props for made in graph.all("AccessEntry")}
    assert len(entries) == 6
    assert all(props["type"] == "STANDARD" for props in entries.values())
    scopes = {
        (made.props["principalArn"].rpartition("/")[2], made.props["policyArn"]): made.props["accessScope"]
        for made in graph.all("AccessPolicyAssociation")
    }
    policies = "arn:aws:eks::aws:cluster-access-policy"
    assert scopes["deployer", f"{policies}/AmazonEKSClusterAdminPolicy"] == {"type": "cluster"}
    assert scopes["auditor", f"{policies}/AmazonEKSViewPolicy"] == {"type": "cluster"}
    assert scopes["team", f"{policies}/AmazonEKSEditPolicy"] == {"type": "namespace", "namespaces": ["shop", "blog"]}


def test_a_policy_waits_for_the_entry_of_its_role() -> None:
    graph = build(cluster={"access": FULL})
    for association in graph.all("AccessPolicyAssociation"):
        (entry,) = [
            made for made in graph.all("AccessEntry") if made.props["principalArn"] == association.props["principalArn"]
        ]
        assert graph.waits_for(association, entry)
        assert graph.deleted_before(association, entry)


def test_objects_wait_for_those_who_deploy_and_for_nobody_else() -> None:
    graph = build(cluster={"access": FULL})
    storage_class = graph.one("StorageClass")
    awaited = {
        made.props["principalArn"].rpartition("/")[2]
        for made in graph.all("AccessPolicyAssociation")
        if graph.waits_for(storage_class, made)
    }
    assert awaited == {"deployer", "admin"}
