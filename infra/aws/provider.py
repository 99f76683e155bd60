"""The AWS provider of a stack, and the guard in front of it."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from infra.aws.context import AwsContext
from infra.settings.aws.platform import REGION_VARIABLES, EksPlatformSettings


def make_context(
    settings: EksPlatformSettings, *, project: str, stack: str, environment: Mapping[str, str] | None = None
) -> AwsContext:
    """Make the stack's provider, once the credentials have proven to be those of the settings.

    `environment` is what the shell says (`os.environ`); leave it out where nothing real is made.

    Raises:
        pulumi.RunError: account, partition or region are others than the settings'. Nothing was made then.
    """
    # Its own provider without an account list: the list would end the program with the provider's error, not with ours.
    credentials = aws.Provider("credentials", region=settings.region)
    identity = aws.get_caller_identity(opts=pulumi.InvokeOptions(provider=credentials))
    partition = identity.arn.split(":")[1]
    check_account(settings, account_id=identity.account_id, caller=identity.arn)
    check_region(settings, partition=partition, environment=environment or {})
    return AwsContext(
        name=f"{project}-{stack}",
        stack=stack,
        account_id=settings.account_id,
        region=settings.region,
        partition=partition,
        provider=_make_provider(settings, project=project, stack=stack),
        protect=settings.protect,
    )


def check_account(settings: EksPlatformSettings, *, account_id: str, caller: str) -> None:
    """Refuse credentials of another account.

    Raises:
        pulumi.RunError: naming both accounts.
    """
    if account_id != settings.account_id:
        raise pulumi.RunError(
            f"nightowl:platform.accountId: this stack lives in account {settings.account_id}, but the credentials "
            f"belong to {account_id} ({caller}); use credentials of {settings.account_id}"
        )


def check_region(settings: EksPlatformSettings, *, partition: str, environment: Mapping[str, str]) -> None:
    """Refuse credentials of another partition (China, GovCloud), or a shell that is set to another region.

    Raises:
        pulumi.RunError: naming both regions or partitions.
    """
    if partition != partition_of(settings.region):
        raise pulumi.RunError(
            f"nightowl:platform.region: {settings.region} is in partition {partition_of(settings.region)}, but the "
            f"credentials belong to {partition}; use credentials of {partition_of(settings.region)}"
        )
    variable = next((name for name in REGION_VARIABLES if environment.get(name)), None)
    if variable is not None and environment[variable] != settings.region:
        raise pulumi.RunError(
            f"nightowl:platform.region: this stack lives in {settings.region}, but {variable} is "
            f"{environment[variable]}; set it to {settings.region}, or unset it"
        )


def partition_of(region: str) -> str:
    """Tell the partition of a region: `aws-cn` for China, `aws-us-gov` for GovCloud, else `aws`."""
    prefixes = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
    return next((partition for prefix, partition in prefixes.items() if region.startswith(prefix)), "aws")


def default_tags(settings: EksPlatformSettings, *, project: str, stack: str) -> dict[str, str]:
    """Tell the tags of every resource. The three that say where it belongs cannot be replaced by the settings' own."""
    return {**settings.tags, "project": project, "stack": stack, "managed-by": "pulumi"}


def _make_provider(settings: EksPlatformSettings, *, project: str, stack: str) -> aws.Provider:
    return aws.Provider(
        "aws",
        region=settings.region,
        allowed_account_ids=[settings.account_id],
        default_tags=aws.ProviderDefaultTagsArgs(tags=default_tags(settings, project=project, stack=stack)),
    )
