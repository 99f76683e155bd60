"""Kubernetes objects as rules see them: names, namespaces, labels and selectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.values import mapping, mappings, text, texts, within
from policies.facts.spellings import POD_TEMPLATE, with_patches
from policies.facts.stack import Resource, Stack
from policies.facts.unknown import UnknownFactError

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
DAEMON_SET = "kubernetes:apps/v1:DaemonSet"
REPLICA_SET = "kubernetes:apps/v1:ReplicaSet"
JOB = "kubernetes:batch/v1:Job"
CRON_JOB = "kubernetes:batch/v1:CronJob"
POD = "kubernetes:core/v1:Pod"
REPLICATION_CONTROLLER = "kubernetes:core/v1:ReplicationController"
HPA = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
HPA_V1 = "kubernetes:autoscaling/v1:HorizontalPodAutoscaler"
PDB = "kubernetes:policy/v1:PodDisruptionBudget"
SERVICE = "kubernetes:core/v1:Service"
INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
NAMESPACE = "kubernetes:core/v1:Namespace"
SERVICE_ACCOUNT = "kubernetes:core/v1:ServiceAccount"
RESOURCE_QUOTA = "kubernetes:core/v1:ResourceQuota"
LIMIT_RANGE = "kubernetes:core/v1:LimitRange"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"
RELEASE = "kubernetes:helm.sh/v3:Release"
STORAGE_CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
TARGET_GROUP_BINDING = "kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding"

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
"""The annotation of a StorageClass that serves claims without a class."""

REPLICATED = (DEPLOYMENT, STATEFUL_SET)
"""What keeps a number of like pods running."""

WORKLOADS = (*REPLICATED, DAEMON_SET, REPLICA_SET, REPLICATION_CONTROLLER, JOB, CRON_JOB, POD)
"""All kinds of Kubernetes that make pods."""

POD_SPELLINGS = (*with_patches(*WORKLOADS), POD_TEMPLATE)
"""All by which pods are made or changed: for rules about what is there, and not about what is missing."""


def name_of(resource: Resource) -> str:
    """Return the object's own name, or its logical name while the engine has made none up."""
    return text(resource.props, "metadata", "name") or resource.name


def namespace_of(resource: Resource, stack: Stack) -> str:
    """Return the object's namespace: its own, its provider's, or `default`.

    Before the cluster is there, nothing that its provider returns is known, so neither is a namespace that is taken
    from the object that makes it. Then that object is asked.
    """
    try:
        own = text(resource.props, "metadata", "namespace")
    except UnknownFactError:
        made = stack.dependencies(resource, "metadata", NAMESPACE)
        if len(made) != 1:
            raise
        own = name_of(made[0])
    provider = stack.get(resource.provider) if not own else None
    return own or (text(provider.props, "namespace") if provider else "") or "default"


def labels_of(resource: Resource) -> Mapping[str, Any]:
    """Return the object's labels."""
    return mapping(within(resource.props, "metadata", "labels"))


def annotation(resource: Resource, key: str) -> str:
    """Return one of the object's annotations, or an empty text."""
    return text(resource.props, "metadata", "annotations", key)


def in_namespace(stack: Stack, namespace: str, *types: str) -> list[Resource]:
    """Return the objects of `types` in a namespace."""
    return [resource for type_ in types for resource in _by_namespace(stack, type_).get(namespace, ())]


def _by_namespace(stack: Stack, type_: str) -> Mapping[str, list[Resource]]:
    def sorted_out() -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for resource in stack.of_type(type_):
            found.setdefault(namespace_of(resource, stack), []).append(resource)
        return found

    return stack.once_about((_by_namespace, type_), sorted_out)


def neighbours(resource: Resource, stack: Stack, *types: str) -> list[Resource]:
    """Return the objects of `types` in the namespace of `resource`."""
    return in_namespace(stack, namespace_of(resource, stack), *types)


def selects(selector: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """Return whether a label selector (`matchLabels`, `matchExpressions`) takes in `labels`; an empty one does."""
    wanted = mapping(selector.get("matchLabels"))
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _holds(expression, labels) for expression in mappings(selector, "matchExpressions")
    )


def _holds(expression: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    value = labels.get(text(expression, "key"))
    match text(expression, "operator"):
        case "In":
            return value in texts(expression, "values")
        case "NotIn":
            return value not in texts(expression, "values")
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case _:
            return False
