"""Who gets into the cluster: IAM roles, as access entries with EKS's own access policies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.aws.context import AwsContext
from infra.settings.aws.cluster import AccessSettings

ADMIN_POLICY = "AmazonEKSClusterAdminPolicy"
EDIT_POLICY = "AmazonEKSEditPolicy"
VIEW_POLICY = "AmazonEKSViewPolicy"
"""Everything but Secrets, which `AmazonEKSAdminViewPolicy` would show (EKS user guide, "Review access policy
permissions")."""
BREAK_GLASS_USER = "break-glass:{{SessionName}}"
"""User name of the emergency role in the audit log; a colon must come before the session name (EKS user guide, "Create
access entries")."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One access policy for a role: in the `namespaces`, or in the whole cluster if there are none."""

    policy: str
    namespaces: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One role and what it may do. `deploys` tells whether it may make and delete every object of the cluster."""

    role_arn: str
    grants: tuple[Grant, ...]
    user_name: str | None = None
    deploys: bool = False


def plan_access(settings: AccessSettings) -> tuple[Entry, ...]:
    """Turn the lists of the settings into one entry per role, in the order in which the settings name the roles.

    Raises:
        pulumi.RunError: no role could make an object in the cluster.
    """
    if not settings.admins and not settings.deployers:
        raise pulumi.RunError(
            "nightowl:cluster.access.deployers: is empty, and admins too, so nobody could deploy to the cluster; "
            "name the IAM role that runs `pulumi up`"
        )
    admin = (Grant(policy=ADMIN_POLICY),)
    emergency = () if settings.break_glass is None else (settings.break_glass,)
    return (
        *(Entry(role_arn=role, grants=admin, deploys=True) for role in (*settings.deployers, *settings.admins)),
        *(Entry(role_arn=role, grants=admin, user_name=BREAK_GLASS_USER) for role in emergency),
        *_plan_limited(settings),
    )


def entry_name(role_arn: str) -> str:
    """Name the resources of a role: the end of its name, and a hash, as two accounts may name a role alike."""
    short = role_arn.rsplit("/", 1)[1].lower()[:40]
    return f"{short}-{hashlib.sha256(role_arn.encode()).hexdigest()[:6]}"


@dataclass(frozen=True, kw_only=True)
class AccessArgs:
    """`cluster_name` is the name as the made cluster tells it (`Cluster.made_name`)."""

    context: AwsContext
    settings: AccessSettings
    cluster_name: pulumi.Input[str]


class Access(pulumi.ComponentResource):
    """One access entry per role. Whoever made the cluster gets none by that.

    `of_deployers` is what must exist before, and outlive, every object that a deployment makes in the cluster.
    """

    of_deployers: Sequence[pulumi.Resource]

    def __init__(self, name: str, args: AccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:aws:Access", name, None, opts)
        made = {entry: self._make_entry(entry, args) for entry in plan_access(args.settings)}
        self.of_deployers = tuple(resource for entry, of in made.items() if entry.deploys for resource in of)
        self.register_outputs({})

    def _make_entry(self, entry: Entry, args: AccessArgs) -> Sequence[pulumi.Resource]:
        name = entry_name(entry.role_arn)
        access = aws.eks.AccessEntry(
            name,
            cluster_name=args.cluster_name,
            principal_arn=entry.role_arn,
            type="STANDARD",
            user_name=entry.user_name,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return (access, *(self._make_association(name, grant, access, args.context) for grant in entry.grants))

    def _make_association(
        self, name: str, grant: Grant, access: aws.eks.AccessEntry, context: AwsContext
    ) -> aws.eks.AccessPolicyAssociation:
        return aws.eks.AccessPolicyAssociation(
            f"{name}-{grant.policy.removeprefix('AmazonEKS').removesuffix('Policy').lower()}",
            cluster_name=access.cluster_name,
            # Taken from the entry, so that the association waits for it: EKS refuses a policy for an unknown role.
            principal_arn=access.principal_arn,
            policy_arn=f"arn:{context.partition}:eks::aws:cluster-access-policy/{grant.policy}",
            access_scope=aws.eks.AccessPolicyAssociationAccessScopeArgs(
                type="namespace" if grant.namespaces else "cluster", namespaces=list(grant.namespaces) or None
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _plan_limited(settings: AccessSettings) -> Iterable[Entry]:
    """Plan for the roles that do not administer; one may view the cluster and edit in some namespaces."""
    grants = {role: [Grant(policy=VIEW_POLICY)] for role in settings.viewers}
    edited: dict[str, list[str]] = {}
    viewed: dict[str, list[str]] = {}
    for namespace, access in settings.namespaces.items():
        for of_policy, roles in ((edited, access.editors), (viewed, access.viewers)):
            for role in roles:
                of_policy.setdefault(role, []).append(namespace)
    for policy, of_policy in ((EDIT_POLICY, edited), (VIEW_POLICY, viewed)):
        for role, namespaces in of_policy.items():
            grants.setdefault(role, []).append(Grant(policy=policy, namespaces=tuple(namespaces)))
    return (Entry(role_arn=role, grants=tuple(granted)) for role, granted in grants.items())
