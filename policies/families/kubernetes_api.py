"""Webhooks, custom resources and API versions: what can stop the API server itself, or be stopped by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.versions import REMOVED_APIS
from policies.facts.stack import Resource, Stack
from policies.facts.values import mapping, mappings, number, text
from policies.rule import Family, Severity

ADMISSION = "kubernetes:admissionregistration.k8s.io/v1:"
WEBHOOKS = (f"{ADMISSION}ValidatingWebhookConfiguration", f"{ADMISSION}MutatingWebhookConfiguration")
DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"

LONGEST_WEBHOOK_SECONDS = 10
"""What `timeoutSeconds` is by default; at 30 the API server's own requests begin to fail (EKS best practices)."""

REMOVED = {
    f"kubernetes:{api}:{kind}": since
    for since, apis in REMOVED_APIS.items()
    for api, kinds in apis.items()
    for kind in kinds
}
"""Types of the engine that no API server serves any more, and since which Kubernetes version."""

PRACTICES_URL = "https://docs.aws.amazon.com/eks/latest/best-practices/control-plane.html"


family = Family("Kubernetes API", __doc__)


def _catches_all(webhook: Mapping[str, Any]) -> bool:
    selectors = [mapping(webhook.get(key)) for key in ("namespaceSelector", "objectSelector")]
    narrowed = any(selector.get("matchLabels") or selector.get("matchExpressions") for selector in selectors)
    return not narrowed and not mappings(webhook, "matchConditions")


@family.resource_rule(
    "webhook-is-narrow",
    Severity.HIGH,
    WEBHOOKS,
    protects_from="While its pods are down, nothing can be made any more, those pods included.",
    remediation="Narrow it by namespaceSelector or objectSelector, or set failurePolicy to Ignore.",
    url=PRACTICES_URL,
    frameworks=("EKS best practices",),
)
def _narrow(configuration: Resource) -> Iterator[str]:
    for webhook in mappings(configuration.props, "webhooks"):
        # Fail is the default.
        if text(webhook, "failurePolicy") != "Ignore" and _catches_all(webhook):
            yield f"while {text(webhook, 'name')} is down, what it watches is refused in every namespace"


@family.resource_rule(
    "webhook-is-prompt",
    Severity.MEDIUM,
    WEBHOOKS,
    protects_from="A slow webhook holds up every request that it watches, and the API server with them.",
    remediation=f"Set timeoutSeconds to {LONGEST_WEBHOOK_SECONDS} or less.",
    url=PRACTICES_URL,
    frameworks=("EKS best practices",),
)
def _prompt(configuration: Resource) -> Iterator[str]:
    for webhook in mappings(configuration.props, "webhooks"):
        seconds = number(webhook, "timeoutSeconds")
        if seconds is not None and seconds > LONGEST_WEBHOOK_SECONDS:
            yield f"{text(webhook, 'name')} may take {seconds:g} seconds"


@family.resource_rule(
    "api-version-served",
    Severity.HIGH,
    tuple(REMOVED),
    protects_from="The object can neither be made nor changed, and after an upgrade not even be deleted.",
    remediation="Write it in the API version that replaced it.",
    url="https://kubernetes.io/docs/reference/using-api/deprecation-guide/",
    frameworks=("EKS best practices",),
)
def _served(resource: Resource) -> Iterator[str]:
    _, api, kind = resource.type.split(":")
    yield f"{kind} of {api} is not served since Kubernetes {REMOVED[resource.type]}"


@family.stack_rule(
    "definition-before-custom-resources",
    Severity.HIGH,
    DEFINITION,
    protects_from="The first deployment fails, as the kind does not exist yet; the second one works.",
    remediation="Let the custom resource depend on the definition, or on the release that brings it.",
    url="https://www.pulumi.com/docs/iac/concepts/resources/options/dependson/",
)
def _definition_first(definition: Resource, stack: Stack) -> Iterator[str]:
    group, kind = text(definition.props, "spec", "group"), text(definition.props, "spec", "names", "kind")
    for resource in stack.resources:
        own_group = text(resource.props, "apiVersion").partition("/")[0]
        if (own_group, text(resource.props, "kind")) == (group, kind) and not stack.waits_for(resource, definition):
            yield f"{resource.label} does not wait for it"
