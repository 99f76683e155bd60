"""EKS clusters of a stack and what belongs to them."""

from __future__ import annotations

import re

from infra.values import number, text
from policies.facts.aws import ADDON, CLUSTER, LAUNCH_TEMPLATE, SUBNET
from policies.facts.stack import Resource, Stack


def clusters_of(stack: Stack, resource: Resource) -> list[Resource]:
    """Return the cluster of the stack that `clusterName` of a resource means.

    The name may come from the cluster or by way of something else, such as an access entry: a stack with one cluster
    leaves no doubt, of several the name decides.
    """
    direct = stack.dependencies(resource, "clusterName", CLUSTER)
    candidates = stack.of_type(CLUSTER)
    if direct or len(candidates) == 1:
        return direct or candidates
    name = text(resource.props, "clusterName")
    return [cluster for cluster in candidates if name and text(cluster.props, "name") == name]


def of_cluster(stack: Stack, cluster: Resource, *types: str) -> list[Resource]:
    """Return the resources of `types` that belong to a cluster."""
    return [resource for resource in stack.of_type(*types) if cluster in clusters_of(stack, resource)]


def addons(stack: Stack, name: str) -> list[Resource]:
    """Return the managed add-ons of that name."""
    return [addon for addon in stack.of_type(ADDON) if text(addon.props, "addonName") == name]


def zones(stack: Stack, resource: Resource, key: str) -> set[str]:
    """Return the availability zones of the subnets that the property `key` is made of."""
    return {text(subnet.props, "availabilityZone") for subnet in stack.dependencies(resource, key, SUBNET)}


def metadata_is_closed(stack: Stack) -> bool:
    """Return whether pods of the stack cannot reach the metadata of their nodes."""
    limits = (
        number(template.props, "metadataOptions", "httpPutResponseHopLimit")
        for template in stack.of_type(LAUNCH_TEMPLATE)
    )
    return any(limit == 1 for limit in limits)


def minor_of(version: str) -> int | None:
    """Return the minor of a version such as `1.36` or `v1.36.1`."""
    found = re.match(r"v?1\.(\d+)", version)
    return int(found.group(1)) if found else None
