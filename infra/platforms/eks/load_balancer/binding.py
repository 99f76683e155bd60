"""What registers an app's pods in its target group."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from infra.platforms.eks.load_balancer.target import target_protocol, with_scheme
from infra.settings.app.addresses import PublicAddress

API_VERSION = "elbv2.k8s.aws/v1beta1"

FIXED_FIELDS = (
    "spec.targetGroupARN",
    "spec.targetType",
    "spec.ipAddressType",
    "spec.vpcID",
    "spec.targetGroupProtocol",
)
"""What the controller's webhook refuses to change, and the protocol, which it compares at creation only."""


def make_binding(
    address: PublicAddress,
    *,
    target_group: aws.lb.TargetGroup,
    public: bool,
    vpc_id: pulumi.Input[str],
    service: k8s.core.v1.Service,
    wait_for: Sequence[pulumi.Resource],
    parent: pulumi.Resource,
) -> k8s.apiextensions.CustomResource:
    """Make the TargetGroupBinding of an address: the controller keeps the group filled with the pods behind `service`.

    All that the webhook would look up is written out, and `networking` is left out because the security group's rules
    are Pulumi's: so the controller needs six actions, and no more. `wait_for` is the controller, which takes the
    finalizer off again, and the way to the pods. Protocol and scheme (`public`) are part of the name: a successor for
    another load balancer fills its group while this one still serves.
    """
    name = f"{with_scheme(address.name, public=public)}-{address.traffic.protocol}"
    return k8s.apiextensions.CustomResource(
        name,
        api_version=API_VERSION,
        kind="TargetGroupBinding",
        metadata=k8s.meta.v1.ObjectMetaArgs(
            name=name, namespace=service.metadata.namespace, labels=service.metadata.labels
        ),
        spec={
            "targetGroupARN": target_group.arn,
            "targetType": "ip",
            "ipAddressType": "ipv4",
            "vpcID": vpc_id,
            "targetGroupProtocol": target_protocol(address.traffic),
            # By name, so that a new port of the app changes nothing here.
            "serviceRef": {"name": service.metadata.name, "port": address.port.name},
        },
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=list(wait_for),
            replace_on_changes=list(FIXED_FIELDS),
            # A second binding of the same group is refused.
            delete_before_replace=True,
        ),
    )
