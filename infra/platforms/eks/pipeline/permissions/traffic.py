"""Rows of what brings requests to the apps: load balancers, certificates, DNS records, firewall.

The names of the load balancers and of the firewall begin as the program calls them; the engine adds random letters.
"""

from __future__ import annotations

from infra.platforms.eks.pipeline.permissions.rights import IN_REGION, Grant, Table, TypeRights, service_linked_role

_ELB = "arn:{partition}:elasticloadbalancing:{here}"
_BALANCERS = (f"{_ELB}:loadbalancer/app/alb-*", f"{_ELB}:loadbalancer/net/nlb-*")
_LISTENERS = (f"{_ELB}:listener/app/alb-*", f"{_ELB}:listener/net/nlb-*")
_RULES = (f"{_ELB}:listener-rule/app/alb-*",)
_TARGETS = (f"{_ELB}:targetgroup/*",)
_CERTIFICATES = ("arn:{partition}:acm:{here}:certificate/*",)
_ZONES = ("arn:{partition}:route53:::hostedzone/*",)
_FIREWALLS = ("arn:{partition}:wafv2:{here}:regional/webacl/firewall-*",)

_TAG = ("elasticloadbalancing:AddTags",)
_UNTAG = ("elasticloadbalancing:RemoveTags",)
_TAGS = "elasticloadbalancing:DescribeTags"

# None of the actions that look at load balancers or certificates' domains takes a resource.
TRAFFIC: Table = {
    "aws:lb/loadBalancer:LoadBalancer": TypeRights(
        read=(
            "elasticloadbalancing:DescribeCapacityReservation",
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeLoadBalancers",
            _TAGS,
        ),
        create=("elasticloadbalancing:CreateLoadBalancer", *_TAG),
        update=(
            "elasticloadbalancing:ModifyLoadBalancerAttributes",
            "elasticloadbalancing:SetIpAddressType",
            "elasticloadbalancing:SetSecurityGroups",
            "elasticloadbalancing:SetSubnets",
            *_UNTAG,
        ),
        delete=("elasticloadbalancing:DeleteLoadBalancer",),
        on=_BALANCERS,
        also_read=(
            # Elastic Load Balancing looks at the network in the caller's name.
            Grant(
                actions=(
                    "ec2:DescribeAccountAttributes",
                    "ec2:DescribeAddresses",
                    "ec2:DescribeInternetGateways",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeVpcs",
                )
            ),
        ),
        also_write=(service_linked_role("elasticloadbalancing.amazonaws.com"),),
    ),
    "aws:lb/listener:Listener": TypeRights(
        read=("elasticloadbalancing:DescribeListenerAttributes", "elasticloadbalancing:DescribeListeners", _TAGS),
        create=("elasticloadbalancing:CreateListener", *_TAG),
        update=("elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyListenerAttributes", *_UNTAG),
        delete=("elasticloadbalancing:DeleteListener",),
        on=(*_BALANCERS, *_LISTENERS),
    ),
    "aws:lb/listenerRule:ListenerRule": TypeRights(
        read=("elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules", _TAGS),
        create=("elasticloadbalancing:CreateRule", *_TAG),
        update=("elasticloadbalancing:ModifyRule", "elasticloadbalancing:SetRulePriorities", *_UNTAG),
        delete=("elasticloadbalancing:DeleteRule",),
        on=(*_LISTENERS, *_RULES),
    ),
    "aws:lb/targetGroup:TargetGroup": TypeRights(
        read=(
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
            _TAGS,
        ),
        create=("elasticloadbalancing:CreateTargetGroup", *_TAG),
        update=(
            "elasticloadbalancing:ModifyTargetGroup",
            "elasticloadbalancing:ModifyTargetGroupAttributes",
            *_UNTAG,
        ),
        delete=("elasticloadbalancing:DeleteTargetGroup",),
        # Called after the apps.
        on=_TARGETS,
    ),
    "aws:acm/certificate:Certificate": TypeRights(
        read=("acm:DescribeCertificate", "acm:ListTagsForCertificate"),
        create=("acm:AddTagsToCertificate",),
        update=("acm:RemoveTagsFromCertificate", "acm:UpdateCertificateOptions"),
        delete=("acm:DeleteCertificate",),
        on=_CERTIFICATES,
        read_on=_CERTIFICATES,
        also_write=(
            Grant(
                # Takes no resource, but the names that the certificate would be for.
                actions=("acm:RequestCertificate",),
                conditions={
                    "StringEquals": {"acm:ValidationMethod": ("DNS",)},
                    "ForAllValues:StringEquals": {"acm:DomainNames": ("{domain}", "*.{domain}")},
                },
            ),
        ),
    ),
    "aws:acm/certificateValidation:CertificateValidation": TypeRights(
        # Waits, and makes nothing.
        read=("acm:DescribeCertificate",),
        read_on=_CERTIFICATES,
    ),
    "aws:route53/record:Record": TypeRights(
        read=("route53:GetHostedZone", "route53:ListResourceRecordSets", "route53:ListTagsForResource"),
        create=("route53:ChangeResourceRecordSets",),
        on=_ZONES,
        read_on=_ZONES,
        when={
            "ForAllValues:StringLike": {
                "route53:ChangeResourceRecordSetsNormalizedRecordNames": ("{domain}", "*.{domain}")
            }
        },
        also_read=(
            # The zone is looked up by its name; the list takes no resource.
            Grant(actions=("route53:ListHostedZones", "route53:ListHostedZonesByName")),
            Grant(actions=("route53:GetChange",), resources=("arn:{partition}:route53:::change/*",)),
        ),
    ),
    "aws:wafv2/webAcl:WebAcl": TypeRights(
        read=("wafv2:GetWebACL", "wafv2:ListTagsForResource"),
        create=("wafv2:CreateWebACL", "wafv2:TagResource"),
        update=("wafv2:UntagResource", "wafv2:UpdateWebACL"),
        delete=("wafv2:DeleteWebACL",),
        # A web ACL that uses AWS's rules is checked against those too.
        on=(*_FIREWALLS, "arn:{partition}:wafv2:{here}:regional/managedruleset/*"),
        read_on=_FIREWALLS,
    ),
    "aws:wafv2/webAclAssociation:WebAclAssociation": TypeRights(
        read=("wafv2:GetWebACL", "wafv2:GetWebACLForResource"),
        create=("wafv2:AssociateWebACL",),
        delete=("wafv2:DisassociateWebACL",),
        on=(*_FIREWALLS, _BALANCERS[0]),
        read_on=(*_FIREWALLS, _BALANCERS[0]),
        also_write=(Grant(actions=("elasticloadbalancing:SetWebACL",), resources=_BALANCERS[:1]),),
    ),
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": TypeRights(
        read=("wafv2:GetLoggingConfiguration",),
        create=("wafv2:PutLoggingConfiguration",),
        delete=("wafv2:DeleteLoggingConfiguration",),
        on=_FIREWALLS,
        read_on=_FIREWALLS,
        also_write=(
            service_linked_role("wafv2.amazonaws.com"),
            # AWS WAF sets up the delivery in the caller's name; none of these takes a resource.
            Grant(
                actions=(
                    "logs:CreateLogDelivery",
                    "logs:DeleteLogDelivery",
                    "logs:DescribeLogGroups",
                    "logs:DescribeResourcePolicies",
                    "logs:PutResourcePolicy",
                ),
                conditions=IN_REGION,
            ),
        ),
    ),
}
