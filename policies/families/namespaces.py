"""Namespaces: what is enforced in them, and how much they may take."""

from __future__ import annotations

from infra.values import text
from policies.facts.objects import (
    LIMIT_RANGE,
    NAMESPACE,
    RESOURCE_QUOTA,
    WORKLOADS,
    in_namespace,
    labels_of,
    name_of,
    namespace_of,
)
from policies.facts.pods import decided
from policies.facts.spellings import is_patch, with_patches
from policies.facts.stack import Resource, Stack
from policies.rule import HIGH, LOW, MEDIUM, Family, Messages

PREFIX = "pod-security.kubernetes.io/"
RESTRICTED = "restricted"
OF_THE_CLUSTER = {"kube-system", "kube-public", "kube-node-lease", "aws-secrets-manager"}
"""Namespaces of the cluster itself and of EKS add-ons, where agents of the nodes need what others must not have."""

family = Family("Namespaces", __doc__, url="https://kubernetes.io/docs/concepts/security/pod-security-admission/")


@family.stack_rule("own-namespace", HIGH, WORKLOADS, "CIS EKS 4.5.1", "CIS EKS 4.5.2", "CKV_K8S_21")
def _own_namespace(resource: Resource, stack: Stack) -> Messages:
    """In a shared namespace no policy, quota or role tells one app from another.

    Make a namespace for the app and set metadata.namespace.
    https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/
    """
    namespace = namespace_of(resource, stack)
    if namespace in {"default", *OF_THE_CLUSTER}:
        yield f"its namespace is {namespace}"


@family.rule("namespace-enforces-pod-security", HIGH, with_patches(NAMESPACE), "CIS EKS 4.2.1", "PSS restricted")
def _enforces(resource: Resource) -> Messages:
    """Whoever may make pods may make privileged ones, and with them take the nodes.

    Label the namespace pod-security.kubernetes.io/enforce: restricted.
    """
    level = text(labels_of(resource), f"{PREFIX}enforce")
    left_alone = is_patch(resource) and f"{PREFIX}enforce" not in labels_of(resource)
    if name_of(resource) not in OF_THE_CLUSTER and level != RESTRICTED and not left_alone:
        yield f"label {PREFIX}enforce is {level or 'missing'}{decided(resource)}"


@family.rule("namespace-tells-pod-security", MEDIUM, NAMESPACE, "EKS best practices")
def _tells(resource: Resource) -> Messages:
    """A Deployment whose pods are refused is accepted without a word and makes no pod.

    Label the namespace pod-security.kubernetes.io/warn and pod-security.kubernetes.io/audit: restricted.
    """
    for mode in ("warn", "audit"):
        level = text(labels_of(resource), f"{PREFIX}{mode}")
        if name_of(resource) not in OF_THE_CLUSTER and level != RESTRICTED:
            yield f"label {PREFIX}{mode} is {level or 'missing'}"


@family.rule("namespace-pins-pod-security", LOW, NAMESPACE, "PSS restricted")
def _pinned(resource: Resource) -> Messages:
    """An upgrade of the cluster tightens the standard, and pods that ran are refused.

    Label the namespace pod-security.kubernetes.io/enforce-version (and warn-, audit-) with a minor version.
    """
    labels = labels_of(resource)
    for mode in ("enforce", "warn", "audit"):
        if text(labels, f"{PREFIX}{mode}") and text(labels, f"{PREFIX}{mode}-version") in {"", "latest"}:
            yield f"label {PREFIX}{mode}-version is {text(labels, f'{PREFIX}{mode}-version') or 'missing'}"


def _in_use(resource: Resource, stack: Stack) -> bool:
    return bool(in_namespace(stack, name_of(resource), *WORKLOADS))


@family.stack_rule("namespace-quota", MEDIUM, NAMESPACE, "NSA", "EKS best practices")
def _quota(resource: Resource, stack: Stack) -> Messages:
    """One app that scales without end takes the nodes, and the bill, of all.

    Add a ResourceQuota for pods, CPU and memory.
    https://kubernetes.io/docs/concepts/policy/resource-quotas/
    """
    if _in_use(resource, stack) and not in_namespace(stack, name_of(resource), RESOURCE_QUOTA):
        yield "it has pods and no ResourceQuota"


@family.stack_rule("namespace-limit-range", LOW, NAMESPACE, "NSA", "EKS best practices")
def _limits(resource: Resource, stack: Stack) -> Messages:
    """A pod that names no resources is refused by a quota, or runs without any bound.

    Add a LimitRange with default requests and limits.
    https://kubernetes.io/docs/concepts/policy/limit-range/
    """
    if _in_use(resource, stack) and not in_namespace(stack, name_of(resource), LIMIT_RANGE):
        yield "it has pods and no LimitRange"
