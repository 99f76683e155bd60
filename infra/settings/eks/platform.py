"""`nightowl:platform` with `kind: eks`: which account and region, and how well guarded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator

from infra.settings.model import FieldError, Model, raise_any
from infra.settings.scalars import Notation, Switch, form

REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
"""Where the shell says which region its credentials are for; the AWS SDKs read them in this order."""


PARTITION = "aws"
OTHER_PARTITIONS = ("cn-", "us-gov-", "us-iso", "eu-isoe-", "eusc-")
"""How the regions of China, GovCloud, the isolated partitions and the European Sovereign Cloud begin (AWS General
Reference, "Regions and endpoints"). Service principals, endpoints and load-balancer features differ there."""

MOST_TAGS = 40
"""A resource has at most 50; the rest is for the project's own and for those of EKS and the CSI driver."""
LONGEST_TAG_KEY = 127
LONGEST_TAG_VALUE = 255
"""Of the strictest service (CodeBuild API, Tag); most others take 128 and 256."""
OWN_TAGS = (
    "project",
    "stack",
    "managed-by",
    "Name",
    "app",
    "cluster",
    "made-by-stack",
)
"""Keys that the program gives to resources itself."""
CONTROLLERS_TAGS = ("kubernetes.io", "k8s.io", "k8s.aws", "ebs.csi.aws.com")
"""Prefixes by which controllers of the cluster know what is theirs: on every resource they would mislead them."""
_TAG_TEXT = re.compile(r"[\w +=.:/@-]*")
"""What every service accepts in keys and values."""


def _check_region(value: str) -> str:
    if value.startswith(OTHER_PARTITIONS):
        raise ValueError("is not of the standard partition of AWS, and no other one is supported")
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", value):
        raise ValueError("is not an AWS region such as eu-central-1")
    return value


def _check_tags(tags: dict[str, str]) -> dict[str, str]:
    raise_any(_tag_errors(tags))
    return tags


def _tag_errors(tags: Mapping[str, str]) -> Iterator[FieldError]:
    # IAM takes keys that differ in case for the same, and refuses the second.
    own = {key.casefold(): key for key in OWN_TAGS}
    seen: dict[str, str] = {}
    for key in tags:
        if key.casefold() in own:
            yield FieldError((key,), f"is the project's own tag {own[key.casefold()]}, in any case; choose another key")
        elif key.casefold() in seen:
            message = f"differs from {seen[key.casefold()]} in case only, which IAM takes for the same; remove one"
            yield FieldError((key,), message)
        seen.setdefault(key.casefold(), key)
    if len(tags) > MOST_TAGS:
        yield FieldError((), f"has {len(tags)} tags; more than {MOST_TAGS} do not fit on every resource")
    for key, value in tags.items():
        if not 1 <= len(key) <= LONGEST_TAG_KEY or not _TAG_TEXT.fullmatch(key):
            yield FieldError(
                (key,), f"is no key of a tag: 1 to {LONGEST_TAG_KEY} letters, digits, spaces and + - = . _ : / @"
            )
        elif key.casefold().startswith(("aws:", "eks:")):
            yield FieldError((key,), f"begins with {key[:4].lower()}, which AWS keeps for itself; choose another key")
        elif _is_of_a_controller(key.casefold()):
            yield FieldError((key,), "is read by controllers of the cluster; choose another key")
        if len(value) > LONGEST_TAG_VALUE or not _TAG_TEXT.fullmatch(value):
            message = f"is no value of a tag: at most {LONGEST_TAG_VALUE} letters, digits, spaces and + - = . _ : / @"
            yield FieldError((key,), message)


def _is_of_a_controller(key: str) -> bool:
    prefix = key.partition("/")[0]
    return any(prefix == one or prefix.endswith(f".{one}") for one in CONTROLLERS_TAGS)


Region = Annotated[str, AfterValidator(_check_region), Notation("region")]
_check_account_id = form(r"\d{12}", 'is not an account id: twelve digits in quotes, such as "123456789012"')
AccountId = Annotated[str, BeforeValidator(_check_account_id), Notation("account id")]
Tags = Annotated[dict[str, str], AfterValidator(_check_tags)]


class EksPlatformSettings(Model):
    """An Amazon EKS cluster that this stack owns, with everything around it."""

    kind: Literal["eks"]
    """The kind of platform."""
    region: Region
    """The AWS region, such as eu-central-1."""
    account_id: AccountId
    """The account that the credentials must belong to; any other is refused before anything is made."""
    protect: Switch = True
    """Whether what cannot be made again (network, cluster, keys, load balancer) is protected from deletion."""
    tags: Tags = {}
    """Tags on every resource, besides the project's and the stack's names."""
