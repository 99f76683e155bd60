"""The rules as policies of the Pulumi engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy import Severity as EngineSeverity
from pulumi_policy.proxy import UnknownValueError

from policies.evaluation import findings
from policies.exceptions_file import IN_DATE, PolicyException, excused, expired, read_exceptions
from policies.levels import default_level
from policies.rule import Rule, StackRule
from policies.rules import RULES
from policies.stack import Resource, Stack
from policies.values import mapping

NAME = "nightowl"
KEPT_INPUTS = "__inputs"


def pack_policies(rules: Sequence[Rule] = RULES) -> list[Policy]:
    """Make one policy of each rule, and one that watches over the exceptions."""
    exceptions = read_exceptions(rules)
    policies = [_policy(rule, exceptions) for rule in rules]
    return [*policies, _stack_policy(IN_DATE, _expiry_check(exceptions))]


def _policy(rule: Rule, exceptions: Sequence[PolicyException]) -> Policy:
    if isinstance(rule, StackRule):
        return _stack_policy(rule, _stack_check(rule, exceptions))
    return ResourceValidationPolicy(**_told(rule), validate=_resource_check(rule, exceptions))


def _stack_policy(rule: Rule, check: Callable[[StackValidationArgs, ReportViolation], None]) -> Policy:
    return StackValidationPolicy(**_told(rule), validate=check)


def _told(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "description": rule.protects_from,
        "enforcement_level": EnforcementLevel(default_level(rule).value),
        "severity": EngineSeverity(rule.severity.value),
        "framework": PolicyComplianceFramework(name="; ".join(rule.frameworks)) if rule.frameworks else None,
        "tags": list(rule.controls),
        "remediation_steps": rule.remediation,
        "url": rule.url,
    }


def _resource_check(
    rule: Rule, exceptions: Sequence[PolicyException]
) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if args.resource_type not in rule.types or excused(exceptions, rule.name, args.urn, date.today()):
            return
        resource = _resource(args)
        _report(rule, [resource], Stack(resources=(resource,)), report)

    return validate


def _stack_check(
    rule: Rule, exceptions: Sequence[PolicyException]
) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        types = {resource.resource_type for resource in args.resources}
        if types.isdisjoint(rule.types):
            return
        stack = Stack(resources=tuple(_resource_with_dependencies(resource) for resource in args.resources))
        judged = [
            resource
            for resource in stack.of_type(*rule.types)
            if not excused(exceptions, rule.name, resource.urn, date.today())
        ]
        _report(rule, judged, stack, report)

    return validate


def _expiry_check(
    exceptions: Sequence[PolicyException],
) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(_args: StackValidationArgs, report: ReportViolation) -> None:
        for exception in expired(exceptions, date.today()):
            report(f"{exception.expiry_message}\n{IN_DATE.remediation}", None)

    return validate


def _report(rule: Rule, resources: Iterable[Resource], stack: Stack, report: ReportViolation) -> None:
    """Report every violation, and only then that some resources could not be judged, which the engine tells."""
    first_unknown: UnknownValueError | None = None
    for resource in resources:
        messages, unknown = findings(rule, resource, stack)
        first_unknown = first_unknown or unknown
        for message in messages:
            report(f"{resource.label}: {message}\n{rule.remediation}", resource.urn)
    if first_unknown is not None:
        raise first_unknown


def _resource(args: ResourceValidationArgs | PolicyResource) -> Resource:
    return Resource(
        urn=args.urn,
        type=args.resource_type,
        name=args.name,
        props=_as_written(args.resource_type, args.props),
        protect=args.opts.protect,
        ignore_changes=tuple(args.opts.ignore_changes),
        parent=args.opts.parent or "",
        provider=args.provider.urn if args.provider is not None else "",
    )


def _as_written(type_: str, props: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the inputs of a Kubernetes object, where they come beside what the API server added to them.

    The provider keeps them in its outputs (pulumi_kubernetes 4, `checkpointObject`). The live object would not do: its
    `spec.replicas` is the autoscaler's.
    """
    inputs = mapping(props.get(KEPT_INPUTS))
    return inputs if inputs and type_.startswith("kubernetes:") else props


def _resource_with_dependencies(made: PolicyResource) -> Resource:
    plain = _resource(made)
    return Resource(
        urn=plain.urn,
        type=plain.type,
        name=plain.name,
        props=plain.props,
        protect=plain.protect,
        ignore_changes=plain.ignore_changes,
        parent=made.parent.urn if made.parent is not None else plain.parent,
        provider=plain.provider,
        depends_on=frozenset(other.urn for other in made.dependencies),
        takes_from={
            key: frozenset(other.urn for other in others) for key, others in made.property_dependencies.items()
        },
    )
