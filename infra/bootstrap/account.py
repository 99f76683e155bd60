"""The account that the credentials belong to, once it has proven to be the stack's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, cast, overload

import boto3
from botocore.config import Config

from infra.bootstrap.place import Place
from infra.bootstrap.refusals import BootstrapError, asking
from infra.settings.eks.platform import PARTITION, REGION_VARIABLES

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sts import STSClient

_CALLS = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=10, read_timeout=30)


class _Session(Protocol):
    """What is used of `boto3.Session`, whose own type names every service of AWS."""

    @overload
    def client(self, service_name: Literal["iam"], *, config: Config) -> IAMClient: ...
    @overload
    def client(self, service_name: Literal["kms"], *, config: Config) -> KMSClient: ...
    @overload
    def client(self, service_name: Literal["s3"], *, config: Config) -> S3Client: ...
    @overload
    def client(self, service_name: Literal["sts"], *, config: Config) -> STSClient: ...


@dataclass(frozen=True, kw_only=True)
class Account:
    """The clients of one account and region."""

    place: Place
    kms: KMSClient
    s3: S3Client
    iam: IAMClient


def connect(place: Place, environment: Mapping[str, str]) -> Account:
    """Make the clients, after the shell and the credentials have proven to be those of `place`.

    `environment` is what the shell says (`os.environ`). The credentials are found as the AWS command finds them.

    Raises:
        BootstrapError: they are of another account, region or partition, have expired, or there are none.
    """
    _check_region(place, environment)
    with asking("tell whose credentials these are", "sts:GetCallerIdentity"):
        session = cast("_Session", boto3.Session(region_name=place.region))
        identity = session.client("sts", config=_CALLS).get_caller_identity()
    _check_identity(place, account_id=identity["Account"], caller=identity["Arn"])
    return Account(
        place=place,
        kms=session.client("kms", config=_CALLS),
        s3=session.client("s3", config=_CALLS),
        iam=session.client("iam", config=_CALLS),
    )


def _check_region(place: Place, environment: Mapping[str, str]) -> None:
    for variable in REGION_VARIABLES:
        told = environment.get(variable)
        if told and told != place.region:
            raise BootstrapError(
                f"nightowl:platform.region: this stack lives in {place.region}, but {variable} is {told}; "
                f"set it to {place.region}, or unset it"
            )


def _check_identity(place: Place, *, account_id: str, caller: str) -> None:
    partition = caller.split(":")[1]
    if partition != PARTITION:
        raise BootstrapError(
            f"the credentials belong to the AWS partition {partition} ({caller}), and only {PARTITION} is supported"
        )
    if account_id != place.account_id:
        raise BootstrapError(
            f"nightowl:platform.accountId: this stack lives in account {place.account_id}, but the credentials belong "
            f"to {account_id} ({caller}); use credentials of {place.account_id}"
        )
