"""The AWS provider of a stack, and the guard in front of it."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.names import cluster_name
from infra.settings.eks.cluster import AccessSettings
from infra.settings.eks.delivery import RoleKind
from infra.settings.eks.platform import REGION_VARIABLES
from infra.settings.guest import AwsPlatformSettings, GuestPlatformSettings
from infra.settings.problems import refusal


def make_context(
    settings: AwsPlatformSettings,
    *,
    access: AccessSettings,
    pipeline: Mapping[RoleKind, str],
    environment: Mapping[str, str],
) -> AwsContext:
    """Make the provider of the running stack, once the credentials have proven to be those of the settings.

    `access` names the roles that may deploy, `pipeline` the ARNs of those that the stack makes for GitHub.
    `environment` holds the variables of the shell (`os.environ`). The name of a guest is that of the stack with the
    cluster: by it the controllers of the cluster know what is theirs.

    Raises:
        SettingsError: account, role or region are others than the settings'. Nothing was made then.
    """
    check_credentials(settings, access=access, pipeline=pipeline, environment=environment)
    project, stack = pulumi.get_project(), pulumi.get_stack()
    is_guest = isinstance(settings, GuestPlatformSettings)
    tags = default_tags(settings, project=project, stack=stack)
    return AwsContext(
        name=cluster_name(project, settings.stack if is_guest else stack),
        project=project,
        stack=stack,
        account_id=settings.account_id,
        region=settings.region,
        provider=make_provider(settings, tags),
        tags=tags,
        protect=not is_guest and settings.protect,
    )


def check_credentials(
    settings: AwsPlatformSettings,
    *,
    access: AccessSettings,
    pipeline: Mapping[RoleKind, str],
    environment: Mapping[str, str],
) -> None:
    """Refuse credentials of another account, of a role that may not deploy, or of a shell for another region.

    Raises:
        SettingsError: naming what is, and what should be.
    """
    # Its own provider without an account list: the list would end the program with the provider's error, not with ours.
    credentials = aws.Provider("credentials", region=settings.region)
    identity = aws.get_caller_identity(opts=pulumi.InvokeOptions(provider=credentials))
    check_account(settings, account_id=identity.account_id, caller=identity.arn)
    check_caller(access, pipeline, caller=identity.arn, preview=pulumi.runtime.is_dry_run())
    check_region(settings, environment=environment)


def check_account(settings: AwsPlatformSettings, *, account_id: str, caller: str) -> None:
    """Refuse credentials of another account.

    Raises:
        SettingsError: naming both accounts.
    """
    if account_id != settings.account_id:
        raise refusal(
            "nightowl:platform.accountId",
            f"this stack lives in account {settings.account_id}, but the credentials "
            f"belong to {account_id} ({caller}); use credentials of {settings.account_id}",
        )


def check_caller(access: AccessSettings, pipeline: Mapping[RoleKind, str], *, caller: str, preview: bool) -> None:
    """Refuse a role that could make the cluster, but nothing in it. Without any role `cluster/access.py` refuses.

    A preview makes nothing, and is often run by a role that may only read: there it is a warning. The pipeline's own
    role for previews is made to read, so it gets none.

    Raises:
        SettingsError: the caller of an update is neither deployer nor admin, nor the pipeline's role for deployments.
    """
    people = (*access.deployers, *access.admins)
    roles = (*people, *(role for kind, role in pipeline.items() if kind == "deploy"))
    may_look = [role for kind, role in pipeline.items() if kind == "preview" and preview]
    if not people or _role(caller) in {_role(role) for role in (*roles, *may_look)}:
        return
    key, problem = "nightowl:cluster.access.deployers", f"{caller} is no role that may deploy to the cluster"
    remedy = f"use {' or '.join(roles)}, or add its role here"
    account = _account(caller)
    if account not in map(_account, people):
        # Whoever has credentials of the account is not among them, so it does not matter who that is.
        problem, remedy = f"no role here is of account {account}, in which the stack lives", "name the one that deploys"
    if not preview:
        raise refusal(key, f"{problem}; {remedy}")
    pulumi.log.warn(f"{key}: {problem}, so an update would be refused; {remedy}")


def check_region(settings: AwsPlatformSettings, *, environment: Mapping[str, str]) -> None:
    """Refuse a shell that is set to another region.

    Raises:
        SettingsError: naming both regions.
    """
    variable = next((name for name in REGION_VARIABLES if environment.get(name)), None)
    if variable is not None and environment[variable] != settings.region:
        raise refusal(
            "nightowl:platform.region",
            f"this stack lives in {settings.region}, but {variable} is "
            f"{environment[variable]}; set it to {settings.region}, or unset it",
        )


def default_tags(settings: AwsPlatformSettings, *, project: str, stack: str) -> dict[str, str]:
    """Return the tags of all resources. The three that name its place cannot be replaced by the settings' own."""
    return {**settings.tags, "project": project, "stack": stack, "managed-by": "pulumi"}


def _account(arn: str) -> str:
    return arn.split(":")[4]


def _role(arn: str) -> tuple[str, str] | None:
    """Return account and name of the role that an ARN is of, or None for anybody else's.

    A session's ARN leaves the role's path out; an account has each name once, whatever its path.
    """
    account, resource = arn.split(":", 5)[4:]
    kind, *parts = resource.split("/")
    if kind == "assumed-role":
        return account, parts[0]
    return (account, parts[-1]) if kind == "role" else None


def make_provider(settings: AwsPlatformSettings, tags: Mapping[str, str]) -> aws.Provider:
    """Make the provider of the stack: for one account and region, with the tags of every resource."""
    return aws.Provider(
        "aws",
        region=settings.region,
        allowed_account_ids=[settings.account_id],
        default_tags=aws.ProviderDefaultTagsArgs(tags=tags),
    )
