"""What pods may do on AWS: `permissions` of an app, and of whatever else has a service account."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, BeforeValidator, Discriminator, Tag

from infra.settings.app.aws_names import check_arn, check_service
from infra.settings.model import FieldError, Model, Rule
from infra.settings.outputs import OutputReference, text_or_output
from infra.settings.scalars import Notation, form

Access = Literal["read", "write", "readWrite"]
Service = Literal["s3", "sqs", "sns", "dynamodb", "secretsManager", "ses", "bedrock"]

_ARN = r"arn:aws:{service}:[a-z0-9-]*:\d{{0,12}}:[!-~]+"


@dataclass(frozen=True, kw_only=True)
class ServiceFacts:
    """What a short form takes."""

    what: str
    """What is named, with its article."""
    arn_service: str
    """The service in its ARNs."""
    name: str
    """The pattern of its names."""
    accesses: tuple[Access, ...] = ("read", "write", "readWrite")
    instead: str = ""
    """What to write for another access."""
    has_key: bool = True
    """Whether it may be encrypted by a key of one's own."""


SERVICES: Mapping[Service, ServiceFacts] = {
    "s3": ServiceFacts(what="a bucket", arn_service="s3", name=r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"),
    "sqs": ServiceFacts(what="a queue", arn_service="sqs", name=r"[\w-]{1,75}(\.fifo)?"),
    "sns": ServiceFacts(
        what="a topic",
        arn_service="sns",
        name=r"[\w-]{1,251}(\.fifo)?",
        accesses=("write",),
        instead="what a topic sends is read from a queue that subscribes to it",
    ),
    "dynamodb": ServiceFacts(what="a table", arn_service="dynamodb", name=r"[\w.-]{3,255}"),
    "secretsManager": ServiceFacts(what="a secret", arn_service="secretsmanager", name=r"[A-Za-z0-9/_+=.@!-]{1,512}"),
    "ses": ServiceFacts(
        what="a domain or an address",
        arn_service="ses",
        name=r"([\w.+-]+@)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+",
        accesses=("write",),
        instead="an app sends mail, and reads none",
        has_key=False,
    ),
    "bedrock": ServiceFacts(
        what="a model or an inference profile",
        arn_service="bedrock",
        name=r"[a-z][\w.:-]{2,139}\*?",
        accesses=("read",),
        instead="a model is asked, and not changed",
        has_key=False,
    ),
}
"""Names as the services take them: the API references of Amazon S3 ("Bucket naming rules"), CreateQueue, CreateTopic,
CreateTable, CreateSecret, CreateEmailIdentity and InvokeModel."""

_ACTION = re.compile(r"(?a)[a-z0-9-]{2,40}:[A-Za-z]{1,80}\*?")
_IDENTITIES = ("account", "iam", "organizations")
"""Services by which whoever may change something in them gets every other right."""
_RESOURCE = re.compile(r"\*|arn:aws:[a-z0-9-]+:[a-z0-9*-]*:(\d{12}|\*|aws)?:[!-~]+")


def _check_action(value: object) -> str:
    if not isinstance(value, str) or value == "*" or value.endswith(":*"):
        raise ValueError("would be all that a service can do, also what it learns tomorrow; name the actions")
    if not _ACTION.fullmatch(value):
        raise ValueError("is not an action such as s3:GetObject; a wildcard may stand at its end")
    service, _, name = value.partition(":")
    if service in _IDENTITIES and not name.startswith(("Get", "List")):
        raise ValueError("changes who may do what in the account, which is for those who deploy; leave it out")
    check_service(service)
    return value


def _check_resource(value: str) -> str:
    if not _RESOURCE.fullmatch(value):
        raise ValueError("is not the ARN of a resource, such as arn:aws:s3:::bucket/*")
    return check_arn(value)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | Mapping) else value


Action = Annotated[str, BeforeValidator(_check_action), Notation("action")]
Arn = Annotated[str, AfterValidator(_check_resource), Notation("ARN")]
Resource = Annotated[
    Annotated[Arn, Tag("<text>")] | Annotated[OutputReference, Tag("<output>")],
    Discriminator(text_or_output),
]
Named = Annotated[
    Annotated[str, Notation("name or ARN"), Tag("<text>")] | Annotated[OutputReference, Tag("<output>")],
    Discriminator(text_or_output),
]
"""What a short form is about."""
_check_key = form(
    r"arn:aws:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]{1,64}",
    "is not the ARN of a KMS key, such as arn:aws:kms:eu-central-1:111122223333:key/ID; an alias names none here",
)
KeyArn = Annotated[
    Annotated[str, AfterValidator(_check_key), AfterValidator(check_arn), Notation("ARN"), Tag("<text>")]
    | Annotated[OutputReference, Tag("<output>")],
    Discriminator(text_or_output),
]
_check_policy = form(
    r"arn:aws:iam::(aws|\d{12}):policy/[!-~]{1,640}",
    "is not the ARN of a policy, such as arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess",
)
PolicyArn = Annotated[str, AfterValidator(_check_policy), Notation("ARN")]
_check_operator = form(r"(?a)[A-Z][A-Za-z]+(:[A-Z][A-Za-z]+)?", "is not an operator of IAM, such as StringEquals")
Operator = Annotated[str, AfterValidator(_check_operator), Notation("operator")]
_check_condition_key = form(
    r"(?a)[A-Za-z0-9-]+:[!-~]{1,200}", "is not a condition key of IAM, such as aws:SourceAccount"
)
ConditionKey = Annotated[str, AfterValidator(_check_condition_key), Notation("condition key")]
ConditionValues = Annotated[tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=str | tuple[str, ...])]
Conditions = dict[Operator, dict[ConditionKey, ConditionValues]]


class StatementSettings(Model):
    """A statement of IAM that allows."""

    actions: Annotated[tuple[Action, ...], BeforeValidator(_listed, json_schema_input_type=str | tuple[Action, ...])]
    """Actions, such as `rds:DescribeDBInstances`."""
    resources: Annotated[tuple[Arn, ...], BeforeValidator(_listed, json_schema_input_type=str | tuple[Arn, ...])]
    """On which resources, by ARN."""
    conditions: Conditions = {}
    """Under which conditions: operator, key, and values."""


class PermissionSettings(Model):
    """One thing that pods may do: a service's resource with `access`, a statement (`actions`), or a policy.

    A resource is a name in the stack's account and region, an ARN, or `{output: NAME}` of the stack's own code.
    """

    s3: Named | None = None
    """A bucket: its objects, and the list of them."""
    sqs: Named | None = None
    """A queue: `read` receives and deletes messages, `write` sends them."""
    sns: Named | None = None
    """A topic: `write` publishes."""
    dynamodb: Named | None = None
    """A table with its indexes: `read` gets, queries and scans, `write` puts, updates and deletes items."""
    secrets_manager: Named | None = None
    """A secret, for an app that asks for it itself; what is mounted as a file stands under `secrets`."""
    ses: Named | None = None
    """A verified domain or address: `write` sends mail from it."""
    bedrock: Named | None = None
    """A model or an inference profile, by its id; a `*` may end it. `read` invokes it."""
    access: Access | None = None
    """By default `read`, or what the service has alone."""
    prefix: str | None = None
    """Of a bucket: how the keys begin that are meant, such as `uploads/`. By default all."""
    kms_key: KeyArn | None = None
    """The key by which the resource is encrypted, where that is a key of one's own. The pods may use it through the
    service only."""
    actions: Annotated[
        tuple[Action, ...], BeforeValidator(_listed, json_schema_input_type=str | tuple[Action, ...])
    ] = ()
    """Actions of a statement, such as `cloudwatch:PutMetricData`."""
    resources: Annotated[
        tuple[Resource, ...], BeforeValidator(_listed, json_schema_input_type=Resource | tuple[Resource, ...])
    ] = ()
    """On which resources."""
    conditions: Conditions = {}
    """Under which conditions: operator, key, and values."""
    policy: PolicyArn | None = None
    """A managed policy. Not with `delivery.github`, whose boundary says each action."""

    @property
    def short_form(self) -> tuple[Service, str | OutputReference] | None:
        """The service that is named with a resource, or None."""
        for service in SERVICES:
            named = cast("str | OutputReference | None", getattr(self, _attribute(service)))
            if named is not None:
                return service, named
        return None

    @property
    def granted(self) -> Access:
        """What is granted of the resource of a short form."""
        if self.access is not None:
            return self.access
        named = self.short_form
        return "read" if named is None else SERVICES[named[0]].accesses[0]

    @property
    def text(self) -> str:
        """What it says, for people: `read s3 uploads/in/`, `sqs:PurgeQueue`, `policy ReadOnlyAccess`."""
        named = self.short_form
        if named is not None:
            granted = {"readWrite": "read and write"}.get(self.granted, self.granted)
            below = f"/{self.prefix}*" if self.prefix else ""
            return f"{granted} {named[0]} {named[1]}{below}"
        if self.policy is not None:
            return f"policy {self.policy.rpartition('/')[2]}"
        return f"{', '.join(self.actions)} on {', '.join(map(str, self.resources))}"

    def _rules(self) -> Iterator[Rule]:
        yield self._subject_errors
        yield self._statement_errors
        yield self._resource_errors
        yield self._access_errors
        yield self._key_errors
        yield self._prefix_errors

    def _subject_errors(self) -> Iterator[FieldError]:
        services = self._services
        given = [*services, *(key for key in ("actions", "policy") if getattr(self, key))]
        if len(given) > 1:
            yield FieldError(given[1], f"does not go with {given[0]}; write it as an entry of its own")
        if not given:
            choices = ", ".join([*SERVICES, "actions"])
            yield FieldError("actions", f"is required, or what else the pods may do: one of {choices} and policy")
        for key in ("access", "kms_key", "prefix"):
            if getattr(self, key) is not None and given and not services:
                yield FieldError(_key(key), f"goes with a service such as s3, not with {given[0]}; remove it")

    def _statement_errors(self) -> Iterator[FieldError]:
        if self.actions and not self.resources:
            yield FieldError("resources", "is required: on what the actions may be done")
        for key in ("resources", "conditions"):
            if getattr(self, key) and not self.actions:
                yield FieldError(key, "goes with actions; remove it, or name them")

    def _resource_errors(self) -> Iterator[FieldError]:
        for service in self._services:
            facts, named = SERVICES[service], getattr(self, _attribute(service))
            if not isinstance(named, str):
                continue
            if not _is_resource(named, facts):
                yield FieldError(service, f"{named[:60]!r} is neither the name of {facts.what} nor its ARN")
                continue
            try:
                check_arn(named)
            except ValueError as error:
                yield FieldError(service, f"{named[:60]!r} {error}")

    def _access_errors(self) -> Iterator[FieldError]:
        for service in self._services[:1]:
            facts = SERVICES[service]
            if self.access is not None and self.access not in facts.accesses:
                yield FieldError("access", f"of {service} is {facts.accesses[0]} only: {facts.instead}")

    def _key_errors(self) -> Iterator[FieldError]:
        for service in self._services[:1]:
            if self.kms_key is not None and not SERVICES[service].has_key:
                yield FieldError("kmsKey", f"does not go with {service}; remove it")

    def _prefix_errors(self) -> Iterator[FieldError]:
        for service in self._services[:1]:
            if self.prefix is None:
                continue
            if service != "s3":
                yield FieldError("prefix", f"goes with s3, not with {service}; remove it")
            elif not re.fullmatch(r"[^\s*?$/][^\s*?$]{0,511}", self.prefix):
                message = "is not how keys begin: write it without a slash in front, wildcards and spaces"
                yield FieldError("prefix", f"{self.prefix[:60]!r} {message}")

    @property
    def _services(self) -> list[Service]:
        return [service for service in SERVICES if getattr(self, _attribute(service)) is not None]


def _attribute(service: str) -> str:
    return {"secretsManager": "secrets_manager"}.get(service, service)


def _key(attribute: str) -> str:
    return {"kms_key": "kmsKey"}.get(attribute, attribute)


def _is_resource(named: str, facts: ServiceFacts) -> bool:
    if named.startswith("arn:"):
        is_arn = re.fullmatch(_ARN.format(service=facts.arn_service), named, re.ASCII) is not None
        return is_arn and "/" not in named if facts.arn_service == "s3" else is_arn and "*" not in named
    return re.fullmatch(facts.name, named, re.ASCII) is not None


Permissions = tuple[PermissionSettings, ...]


def secrets_of_outputs(references: Iterable[str | OutputReference]) -> Permissions:
    """Return the permissions to read the secrets among `references` that own code has made, each once."""
    outputs = dict.fromkeys(one.output for one in references if isinstance(one, OutputReference))
    return tuple(PermissionSettings.model_validate({"secretsManager": {"output": name}}) for name in outputs)
