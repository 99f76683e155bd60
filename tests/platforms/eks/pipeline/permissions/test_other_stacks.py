"""Nothing of one stack reaches another in the same account: every action of every role, on every kind of resource."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.platforms.eks.iam_evaluator import all_allow
from tests.platforms.eks.pipeline.permissions.other_stack import things_of
from tests.platforms.eks.pipeline.permissions.reach import A, B, call, identities, reachable
from tests.platforms.eks.pipeline.permissions.stacks_of_all_kinds import types_of_everything

BY_DESIGN: Mapping[tuple[str, str], str] = {
    ("deploy", "DNS zone"): "a VPC is associated with private zones only, and the zones of load balancers are public",
    ("deploy", "bucket of access logs"): (
        "the name of a bucket says only that it has access logs; docs/decisions/0009 tells of it"
    ),
}
"""What is reachable all the same, and where the documentation says so: by role and kind."""
ROLES = (
    "app",
    "cluster-autoscaler",
    "control-plane",
    "deploy",
    "ebs-csi-driver",
    "ephemeral",
    "flow-logs",
    "load-balancer-controller",
    "made-nightowl/dev/app",
    "made-nightowl/dev/control-plane",
    "made-nightowl/dev/guest",
    "node",
    "preview",
    "vpc-cni",
)


def test_every_role_is_here() -> None:
    assert sorted(identities()) == list(ROLES)


@pytest.mark.parametrize("role", ROLES)
def test_no_role_of_a_stack_changes_or_reads_what_another_stack_has(role: str) -> None:
    unexpected = {(action, kind) for action, kind in reachable(role) if (role, kind) not in BY_DESIGN}
    assert unexpected == set()


def test_what_is_reachable_by_design_still_is() -> None:
    reached = {(role, kind) for role in identities() for _, kind in reachable(role)}
    assert reached == set(BY_DESIGN)


def test_each_kind_that_the_stacks_make_is_among_those_of_the_other_stack() -> None:
    services = {kind.partition(":")[2].partition("/")[0] for kind in types_of_everything()}
    assert len(things_of(B)) >= 45
    assert {"ec2", "vpc", "iam", "eks", "kms", "lb", "ecr", "s3", "route53", "acm", "wafv2"} <= services


def test_a_role_of_a_stack_does_reach_its_own() -> None:
    """Or the table would prove that nobody reaches anything."""
    principal, policies, bounds = identities()["deploy"]
    [vpc] = [thing for thing in things_of(A) if thing.kind == "vpc"]
    assert all_allow(policies, call(principal, "ec2:DeleteVpc", vpc, {}), boundary=bounds)
