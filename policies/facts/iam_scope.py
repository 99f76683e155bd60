"""How far a statement of IAM reaches: what its patterns mean, and whether a condition takes anything away.

A pattern is tried on samples, so that it does not matter how it is written: `*`, `?*`, `i?m:*`, or one pattern for each
letter of the alphabet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from infra.values import words
from policies.facts.addresses import open_to_internet

Conditions = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Values by operator and key, the keys in lower case."""

_VERBS = words("""
    Add Associate Attach Create Delete Describe Get List Modify Put Register Remove Run Send Set Start Stop Tag
    Update
""")
"""How most names of actions begin (AWS Service Authorization Reference)."""
_SERVICES = words("""
    cloudformation cloudtrail dynamodb ec2 ecr eks elasticloadbalancing iam kms lambda logs organizations rds
    route53 s3 secretsmanager sns sqs ssm sts
""")
"""Services that every account uses, or that decide over all others."""
_UNLIKELY = "q7zk2xw"
"""What no real name ends in."""
_SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789"
_NAMES = tuple(f"{sign}{_UNLIKELY}-_.{_SIGNS}{_UNLIKELY}" for sign in _SIGNS)
"""Names that nobody gives, one for each sign that a name begins with; every sign is somewhere in each of them."""
_ARNS = (
    "arn:aws:iam::777788889999:role/",
    "arn:aws:kms:eu-central-1:777788889999:key/",
    "arn:aws:s3:::",
    "arn:aws:secretsmanager:eu-central-1:777788889999:secret:",
)
"""How the ARNs of what is worth most begin, for patterns that do not keep to the parts of one."""
_WITHOUT_KIND = {"s3", "sns", "sqs"}
"""Services whose ARNs have a name after the account, and no kind of thing before it."""
_ARN_PARTS = 6

_OF_THE_CALL = words("""
    aws:calledvia aws:currenttime aws:ec2instancesource aws:epochtime aws:federatedprovider aws:multifactorauth
    aws:principal aws:referer aws:requestedregion aws:resourceaccount aws:resourceorg aws:securetransport
    aws:sourceip aws:sourcevpc aws:tokenissuetime aws:useragent aws:userid aws:username aws:via aws:vpcsourceip
""")
"""How keys begin that say who calls, when, from where or how, or in whose account, and nothing of what is touched there
(IAM user guide, "AWS global condition context keys")."""
_OF_THE_CALLER = words("""
    aws:principalaccount aws:principalarn aws:principalorgid aws:principalorgpaths aws:sourceaccount
    aws:sourcearn aws:sourceip aws:sourceorgid aws:sourceorgpaths aws:sourceowner aws:sourcevpc aws:sourcevpce
    aws:userid elasticfilesystem:accessedviamounttarget kms:calleraccount s3:dataaccesspointaccount
    s3:dataaccesspointarn
""")
"""Keys that tell one caller, account or network from the rest of the world (Amazon S3 user guide, "The meaning of
public"; KMS and EFS developer guides; read 2026-11-26)."""
_ASKING = {"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike", "IpAddress", "Bool"}
"""Operators that ask for a value; the others leave one out, or compare."""
_ANY_OF = "ForAnyValue:"
_SHORTEST_IDENTIFIER = 10
"""An organisation's id has a dozen signs, a user's id twenty: what is shorter before a wildcard means many (IAM
identifiers)."""


@lru_cache(maxsize=8192)
def _compiled(pattern: str) -> re.Pattern[str]:
    signs = (".*" if sign == "*" else "." if sign == "?" else re.escape(sign) for sign in pattern.lower())
    return re.compile("".join(signs), re.DOTALL)


@lru_cache(maxsize=65536)
def matches(pattern: str, value: str) -> bool:
    """Return whether a pattern of IAM, with `*` and `?`, means a value; upper and lower case are the same."""
    if "*" not in pattern and "?" not in pattern:
        # Most patterns are the name of one action, and to compile one takes longer than all else about it.
        return pattern.lower() == value.lower()
    return _compiled(pattern).fullmatch(value.lower()) is not None


@lru_cache(maxsize=65536)
def any_matches(patterns: tuple[str, ...], value: str) -> bool:
    """Return whether one of several patterns of IAM means a value."""
    return any(matches(pattern, value) for pattern in patterns)


@lru_cache(maxsize=2048)
def is_total(actions: frozenset[str]) -> bool:
    """Return whether patterns, alone or together, mean nearly every action of most services."""
    return 2 * sum(_covers_service(actions, service) for service in _SERVICES) > len(_SERVICES)


@lru_cache(maxsize=2048)
def whole_services(actions: tuple[str, ...]) -> tuple[str, ...]:
    """Return the services of which patterns, alone or together, mean nearly every action, as written where one does."""
    alone = [one for one in actions if _is_whole(one)]
    named = {one.lower().partition(":")[0] for one in actions if ":" in one}
    plain = sorted(service for service in named if "*" not in service and "?" not in service)
    covered = [f"{service}:*" for service in plain if _covers_service(actions, service)]
    return tuple(alone or covered)


def leaves_open(resources: Iterable[str]) -> bool:
    """Return whether ARNs, alone or together, leave open which things of a kind are meant."""
    return _mean_any_name(tuple(_name_in(one) for one in resources))


def means_everything(resources: Iterable[str]) -> bool:
    """Return whether ARNs, alone or together, mean things of every kind."""
    return _mean_any_name(tuple(_kind_in(one) for one in resources))


def asks_for(conditions: Conditions, *keys: str) -> bool:
    """Return whether a condition asks one of the keys for values that do not mean anything at all."""
    return any(key in keys and not _mean_anything(values) for key, values in _asked(conditions))


def narrows(conditions: Conditions) -> bool:
    """Return whether a condition takes away from what a statement of an identity may touch.

    Who calls, when and from where does not: the holder of a stolen key is who he says he is.
    """
    return any(
        not key.startswith(_OF_THE_CALL) and not _mean_anything(values) for key, values in _asked(conditions)
    ) or any(
        set(values) == {"false"} and not key.startswith((*_OF_THE_CALL, "iam:passedtoservice"))
        for key, values in conditions.get("Null", {}).items()
    )


def names_callers(conditions: Conditions) -> bool:
    """Return whether a condition tells callers, accounts or networks from the rest of the world."""
    return any(key in _OF_THE_CALLER and values and _are_known(key, values) for key, values in _asked(conditions))


def tells_tokens_apart(conditions: Conditions, *, by_audience: bool) -> bool:
    """Return whether a condition tells the tokens of one issuer apart, and not only whose kind they are.

    `repo:*` is every repository. The audience tells only where the issuer, not the holder, decides it.
    """
    return any(
        not key.startswith("aws:")
        and (by_audience or not key.endswith(":aud"))
        and not any(_ends_open(one) for one in values)
        for key, values in _asked(conditions)
    )


def _is_whole(action: str) -> bool:
    """Return whether one pattern means every action of a service, whatever service that is."""
    _, separator, name = action.rpartition(":")
    return not name.strip("*?") or (not separator and "*" in name)


def _covers_service(actions: Iterable[str], service: str) -> bool:
    wild = [one for one in actions if "*" in one or "?" in one]
    meant = sum(any(matches(one, f"{service}:{verb}{_UNLIKELY}") for one in wild) for verb in _VERBS)
    return 4 * meant > 3 * len(_VERBS)


@lru_cache(maxsize=4096)
def _name_in(resource: str) -> str:
    """Return the part of an ARN that names one thing of its kind, or `*` where the pattern ends before."""
    parts = resource.split(":", _ARN_PARTS - 1)
    if len(parts) < _ARN_PARTS:
        return "*" if any(matches(resource, f"{arn}{_NAMES[0]}") for arn in _ARNS) else resource
    service, rest = parts[2], parts[5]
    kind = re.match(r"[A-Za-z-]+[/:]", rest)
    if service in _WITHOUT_KIND or kind is None:
        # Of IAM, `r*` means every role, whatever its name begins with.
        return "*" if service == "iam" and "*" in rest.partition("/")[0] else re.split("[/:]", rest)[0]
    return re.split("[/:]", rest[kind.end() :])[0]


def _kind_in(resource: str) -> str:
    parts = resource.split(":", _ARN_PARTS - 1)
    return _name_in(resource) if len(parts) < _ARN_PARTS else re.split("[/:]", parts[5])[0]


@lru_cache(maxsize=4096)
def _mean_any_name(patterns: tuple[str, ...]) -> bool:
    wild = [one for one in patterns if "*" in one or "?" in one]
    return 2 * sum(any(matches(one, name) for one in wild) for name in _NAMES) > len(_NAMES)


def _asked(conditions: Conditions) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Return what operators ask for that hold only where the key is there and has one of the values."""
    for operator, asked in conditions.items():
        if operator.removeprefix(_ANY_OF) in _ASKING:
            yield from asked.items()


def _mean_anything(values: tuple[str, ...]) -> bool:
    return any(one.startswith(("*", "?")) for one in values) or _mean_any_name(values) or _any_arn(values)


def _any_arn(values: tuple[str, ...]) -> bool:
    """Return whether an ARN among the values leaves the account open as well as the name."""
    arns = [one.split(":", _ARN_PARTS - 1) for one in values if one.startswith("arn:")]
    return any(len(parts) < _ARN_PARTS or "*" in parts[4] for parts in arns) and leaves_open(values)


def _ends_open(value: str) -> bool:
    """Return whether a pattern fixes the kind of a name at most: `*`, or `project_path:*`."""
    fixed = re.split("[*?]", value)[0]
    return fixed != value and (not fixed or re.fullmatch("[^:]+:", fixed) is not None)


def _are_known(key: str, values: tuple[str, ...]) -> bool:
    if key == "aws:sourceip":
        return not open_to_internet(values)
    return all(_is_known(one) for one in values)


def _is_known(value: str) -> bool:
    if "${" in value or not value:
        return False
    fixed = re.split("[*?]", value)[0]
    if fixed == value:
        return True
    parts = value.split(":", _ARN_PARTS - 1)
    if parts[0] == "arn" and len(parts) == _ARN_PARTS:
        return parts[4].isdigit() or (parts[2] == "s3" and not parts[5].startswith(("*", "?")))
    return parts[0] != "arn" and len(fixed) >= _SHORTEST_IDENTIFIER
