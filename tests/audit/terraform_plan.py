"""Writes the AWS resources of a program as a Terraform plan, which is a language that checkov reads.

Only what checkov looks at is written: types, names and values, and which resource another takes a value from
(Terraform's JSON output format, "Plan representation").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.plan.graph import Graph, Resource
from infra.values import mapping

TYPES = {"aws:lb/loadBalancer:LoadBalancer": "aws_lb"}
"""Types that Terraform does not call after module and name."""

MODULES_LEFT_OUT = {"ec2"}
"""Modules that Pulumi adds: `aws:ec2/vpc:Vpc` is `aws_vpc`."""

BLOCKS = {
    "actions": "action",
    "conditions": "condition",
    "defaultActions": "default_action",
    "ruleActionOverrides": "rule_action_override",
    "rules": "rule",
    "taints": "taint",
    "transitions": "transition",
}
"""Repeated blocks, which Pulumi names in the plural (the inputs of pulumi_aws 7.51.1 that the stacks use)."""

PLAIN_MAPS = {"labels", "parameters", "tags"}
"""Inputs that are maps in Terraform as well; any other mapping is a block, and there a list of one."""


def terraform_plan(graph: Graph) -> dict[str, Any]:
    """Write a plan of the AWS resources of `graph`, with the control plane that `pulumi_eks.Cluster` makes."""
    resources = [one for one in (*graph, *graph.inner) if one.custom and one.type.startswith("aws:")]
    addresses = dict(_addresses(resources))
    # What takes from a component that a plug-in makes takes from what is inside it.
    addresses |= {one.parent: addresses[one.urn] for one in graph.inner if one.parent and one.urn in addresses}
    planned = [
        {
            "address": addresses[resource.urn],
            "mode": "managed",
            "type": addresses[resource.urn].partition(".")[0],
            "name": addresses[resource.urn].partition(".")[2],
            "values": values(resource.props),
        }
        for resource in resources
    ]
    configured = [
        {**{key: part[key] for key in ("address", "mode", "type", "name")}, "expressions": _links(resource, addresses)}
        for part, resource in zip(planned, resources, strict=True)
    ]
    changes = [
        {**part, "change": {"actions": ["create"], "before": None, "after": part["values"], "after_unknown": {}}}
        for part in planned
    ]
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": configured}},
    }


def values(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Write inputs as Terraform does: snake case, blocks in the singular and in lists."""
    return {terraform_name(key): _value(key, value) for key, value in inputs.items()}


def terraform_name(key: str) -> str:
    """Write a name in Terraform's manner: `publicAccessCidrs` as `public_access_cidrs`."""
    return BLOCKS.get(key) or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()


def terraform_type(type_: str) -> str:
    """Name a Pulumi type in Terraform's manner: `aws:eks/nodeGroup:NodeGroup` is `aws_eks_node_group`."""
    _, module, kind = type_.split(":")
    module = module.partition("/")[0]
    kind = terraform_name(kind)
    return TYPES.get(type_) or (f"aws_{kind}" if module in MODULES_LEFT_OUT else f"aws_{module}_{kind}")


def _value(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(mapping(value)) if key in PLAIN_MAPS else [values(mapping(value))]
    if isinstance(value, list):
        return [values(item) if isinstance(item, Mapping) else item for item in value]
    return value


def _addresses(resources: Sequence[Resource]) -> Iterator[tuple[str, str]]:
    taken: set[str] = set()
    for resource in resources:
        wanted = f"{terraform_type(resource.type)}.{re.sub(r'[^A-Za-z0-9_-]', '-', resource.name)}"
        address = next(name for name in (wanted, *(f"{wanted}-{n}" for n in range(2, 100))) if name not in taken)
        taken.add(address)
        yield resource.urn, address


def _links(resource: Resource, addresses: Mapping[str, str]) -> dict[str, Any]:
    """Tell for each input which resources it is made of."""
    return {
        terraform_name(key): {"references": [f"{addresses[urn]}.id" for urn in sorted(urns) if urn in addresses]}
        for key, urns in resource.property_dependencies.items()
    }
