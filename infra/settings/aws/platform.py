"""`nightowl:platform` with `kind: eks`: which account and region, and how well guarded."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator

from infra.settings.model import Model
from infra.settings.scalars import Notation, Switch

REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
"""Where the shell says which region its credentials are for; the AWS SDKs read them in this order."""


def _check_region(value: str) -> str:
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", value):
        raise ValueError("is not an AWS region such as eu-central-1")
    return value


def _check_account(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"\d{12}", value):
        raise ValueError('is not an account id: twelve digits in quotes, such as "123456789012"')
    return value


Region = Annotated[str, AfterValidator(_check_region)]
AccountId = Annotated[str, BeforeValidator(_check_account)]


class EksPlatformSettings(Model):
    """An Amazon EKS cluster that this stack owns, with everything around it."""

    kind: Literal["eks"]
    """The kind of platform."""
    region: Annotated[Region, Notation("region")]
    """The AWS region, such as eu-central-1."""
    account_id: Annotated[AccountId, Notation("account id")]
    """The account that the credentials must belong to; any other is refused before anything is made."""
    protect: Switch = True
    """Whether what cannot be made again (network, cluster, keys, load balancer) is protected from deletion."""
    tags: dict[str, str] = {}
    """Tags on every resource, besides the project's and the stack's names."""
