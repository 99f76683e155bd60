"""Webhooks, custom resources and API versions: what can stop the API server itself, or be stopped by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.values import mapping, mappings, number, text
from infra.versions import REMOVED_APIS
from policies.facts.stack import Resource, Stack
from policies.rule import HIGH, MEDIUM, Family, Messages

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

family = Family("Kubernetes API", __doc__)


def _catches_all(webhook: Mapping[str, Any]) -> bool:
    selectors = [mapping(webhook.get(key)) for key in ("namespaceSelector", "objectSelector")]
    narrowed = any(selector.get("matchLabels") or selector.get("matchExpressions") for selector in selectors)
    return not narrowed and not mappings(webhook, "matchConditions")


@family.rule("webhook-is-narrow", HIGH, WEBHOOKS, "EKS best practices")
def _narrow(configuration: Resource) -> Messages:
    """While its pods are down, nothing can be made any more, those pods included.

    Narrow it by namespaceSelector or objectSelector, or set failurePolicy to Ignore.
    https://docs.aws.amazon.com/eks/latest/best-practices/control-plane.html
    """
    for webhook in mappings(configuration.props, "webhooks"):
        # Fail is the default.
        if text(webhook, "failurePolicy") != "Ignore" and _catches_all(webhook):
            yield f"while {text(webhook, 'name')} is down, what it watches is refused in every namespace"


@family.rule(
    "webhook-is-prompt",
    MEDIUM,
    WEBHOOKS,
    "EKS best practices",
    remediation=f"Set timeoutSeconds to {LONGEST_WEBHOOK_SECONDS} or less.",
)
def _prompt(configuration: Resource) -> Messages:
    """A slow webhook holds up every request that it watches, and the API server with them.

    https://docs.aws.amazon.com/eks/latest/best-practices/control-plane.html
    """
    for webhook in mappings(configuration.props, "webhooks"):
        seconds = number(webhook, "timeoutSeconds")
        if seconds is not None and seconds > LONGEST_WEBHOOK_SECONDS:
            yield f"{text(webhook, 'name')} may take {seconds:g} seconds"


@family.rule("api-version-served", HIGH, tuple(REMOVED), "EKS best practices")
def _served(resource: Resource) -> Messages:
    """The object can neither be made nor changed, and after an upgrade not even be deleted.

    Write it in the API version that replaced it.
    https://kubernetes.io/docs/reference/using-api/deprecation-guide/
    """
    _, api, kind = resource.type.split(":")
    yield f"{kind} of {api} is not served since Kubernetes {REMOVED[resource.type]}"


@family.stack_rule("definition-before-custom-resources", HIGH, DEFINITION)
def _definition_first(definition: Resource, stack: Stack) -> Messages:
    """The first deployment fails, as the kind does not exist yet; the second one works.

    Let the custom resource depend on the definition, or on the release that brings it.
    https://www.pulumi.com/docs/iac/concepts/resources/options/dependson/
    """
    group, kind = text(definition.props, "spec", "group"), text(definition.props, "spec", "names", "kind")
    for resource in stack.resources:
        own_group = text(resource.props, "apiVersion").partition("/")[0]
        if (own_group, text(resource.props, "kind")) == (group, kind) and not stack.waits_for(resource, definition):
            yield f"{resource.label} does not wait for it"
