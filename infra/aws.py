"""AWS for the commands: clients, and each failure of a call as one sentence with its remedy."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    SSOError,
)

from infra.errors import NightowlError

DENIED_CODES = frozenset({"403", "AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
EXPIRED_CODES = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
UNKNOWN_CREDENTIALS_CODES = frozenset(
    {"InvalidAccessKeyId", "InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException"}
)
_SIGN_IN = "sign in (`aws sso login`, or set AWS_PROFILE) and run the same command again"


class AwsError(NightowlError):
    """AWS refused a call, or could not be reached. The message says what to do."""


def client(service: str, region: str | None) -> Any:
    """Return the client of a service. Credentials are found as the AWS command finds them.

    The caller names its type: `boto3.client` has a type for every service of AWS, installed or not.
    """
    calls = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=10, read_timeout=30)
    return cast(Any, boto3).client(service, region_name=region, config=calls)


def caller(region: str) -> tuple[str, str]:
    """Return the account of the credentials, and the ARN of who has them. Raises AwsError."""
    with aws_errors("tell whose credentials these are", "sts:GetCallerIdentity"):
        identity = client("sts", region).get_caller_identity()
        return identity["Account"], identity["Arn"]


@contextmanager
def aws_errors(what: str, permission: str, absent: Collection[str] = ()) -> Generator[None]:
    """Raise every failure of the calls inside as one sentence: `what` was asked ("read the tags of bucket x").

    An answer with a code of `absent` says that there is no such thing: the block ends there without a failure.

    Raises:
        AwsError: AWS refuses, cannot be reached, or does not know the credentials.
    """
    try:
        yield
    except ClientError as error:
        if code_of(error) not in absent:
            raise AwsError(_refusal(error, what, permission)) from None
    except BotoCoreError as error:
        raise AwsError(_failure(error, what)) from None


def code_of(error: ClientError) -> str:
    """Return the code of an answer: a name such as `NoSuchBucket`, or the HTTP status of one without a body."""
    return str(_details(error).get("Code", "unknown"))


def message_of(error: ClientError) -> str:
    """Return an answer's own words, on one line."""
    return " ".join(str(_details(error).get("Message", "")).split())


def _details(error: ClientError) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], error.response.get("Error", {}))


def _refusal(error: ClientError, what: str, permission: str) -> str:
    code, message = code_of(error), message_of(error)
    if code in EXPIRED_CODES:
        return f"the AWS credentials have expired; {_SIGN_IN}"
    if code in UNKNOWN_CREDENTIALS_CODES:
        return f"AWS does not know these credentials ({code}); {_SIGN_IN}"
    if code in DENIED_CODES:
        denial = "an explicit deny forbids" if "explicit deny" in message else "the credentials lack"
        return f"AWS refuses to {what}: {denial} the permission {permission}{f' ({message})' if message else ''}"
    return f"AWS did not {what}: {message or 'no reason given'} ({code}); run the same command again once it is mended"


def _failure(error: BotoCoreError, what: str) -> str:
    reason = " ".join(str(error).split()).rstrip(".")
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return f"there are no AWS credentials in this shell; {_SIGN_IN}"
    if isinstance(error, ProfileNotFound):
        return f"{error}; set AWS_PROFILE to one of ~/.aws/config"
    if isinstance(error, SSOError | CredentialRetrievalError):
        return f"the AWS credentials cannot be used: {reason}; {_SIGN_IN}"
    if isinstance(error, EndpointConnectionError | ConnectTimeoutError | ReadTimeoutError):
        return f"AWS was not reached to {what}: {reason}; check the network, and run the same command again"
    return f"AWS was not asked to {what}: {reason}"
