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
    given = {key: value for key, value in arguments.items() if value is not None}
    inputs: dict[str, Any] = {
        **{key: given[key] for key in SAME_KEYS if key in given},
        "tags": {**given.get("tags", {}), **given.get("clusterTags", {})},
        "vpcConfig": {
            "subnetIds": [subnet for key in SUBNET_KEYS for subnet in given.get(key, [])],
            "endpointPrivateAccess": given.get("endpointPrivateAccess", False),
            "endpointPublicAccess": given.get("endpointPublicAccess", True),
            "publicAccessCidrs": given.get("publicAccessCidrs", []),
        },
        "accessConfig": {
            **{key: given[key] for key in ("authenticationMode",) if key in given},
            "bootstrapClusterCreatorAdminPermissions": True,
        },
    }
    if "encryptionConfigKeyArn" in given:
        key_arn = given["encryptionConfigKeyArn"]
        inputs["encryptionConfig"] = {"provider": {"keyArn": key_arn}, "resources": ["secrets"]}
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
