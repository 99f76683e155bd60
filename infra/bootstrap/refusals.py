"""What AWS answers, told in one sentence."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, cast

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


class BootstrapError(NightowlError):
    """AWS refuses, or holds something that a bootstrap must not touch. The message says what to do."""


@contextmanager
def asking(what: str, permission: str) -> Generator[None]:
    """Raise every failure of the calls inside as one sentence: `what` was asked ("read the tags of bucket x").

    Raises:
        BootstrapError: AWS refuses, cannot be reached, or does not know the credentials.
    """
    try:
        yield
    except ClientError as error:
        raise BootstrapError(_answer(error, what, permission)) from None
    except BotoCoreError as error:
        raise BootstrapError(_failure(error, what)) from None


def code_of(error: ClientError) -> str:
    """Return the code of an answer: a name such as `NoSuchBucket`, or the HTTP status of one without a body."""
    return str(_details(error).get("Code", "unknown"))


def message_of(error: ClientError) -> str:
    """Return an answer's own words, on one line."""
    return " ".join(str(_details(error).get("Message", "")).split())


def _details(error: ClientError) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], error.response.get("Error", {}))


def _answer(error: ClientError, what: str, permission: str) -> str:
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
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return f"there are no AWS credentials in this shell; {_SIGN_IN}"
    if isinstance(error, ProfileNotFound):
        return f"{error}; set AWS_PROFILE to one of ~/.aws/config"
    if isinstance(error, SSOError | CredentialRetrievalError):
        return f"the AWS credentials cannot be used: {_line(error)}; {_SIGN_IN}"
    if isinstance(error, EndpointConnectionError | ConnectTimeoutError | ReadTimeoutError):
        return f"AWS was not reached to {what}: {_line(error)}; check the network, and run the same command again"
    return f"AWS was not asked to {what}: {_line(error)}"


def _line(error: BotoCoreError) -> str:
    return " ".join(str(error).split()).rstrip(".")


_SIGN_IN = "sign in (`aws sso login`, or set AWS_PROFILE) and run the same command again"
