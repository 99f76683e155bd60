"""Which changed inputs make the provider replace a resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

REPLACED_BY: Mapping[str, frozenset[str]] = {
    "aws:acm/certificate:Certificate": frozenset({"domainName", "subjectAlternativeNames", "validationMethod"}),
    "aws:acm/certificateValidation:CertificateValidation": frozenset({"certificateArn", "validationRecordFqdns"}),
    "aws:autoscaling/tag:Tag": frozenset({"autoscalingGroupName", "tag.key"}),
    "aws:ec2/eip:Eip": frozenset({"domain"}),
    "aws:ec2/launchTemplate:LaunchTemplate": frozenset({"name"}),
    "aws:ec2/natGateway:NatGateway": frozenset({"allocationId", "subnetId"}),
    "aws:ec2/route:Route": frozenset({"destinationCidrBlock", "routeTableId"}),
    "aws:ec2/securityGroup:SecurityGroup": frozenset({"description", "name", "vpcId"}),
    "aws:ec2/subnet:Subnet": frozenset({"availabilityZone", "cidrBlock", "vpcId"}),
    "aws:ec2/vpc:Vpc": frozenset({"cidrBlock"}),
    "aws:ec2/vpcEndpoint:VpcEndpoint": frozenset({"serviceName", "vpcEndpointType", "vpcId"}),
    "aws:eks/accessEntry:AccessEntry": frozenset({"clusterName", "principalArn", "type"}),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": frozenset(
        {"accessScope", "clusterName", "policyArn", "principalArn"}
    ),
    "aws:eks/addon:Addon": frozenset({"addonName", "clusterName"}),
    "aws:eks/cluster:Cluster": frozenset({"name", "roleArn"}),
    "aws:eks/nodeGroup:NodeGroup": frozenset(
        {
            "amiType",
            "capacityType",
            "clusterName",
            "diskSize",
            "instanceTypes",
            "launchTemplate.id",
            "nodeGroupName",
            "nodeRoleArn",
            "subnetIds",
        }
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": frozenset({"clusterName", "namespace", "serviceAccount"}),
    "aws:iam/policy:Policy": frozenset({"description", "name", "path"}),
    "aws:iam/role:Role": frozenset({"name", "path"}),
    "aws:lb/listener:Listener": frozenset({"loadBalancerArn"}),
    "aws:lb/listenerRule:ListenerRule": frozenset({"listenerArn"}),
    "aws:lb/loadBalancer:LoadBalancer": frozenset({"internal", "loadBalancerType", "name"}),
    "aws:lb/targetGroup:TargetGroup": frozenset({"name", "port", "protocol", "targetType", "vpcId"}),
    "aws:route53/record:Record": frozenset({"name", "setIdentifier", "type", "zoneId"}),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": frozenset({"securityGroupId"}),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": frozenset({"securityGroupId"}),
    "aws:wafv2/webAclAssociation:WebAclAssociation": frozenset({"resourceArn", "webAclArn"}),
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": frozenset({"resourceArn"}),
    "kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding": frozenset({"spec.targetGroupARN"}),
}
"""By type, the arguments whose change replaces a resource: "Forces new resource" in the documentation of
terraform-provider-aws 6 and `ForceNew` in its schemas. The binding's is set by
`infra/platforms/eks/load_balancer/binding.py`."""

NAME_KEYS = ("name", "bucket", "nodeGroupName")
"""Inputs that the provider fills with a name of its own where the program gives none."""


def replaces(type_: str, path: str) -> bool:
    """Whether a change at `path`, a path without indices, replaces a resource of the type."""
    if type_.startswith("kubernetes:"):
        return path in {"apiVersion", "kind", "metadata.name", "metadata.namespace"}
    return any(path == key or path.startswith(f"{key}.") for key in REPLACED_BY.get(type_, ()))


def deletes_first(type_: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether a replaced resource goes before the new one is made, where the program does not say.

    With a name that the program gives and that stays there could not be two
    (pulumi-terraform-bridge, `nameRequiresDeleteBeforeReplace`).
    """
    return type_.startswith("aws:") and any(key in new and old.get(key) == new[key] for key in NAME_KEYS)
