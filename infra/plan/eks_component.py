"""What `pulumi_eks.Cluster`, a component that a plug-in makes, makes of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import pulumi

COMPONENT = "eks:index:Cluster"
CONTROL_PLANE = "aws:eks/cluster:Cluster"

SAME_KEYS = (
    "bootstrapSelfManagedAddons",
    "deletionProtection",
    "enabledClusterLogTypes",
    "name",
    "upgradePolicy",
    "version",
)
SUBNET_KEYS = ("subnetIds", "publicSubnetIds", "privateSubnetIds")


def control_plane_name(component: str) -> str:
    """Return the logical name of the control plane inside the component."""
    return f"{component}-eksCluster"


def control_plane_inputs(
    name: str, arguments: Mapping[str, Any], transforms: Iterable[Callable[..., Any]] = ()
) -> dict[str, Any]:
    """Return the inputs of the control plane that the component makes of its `arguments`.

    The defaults are those of pulumi_eks 4.4 (schema: public endpoint on, private endpoint off, the creator is an
    administrator). `transforms` are those of the component, which the engine runs on what is made inside it.
    """
    inputs: dict[str, Any] = {key: arguments[key] for key in SAME_KEYS if arguments.get(key) is not None}
    inputs["tags"] = {**(arguments.get("tags") or {}), **(arguments.get("clusterTags") or {})}
    inputs["vpcConfig"] = {
        "subnetIds": _subnets(arguments),
        "endpointPrivateAccess": _flag(arguments, "endpointPrivateAccess", default=False),
        "endpointPublicAccess": _flag(arguments, "endpointPublicAccess", default=True),
        "publicAccessCidrs": arguments.get("publicAccessCidrs") or [],
    }
    mode = arguments.get("authenticationMode")
    inputs["accessConfig"] = {
        **({} if mode is None else {"authenticationMode": mode}),
        "bootstrapClusterCreatorAdminPermissions": True,
    }
    key = arguments.get("encryptionConfigKeyArn")
    if key is not None:
        inputs["encryptionConfig"] = {"provider": {"keyArn": key}, "resources": ["secrets"]}
    for transform in transforms:
        args = pulumi.ResourceTransformArgs(
            custom=True,
            type_=CONTROL_PLANE,
            name=control_plane_name(name),
            props=inputs,
            opts=pulumi.ResourceOptions(),
        )
        changed = transform(args)
        if isinstance(changed, pulumi.ResourceTransformResult):
            inputs = cast("dict[str, Any]", dict(changed.props))
    return inputs


def _subnets(arguments: Mapping[str, Any]) -> list[Any]:
    return [subnet for key in SUBNET_KEYS for subnet in cast("list[Any]", arguments.get(key) or [])]


def _flag(arguments: Mapping[str, Any], key: str, *, default: bool) -> bool:
    value = arguments.get(key)
    return default if value is None else bool(value)
