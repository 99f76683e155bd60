"""Rows of Amazon EC2: network, addresses, firewalls, launch templates.

An id is known only once the resource exists, so these are narrowed by kind, account and region, and by the guard
against what is tagged as another stack's. Actions: the calls of the Terraform AWS provider, checked against the
handlers of the CloudFormation resource types; resources: Service Authorization Reference, Amazon EC2.
"""

from __future__ import annotations

from infra.platforms.eks.pipeline.permissions.rights import IN_REGION, Grant, Table, TypeRights, pass_role

_EC2 = "arn:{partition}:ec2:{here}"
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

_TAG = ("ec2:CreateTags",)
_UNTAG = ("ec2:DeleteTags",)

_LEFT_BEHIND = Grant(
    # The provider clears away the interfaces that EKS, Lambda and load balancers left in a subnet or group.
    actions=("ec2:DeleteNetworkInterface", "ec2:DetachNetworkInterface"),
    resources=(_INTERFACE, f"{_EC2}:instance/*"),
)


def _group_rule(direction: str) -> TypeRights:
    return TypeRights(
        read=("ec2:DescribeSecurityGroupRules",),
        create=(f"ec2:AuthorizeSecurityGroup{direction}", *_TAG),
        update=("ec2:ModifySecurityGroupRules", *_UNTAG),
        delete=(f"ec2:RevokeSecurityGroup{direction}",),
        on=(_GROUP, _GROUP_RULE),
    )


EC2: Table = {
    "aws:ec2/vpc:Vpc": TypeRights(
        read=(
            "ec2:DescribeNetworkAcls",
            "ec2:DescribeRouteTables",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeVpcs",
        ),
        create=("ec2:CreateVpc", *_TAG),
        update=("ec2:ModifyVpcAttribute", *_UNTAG),
        delete=("ec2:DeleteVpc",),
        on=(_VPC,),
        also_read=(Grant(actions=("ec2:DescribeVpcAttribute",), resources=(_VPC,)),),
    ),
    "aws:ec2/subnet:Subnet": TypeRights(
        read=("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"),
        create=("ec2:CreateSubnet", *_TAG),
        update=("ec2:ModifySubnetAttribute", *_UNTAG),
        delete=("ec2:DeleteSubnet",),
        on=(_SUBNET, _VPC),
        also_write=(_LEFT_BEHIND,),
    ),
    "aws:ec2/internetGateway:InternetGateway": TypeRights(
        read=("ec2:DescribeInternetGateways",),
        create=("ec2:AttachInternetGateway", "ec2:CreateInternetGateway", *_TAG),
        update=_UNTAG,
        delete=("ec2:DeleteInternetGateway", "ec2:DetachInternetGateway"),
        on=(_GATEWAY, _VPC),
    ),
    "aws:ec2/natGateway:NatGateway": TypeRights(
        read=("ec2:DescribeNatGateways",),
        create=("ec2:CreateNatGateway", *_TAG),
        update=_UNTAG,
        delete=("ec2:DeleteNatGateway",),
        on=(_NAT, _SUBNET, _ADDRESS),
    ),
    "aws:ec2/eip:Eip": TypeRights(
        read=("ec2:DescribeAddresses", "ec2:DescribeAddressesAttribute"),
        create=("ec2:AllocateAddress", *_TAG),
        update=_UNTAG,
        delete=("ec2:DisassociateAddress", "ec2:ReleaseAddress"),
        on=(_ADDRESS, _INTERFACE),
    ),
    "aws:ec2/routeTable:RouteTable": TypeRights(
        read=("ec2:DescribeRouteTables",),
        create=("ec2:CreateRouteTable", *_TAG),
        update=_UNTAG,
        delete=("ec2:DeleteRouteTable", "ec2:DisassociateRouteTable"),
        on=(_ROUTES, _VPC, _SUBNET),
    ),
    "aws:ec2/route:Route": TypeRights(
        read=("ec2:DescribeRouteTables",),
        create=("ec2:CreateRoute",),
        update=("ec2:ReplaceRoute",),
        delete=("ec2:DeleteRoute",),
        on=(_ROUTES,),
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": TypeRights(
        read=("ec2:DescribeRouteTables",),
        create=("ec2:AssociateRouteTable",),
        update=("ec2:ReplaceRouteTableAssociation",),
        delete=("ec2:DisassociateRouteTable",),
        on=(_ROUTES, _SUBNET),
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": TypeRights(
        read=("ec2:DescribePrefixLists", "ec2:DescribeVpcEndpoints"),
        create=("ec2:CreateVpcEndpoint", *_TAG),
        update=("ec2:ModifyVpcEndpoint", *_UNTAG),
        delete=("ec2:DeleteVpcEndpoints",),
        on=(_ENDPOINT, _VPC, _SUBNET, _ROUTES, _GROUP),
        # An interface endpoint with a private name is put into a zone of the VPC in the caller's name (Service
        # Authorization Reference: dependent actions of CreateVpcEndpoint).
        also_write=(
            Grant(
                actions=("route53:AssociateVPCWithHostedZone",),
                resources=("arn:{partition}:route53:::hostedzone/*", "arn:{partition}:ec2:{here}:vpc/*"),
            ),
        ),
    ),
    "aws:ec2/flowLog:FlowLog": TypeRights(
        read=("ec2:DescribeFlowLogs",),
        create=("ec2:CreateFlowLogs", *_TAG),
        update=_UNTAG,
        delete=("ec2:DeleteFlowLogs",),
        on=(_FLOW_LOG, _VPC),
        also_write=(
            pass_role("vpc-flow-logs.amazonaws.com"),
            # Neither takes a resource.
            Grant(
                actions=("logs:CreateLogDelivery", "logs:DeleteLogDelivery"),
                conditions=IN_REGION,
            ),
        ),
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": TypeRights(
        read=("ec2:DescribeLaunchTemplateVersions", "ec2:DescribeLaunchTemplates"),
        create=("ec2:CreateLaunchTemplate", "ec2:CreateLaunchTemplateVersion", *_TAG),
        update=("ec2:ModifyLaunchTemplate", *_UNTAG),
        delete=("ec2:DeleteLaunchTemplate",),
        on=(_TEMPLATE,),
    ),
    "aws:ec2/securityGroup:SecurityGroup": TypeRights(
        read=("ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups"),
        # A new group lets everything out, which the provider takes away first.
        create=("ec2:CreateSecurityGroup", "ec2:RevokeSecurityGroupEgress", *_TAG),
        update=_UNTAG,
        delete=("ec2:DeleteSecurityGroup", "ec2:RevokeSecurityGroupIngress"),
        on=(_GROUP, _GROUP_RULE, _VPC),
        also_write=(_LEFT_BEHIND,),
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": TypeRights(
        read=("ec2:DescribeSecurityGroups",),
        # The VPC's own group is not made, only emptied; nor is it deleted.
        create=("ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress", *_TAG),
        update=_UNTAG,
        on=(_GROUP, _GROUP_RULE),
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _group_rule("Ingress"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _group_rule("Egress"),
}
