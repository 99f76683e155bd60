"""Who gets into the cluster: IAM roles, as access entries with EKS's own access policies."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.platforms.eks.pipeline.group_roles import EPHEMERAL_GROUP, PREVIEW_GROUP
from infra.settings.eks.cluster import AccessSettings
from infra.settings.eks.delivery import RoleKind
from infra.settings.problems import refusal

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
    """One role, its name in the audit log, and what it may do.

    `deploys` is whether it may make and delete every object of the cluster.
    """

    role_arn: str
    grants: tuple[Grant, ...] = ()
    own_user_name: str = ""
    groups: tuple[str, ...] = ()
    deploys: bool = False

    @property
    def user_name(self) -> str:
        """The entry's own user name, or the one that EKS would give it."""
        return self.own_user_name or default_user_name(self.role_arn)


def plan_pipeline_access(roles: Mapping[RoleKind, str]) -> tuple[Entry, ...]:
    """Turn the roles of the pipeline, by kind, into entries.

    A deployment makes namespaces, cluster roles and webhooks, which no narrower policy of EKS allows. A preview sees no
    Secrets. The role of pull requests gets a group and no policy: access policies know no pattern such as `pr-*`, but
    the permissions and the admission policy of the group do (`infra.platforms.eks.pipeline.ephemeral_admission`).
    """
    plans: dict[RoleKind, Callable[[str], Entry]] = {
        "deploy": lambda role: Entry(role_arn=role, grants=(Grant(policy=ADMIN_POLICY),), deploys=True),
        "preview": lambda role: Entry(role_arn=role, grants=(Grant(policy=VIEW_POLICY),), groups=(PREVIEW_GROUP,)),
        "ephemeral": lambda role: Entry(role_arn=role, groups=(EPHEMERAL_GROUP,)),
    }
    return tuple(plans[kind](role) for kind, role in roles.items())


def plan_access(settings: AccessSettings) -> tuple[Entry, ...]:
    """Turn the lists of the settings into one entry per role, in the order in which the settings name the roles.

    Raises:
        SettingsError: no role could make an object in the cluster.
    """
    if not settings.admins and not settings.deployers:
        raise refusal(
            "nightowl:cluster.access.deployers",
            "is empty, and admins too, so nobody could deploy to the cluster; name the IAM role that runs `pulumi up`",
        )
    admin = (Grant(policy=ADMIN_POLICY),)
    emergency = () if settings.break_glass is None else (settings.break_glass,)
    return (
        *(Entry(role_arn=role, grants=admin, deploys=True) for role in (*settings.deployers, *settings.admins)),
        *(Entry(role_arn=role, grants=admin, own_user_name=BREAK_GLASS_USER) for role in emergency),
        *_plan_limited(settings),
    )


def default_user_name(role_arn: str) -> str:
    """Name the sessions of a role as EKS does by itself (EKS user guide, "Set a custom username").

    It is written out, because EKS keeps the name that an entry had when none is given.
    """
    account, resource = role_arn.split(":")[4:]
    return f"arn:aws:sts::{account}:assumed-role/{resource.rpartition('/')[2]}/{{{{SessionName}}}}"


def entry_name(role_arn: str) -> str:
    """Name the resources of a role: the end of its name, and a hash, as two accounts may name a role alike."""
    short = role_arn.rsplit("/", 1)[1].lower()[:40]
    return f"{short}-{hashlib.sha256(role_arn.encode()).hexdigest()[:6]}"


class Access(pulumi.ComponentResource):
    """One access entry per role. The role that made the cluster gets none by that.

    `pipeline` are the ARNs of the pipeline's roles by kind, `pipeline_roles` the roles themselves; `cluster_name` is an
    output of the cluster.

    `of_deployers` is what must exist before, and outlive, every object that a deployment makes in the cluster.
    """

    of_deployers: Sequence[pulumi.Resource]

    def __init__(
        self,
        name: str,
        *,
        settings: AccessSettings,
        cluster_name: pulumi.Input[str],
        pipeline: Mapping[RoleKind, str],
        pipeline_roles: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("nightowl:eks:Access", name, None, opts)
        self._cluster_name = cluster_name
        people = {entry: self._make_entry(entry, wait_for=()) for entry in plan_access(settings)}
        # EKS refuses an entry for a role that does not exist.
        machines = {entry: self._make_entry(entry, wait_for=pipeline_roles) for entry in plan_pipeline_access(pipeline)}
        made = {**people, **machines}
        self.of_deployers = tuple(resource for entry, of in made.items() if entry.deploys for resource in of)
        self.register_outputs({})

    def _make_entry(self, entry: Entry, *, wait_for: Sequence[pulumi.Resource]) -> Sequence[pulumi.Resource]:
        name = entry_name(entry.role_arn)
        access = aws.eks.AccessEntry(
            name,
            cluster_name=self._cluster_name,
            principal_arn=entry.role_arn,
            type="STANDARD",
            user_name=entry.user_name,
            # EKS keeps what an entry has where nothing is said, so that no group is said too.
            kubernetes_groups=list(entry.groups),
            opts=pulumi.ResourceOptions(parent=self, depends_on=wait_for),
        )
        return (access, *(self._make_association(name, grant, access) for grant in entry.grants))

    def _make_association(
        self, name: str, grant: Grant, access: aws.eks.AccessEntry
    ) -> aws.eks.AccessPolicyAssociation:
        return aws.eks.AccessPolicyAssociation(
            f"{name}-{grant.policy.removeprefix('AmazonEKS').removesuffix('Policy').lower()}",
            cluster_name=access.cluster_name,
            # Taken from the entry, so that the association waits for it: EKS refuses a policy for an unknown role.
            principal_arn=access.principal_arn,
            policy_arn=f"arn:aws:eks::aws:cluster-access-policy/{grant.policy}",
            access_scope=aws.eks.AccessPolicyAssociationAccessScopeArgs(
                type="namespace" if grant.namespaces else "cluster", namespaces=list(grant.namespaces) or None
            ),
            # A role has each policy once, whatever its scope: a successor made first would be deleted with the old one.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
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
