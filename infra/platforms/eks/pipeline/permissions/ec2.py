"""Rows of Amazon EC2: network, addresses, firewalls, launch templates.

An id is known only once the resource exists, so these are narrowed by kind, account and region, and by the guard
against what is tagged as another stack's. Actions: the calls of the Terraform AWS provider, checked against the
handlers of the CloudFormation resource types; resources: Service Authorization Reference, Amazon EC2.
"""

from __future__ import annotations

from infra.platforms.eks.pipeline.permissions.grants import IN_REGION, Grant, Table, pass_role, read, write

_EC2 = "arn:aws:ec2:{here}"
_VPC = f"{_EC2}:vpc/*"
_SUBNET = f"{_EC2}:subnet/*"
_GATEWAY = f"{_EC2}:internet-gateway/*"
_NAT = f"{_EC2}:natgateway/*"
_ADDRESS = f"{_EC2}:elastic-ip/*"
_ROUTES = f"{_EC2}:route-table/*"
_ENDPOINT = f"{_EC2}:vpc-endpoint/*"
_FLOW_LOG = f"{_EC2}:vpc-flow-log/*"
_TEMPLATE = f"{_EC2}:launch-template/*"
_GROUP = f"{_EC2}:security-group/*"
_GROUP_RULE = f"{_EC2}:security-group-rule/*"
_INTERFACE = f"{_EC2}:network-interface/*"

# The provider clears away the interfaces that EKS, Lambda and load balancers left in a subnet or group.
_LEFT_BEHIND = write("ec2:DeleteNetworkInterface DetachNetworkInterface", _INTERFACE, f"{_EC2}:instance/*")


def _group_rule(direction: str) -> tuple[Grant, Grant]:
    return (
        read("ec2:DescribeSecurityGroupRules"),
        write(
            f"ec2:AuthorizeSecurityGroup{direction} RevokeSecurityGroup{direction} ModifySecurityGroupRules "
            "CreateTags DeleteTags",
            _GROUP,
            _GROUP_RULE,
        ),
    )


EC2: Table = {
    "aws:ec2/vpc:Vpc": (
        read("ec2:DescribeNetworkAcls DescribeRouteTables DescribeSecurityGroups DescribeVpcs"),
        read("ec2:DescribeVpcAttribute", _VPC),
        write("ec2:CreateVpc ModifyVpcAttribute DeleteVpc CreateTags DeleteTags", _VPC),
    ),
    "aws:ec2/subnet:Subnet": (
        read("ec2:DescribeNetworkInterfaces DescribeSubnets"),
        write("ec2:CreateSubnet ModifySubnetAttribute DeleteSubnet CreateTags DeleteTags", _SUBNET, _VPC),
        _LEFT_BEHIND,
    ),
    "aws:ec2/internetGateway:InternetGateway": (
        read("ec2:DescribeInternetGateways"),
        write("ec2:CreateInternetGateway AttachInternetGateway CreateTags DeleteTags", _GATEWAY, _VPC),
        write("ec2:DetachInternetGateway DeleteInternetGateway", _GATEWAY, _VPC),
    ),
    "aws:ec2/natGateway:NatGateway": (
        read("ec2:DescribeNatGateways"),
        write("ec2:CreateNatGateway DeleteNatGateway CreateTags DeleteTags", _NAT, _SUBNET, _ADDRESS),
    ),
    "aws:ec2/eip:Eip": (
        read("ec2:DescribeAddresses DescribeAddressesAttribute"),
        write("ec2:AllocateAddress DisassociateAddress ReleaseAddress CreateTags DeleteTags", _ADDRESS, _INTERFACE),
    ),
    "aws:ec2/routeTable:RouteTable": (
        read("ec2:DescribeRouteTables"),
        write("ec2:CreateRouteTable CreateTags DeleteTags", _ROUTES, _VPC, _SUBNET),
        write("ec2:DisassociateRouteTable DeleteRouteTable", _ROUTES, _VPC, _SUBNET),
    ),
    "aws:ec2/route:Route": (
        read("ec2:DescribeRouteTables"),
        write("ec2:CreateRoute ReplaceRoute DeleteRoute", _ROUTES),
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": (
        read("ec2:DescribeRouteTables"),
        write("ec2:AssociateRouteTable ReplaceRouteTableAssociation DisassociateRouteTable", _ROUTES, _SUBNET),
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": (
        read("ec2:DescribePrefixLists DescribeVpcEndpoints"),
        write(
            "ec2:CreateVpcEndpoint ModifyVpcEndpoint DeleteVpcEndpoints CreateTags DeleteTags",
            *(_ENDPOINT, _VPC, _SUBNET, _ROUTES, _GROUP),
        ),
        # An interface endpoint with a private name is put into a zone of the VPC in the caller's name (Service
        # Authorization Reference: dependent actions of CreateVpcEndpoint).
        write("route53:AssociateVPCWithHostedZone", "arn:aws:route53:::hostedzone/*", _VPC),
    ),
    "aws:ec2/flowLog:FlowLog": (
        read("ec2:DescribeFlowLogs"),
        write("ec2:CreateFlowLogs DeleteFlowLogs CreateTags DeleteTags", _FLOW_LOG, _VPC),
        pass_role("vpc-flow-logs.amazonaws.com"),
        # Neither takes a resource.
        write("logs:CreateLogDelivery DeleteLogDelivery", when=IN_REGION),
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": (
        read("ec2:DescribeLaunchTemplateVersions DescribeLaunchTemplates"),
        write("ec2:CreateLaunchTemplate CreateLaunchTemplateVersion CreateTags DeleteTags", _TEMPLATE),
        write("ec2:ModifyLaunchTemplate DeleteLaunchTemplate", _TEMPLATE),
    ),
    "aws:ec2/securityGroup:SecurityGroup": (
        read("ec2:DescribeNetworkInterfaces DescribeSecurityGroups"),
        # A new group lets everything out, which the provider takes away first.
        write("ec2:CreateSecurityGroup RevokeSecurityGroupEgress CreateTags DeleteTags", _GROUP, _GROUP_RULE, _VPC),
        write("ec2:RevokeSecurityGroupIngress DeleteSecurityGroup", _GROUP, _GROUP_RULE, _VPC),
        _LEFT_BEHIND,
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": (
        read("ec2:DescribeSecurityGroups"),
        # The VPC's own group is not made, only emptied; nor is it deleted.
        write("ec2:RevokeSecurityGroupEgress RevokeSecurityGroupIngress CreateTags DeleteTags", _GROUP, _GROUP_RULE),
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _group_rule("Ingress"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _group_rule("Egress"),
}
