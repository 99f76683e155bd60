"""`permissions` as statements of IAM: the least that each short form takes.

Actions, resources and condition keys are those of the Service Authorization Reference (read 2026-11-26).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pulumi

from infra.iam import Conditions, Statement, allow
from infra.platforms.eks.context import AwsContext
from infra.settings.app.permissions import SERVICES, Access, PermissionSettings, Service
from infra.settings.outputs import OutputReference

Resolve = Callable[[str | OutputReference], pulumi.Input[str]]
"""Return the value of an output, and any text as it is."""

ACTIONS: Mapping[tuple[Service, Access], str] = {
    ("s3", "read"): "s3:GetObject",
    ("s3", "write"): "s3:AbortMultipartUpload DeleteObject ListMultipartUploadParts PutObject",
    ("sqs", "read"): "sqs:ChangeMessageVisibility DeleteMessage GetQueueAttributes GetQueueUrl ReceiveMessage",
    ("sqs", "write"): "sqs:GetQueueAttributes GetQueueUrl SendMessage",
    ("sns", "write"): "sns:Publish",
    ("dynamodb", "read"): "dynamodb:BatchGetItem ConditionCheckItem DescribeTable GetItem Query Scan",
    ("dynamodb", "write"): "dynamodb:BatchWriteItem ConditionCheckItem DeleteItem DescribeTable PutItem UpdateItem",
    ("secretsManager", "read"): "secretsmanager:DescribeSecret GetSecretValue",
    ("secretsManager", "write"): "secretsmanager:DescribeSecret PutSecretValue",
    ("ses", "write"): "ses:SendEmail SendRawEmail",
    ("bedrock", "read"): "bedrock:InvokeModel InvokeModelWithResponseStream",
}
LIST_BUCKET = "s3:ListBucket"
KEY_ACTIONS: Mapping[Access, str] = {"read": "kms:Decrypt", "write": "kms:Decrypt GenerateDataKey"}
"""Whoever writes reads too: a large upload to S3 and a message to SQS are decrypted on the way (their guides)."""

_RANDOM_SUFFIX = "-??????"
"""Secrets Manager ends each ARN with a dash and six random characters."""
_PROFILE = re.compile(r"(us|us-gov|eu|apac|au|ca|jp|global)\.(?P<model>.+)")
"""Ids of inference profiles are those of their model behind a geography."""


@dataclass(frozen=True, kw_only=True)
class PermissionFacts:
    """Where the resources are, how outputs are resolved, and the stack's own key for secrets."""

    context: AwsContext
    resolve: Resolve
    secrets_key_arn: pulumi.Input[str]


def permission_statements(permissions: Sequence[PermissionSettings], facts: PermissionFacts) -> list[Statement]:
    """Return what `permissions` allow, each statement with a name of its own; policies by ARN are not among them."""
    found = [statement for permission in permissions for statement in _statements(permission, facts)]
    return [replace(statement, sid=f"Pods{number}") for number, statement in enumerate(found, start=1)]


def managed_policies(permissions: Iterable[PermissionSettings]) -> dict[str, str]:
    """Return the policies that are named by ARN, by the name of the attachment."""
    arns = dict.fromkeys(permission.policy for permission in permissions if permission.policy is not None)
    return {re.sub(r"[^\w-]+", "-", arn.partition(":policy/")[2]): arn for arn in arns}


def _statements(permission: PermissionSettings, facts: PermissionFacts) -> Iterator[Statement]:
    named = permission.short_form
    if named is not None:
        service, resource = named
        arns = _arns(service, facts.resolve(resource), facts.context)
        yield from _of_service(service, permission, arns)
        yield from _of_key(service, permission, arns, facts)
    elif permission.actions:
        yield Statement(
            sid="",
            actions=permission.actions,
            resources=[facts.resolve(resource) for resource in permission.resources],
            conditions=permission.conditions,
        )


def _of_service(
    service: Service, permission: PermissionSettings, arns: Sequence[pulumi.Input[str]]
) -> Iterator[Statement]:
    granted = _granted(permission.granted)
    if service == "s3":
        [bucket] = arns
        prefix = permission.prefix or ""
        objects = _joined(bucket, f"/{prefix}*")
        if "read" in granted:
            beginning: Conditions = {"StringLike": {"s3:prefix": [f"{prefix}*"]}} if prefix else {}
            yield allow("", LIST_BUCKET, bucket, when=beginning)
        arns = [objects]
    allowed = allow("", " ".join(ACTIONS[service, one] for one in granted), *arns)
    # Where an action serves both, it is named once.
    yield replace(allowed, actions=sorted(set(allowed.actions)))


def _of_key(
    service: Service, permission: PermissionSettings, arns: Sequence[pulumi.Input[str]], facts: PermissionFacts
) -> Iterator[Statement]:
    """Let pods use the key of a resource, through its service only; of secrets by default the stack's own key."""
    named = permission.kms_key
    if named is None and service != "secretsManager":
        return
    key = facts.secrets_key_arn if named is None else facts.resolve(named)
    of_secret = {"kms:EncryptionContext:SecretARN": list(arns)} if service == "secretsManager" else {}
    writes = "write" in _granted(permission.granted)
    yield allow(
        "",
        KEY_ACTIONS["write" if writes else "read"],
        key,
        when={"StringLike": {"kms:ViaService": f"{SERVICES[service].arn_service}.*.amazonaws.com", **of_secret}},
    )


def _granted(access: Access) -> tuple[Access, ...]:
    return ("read", "write") if access == "readWrite" else (access,)


def _arns(service: Service, named: pulumi.Input[str], context: AwsContext) -> list[pulumi.Input[str]]:
    """Return the ARNs that a name or an ARN stands for; of an output it shows only when it is known."""
    if isinstance(named, str):
        return list(_arns_of(service, named, context))
    # How many there are is known before the name: an output names one thing, and no beginning of names.
    count = len(_arns_of(service, "name", context))
    value = pulumi.Output.from_input(named)
    return [value.apply(lambda text, index=index: _arns_of(service, text, context)[index]) for index in range(count)]


def _arns_of(service: Service, named: str, context: AwsContext) -> tuple[str, ...]:
    is_arn = named.startswith("arn:")
    match service:
        case "s3":
            return (named if is_arn else f"arn:aws:s3:::{named}",)
        case "dynamodb":
            table = named if is_arn else context.arn("dynamodb", f"table/{named}")
            return (table, f"{table}/index/*")
        case "secretsManager":
            return (named if is_arn else context.arn("secretsmanager", f"secret:{named}{_RANDOM_SUFFIX}"),)
        case "ses":
            return (named if is_arn else context.arn("ses", f"identity/{named}"),)
        case "bedrock":
            return (named,) if is_arn else _models(named, context)
        case _:
            return (named if is_arn else context.arn(service, named),)


def _models(named: str, context: AwsContext) -> tuple[str, ...]:
    profile = _PROFILE.fullmatch(named)
    if profile is None:
        return (f"arn:aws:bedrock:{context.region}::foundation-model/{named}",)
    # A profile sends a request to whichever region of its geography has room.
    return (
        context.arn("bedrock", f"inference-profile/{named}"),
        f"arn:aws:bedrock:*::foundation-model/{profile['model']}",
    )


def _joined(arn: pulumi.Input[str], end: str) -> pulumi.Input[str]:
    return f"{arn}{end}" if isinstance(arn, str) else pulumi.Output.concat(arn, end)
