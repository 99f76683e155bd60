"""Rows of what brings requests to the apps: load balancers, certificates, DNS records, firewall.

The names of the load balancers and of the firewall begin as the program calls them; the engine adds random letters.
None of the actions that look at load balancers or certificates' domains takes a resource.
"""

from __future__ import annotations

from infra.platforms.eks.pipeline.permissions.grants import IN_REGION, Table, read, service_linked_role, write

_ELB = "arn:aws:elasticloadbalancing:{here}"
_ALB = f"{_ELB}:loadbalancer/app/alb-*"
_BALANCERS = (_ALB, f"{_ELB}:loadbalancer/net/nlb-*")
_LISTENERS = (f"{_ELB}:listener/app/alb-*", f"{_ELB}:listener/net/nlb-*")
_RULES = f"{_ELB}:listener-rule/app/alb-*"
_TARGETS = f"{_ELB}:targetgroup/*"
_CERTIFICATES = "arn:aws:acm:{here}:certificate/*"
_ZONES = "arn:aws:route53:::hostedzone/*"
_FIREWALLS = "arn:aws:wafv2:{here}:regional/webacl/firewall-*"
_DOMAINS = ("{domain}", "*.{domain}")

TRAFFIC: Table = {
    "aws:lb/loadBalancer:LoadBalancer": (
        read("elasticloadbalancing:DescribeCapacityReservation DescribeLoadBalancerAttributes DescribeLoadBalancers"),
        read("elasticloadbalancing:DescribeTags"),
        # Elastic Load Balancing looks at the network in the caller's name.
        read("ec2:DescribeAccountAttributes DescribeAddresses DescribeInternetGateways DescribeNetworkInterfaces"),
        read("ec2:DescribeSecurityGroups DescribeSubnets DescribeVpcs"),
        write("elasticloadbalancing:CreateLoadBalancer DeleteLoadBalancer AddTags RemoveTags", *_BALANCERS),
        write("elasticloadbalancing:ModifyLoadBalancerAttributes SetIpAddressType", *_BALANCERS),
        write("elasticloadbalancing:SetSecurityGroups SetSubnets", *_BALANCERS),
        service_linked_role("elasticloadbalancing.amazonaws.com"),
    ),
    "aws:lb/listener:Listener": (
        read("elasticloadbalancing:DescribeListenerAttributes DescribeListeners DescribeTags"),
        write("elasticloadbalancing:CreateListener DeleteListener AddTags RemoveTags", *_BALANCERS, *_LISTENERS),
        write("elasticloadbalancing:ModifyListener ModifyListenerAttributes", *_BALANCERS, *_LISTENERS),
    ),
    "aws:lb/listenerRule:ListenerRule": (
        read("elasticloadbalancing:DescribeListeners DescribeRules DescribeTags"),
        write("elasticloadbalancing:CreateRule ModifyRule SetRulePriorities DeleteRule", *_LISTENERS, _RULES),
        write("elasticloadbalancing:AddTags RemoveTags", *_LISTENERS, _RULES),
    ),
    "aws:lb/targetGroup:TargetGroup": (
        read("elasticloadbalancing:DescribeTargetGroupAttributes DescribeTargetGroups DescribeTargetHealth"),
        read("elasticloadbalancing:DescribeTags"),
        # Called after the apps.
        write("elasticloadbalancing:CreateTargetGroup DeleteTargetGroup AddTags RemoveTags", _TARGETS),
        write("elasticloadbalancing:ModifyTargetGroup ModifyTargetGroupAttributes", _TARGETS),
    ),
    "aws:acm/certificate:Certificate": (
        read("acm:DescribeCertificate ListTagsForCertificate", _CERTIFICATES),
        # Takes no resource, but the names that the certificate would be for.
        write(
            "acm:RequestCertificate",
            when={
                "StringEquals": {"acm:ValidationMethod": "DNS"},
                "ForAllValues:StringEquals": {"acm:DomainNames": _DOMAINS},
            },
        ),
        write("acm:UpdateCertificateOptions DeleteCertificate", _CERTIFICATES),
        write("acm:AddTagsToCertificate RemoveTagsFromCertificate", _CERTIFICATES),
    ),
    "aws:acm/certificateValidation:CertificateValidation": (
        # Waits, and makes nothing.
        read("acm:DescribeCertificate", _CERTIFICATES),
    ),
    "aws:route53/record:Record": (
        read("route53:GetHostedZone ListResourceRecordSets ListTagsForResource", _ZONES),
        # The zone is looked up by its name; the list takes no resource.
        read("route53:ListHostedZones ListHostedZonesByName"),
        read("route53:GetChange", "arn:aws:route53:::change/*"),
        write(
            "route53:ChangeResourceRecordSets",
            _ZONES,
            when={"ForAllValues:StringLike": {"route53:ChangeResourceRecordSetsNormalizedRecordNames": _DOMAINS}},
        ),
    ),
    "aws:wafv2/webAcl:WebAcl": (
        read("wafv2:GetWebACL ListTagsForResource", _FIREWALLS),
        # A web ACL that uses AWS's rules is checked against those too.
        write(
            "wafv2:CreateWebACL UpdateWebACL DeleteWebACL TagResource UntagResource",
            _FIREWALLS,
            "arn:aws:wafv2:{here}:regional/managedruleset/*",
        ),
    ),
    "aws:wafv2/webAclAssociation:WebAclAssociation": (
        read("wafv2:GetWebACL GetWebACLForResource", _FIREWALLS, _ALB),
        write("wafv2:AssociateWebACL DisassociateWebACL", _FIREWALLS, _ALB),
        write("elasticloadbalancing:SetWebACL", _ALB),
    ),
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": (
        read("wafv2:GetLoggingConfiguration", _FIREWALLS),
        write("wafv2:PutLoggingConfiguration DeleteLoggingConfiguration", _FIREWALLS),
        service_linked_role("wafv2.amazonaws.com"),
        # AWS WAF sets up the delivery in the caller's name; none of these takes a resource.
        write("logs:CreateLogDelivery DeleteLogDelivery DescribeLogGroups DescribeResourcePolicies", when=IN_REGION),
        write("logs:PutResourcePolicy", when=IN_REGION),
    ),
}
