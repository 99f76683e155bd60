"""The connection to the account of a stack, once the credentials have proven to be of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.aws import AwsError, caller, client
from infra.bootstrap.account import Account
from infra.settings.eks.platform import PARTITION, REGION_VARIABLES

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The clients of an account and region."""

    account: Account
    kms: KMSClient
    s3: S3Client
    iam: IAMClient


def connect(account: Account, environment: Mapping[str, str]) -> Connection:
    """Return the clients, after the shell (`environment`) and the credentials have proven to be those of `account`.

    Raises:
        AwsError: they are of another account, region or partition, have expired, or there are none.
    """
    for variable in REGION_VARIABLES:
        region = environment.get(variable)
        if region and region != account.region:
            raise AwsError(
                f"nightowl:platform.region: this stack lives in {account.region}, but {variable} is {region}; "
                f"set it to {account.region}, or unset it"
            )
    account_id, arn = caller(account.region)
    _check_identity(account, account_id=account_id, caller=arn)
    return Connection(
        account=account,
        kms=client("kms", account.region),
        s3=client("s3", account.region),
        iam=client("iam", account.region),
    )


def _check_identity(account: Account, *, account_id: str, caller: str) -> None:
    partition = caller.split(":")[1]
    if partition != PARTITION:
        raise AwsError(
            f"the credentials belong to the AWS partition {partition} ({caller}), and only {PARTITION} is supported"
        )
    if account_id != account.id:
        raise AwsError(
            f"nightowl:platform.accountId: this stack lives in account {account.id}, but the credentials belong "
            f"to {account_id} ({caller}); use credentials of {account.id}"
        )
