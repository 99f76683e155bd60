"""Everything that another stack of the account has, as IAM sees it when somebody asks for it.

What the program makes carries its tags; what EKS and the controllers make beside it carries theirs, which are named
here with their source. What has neither is told by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.platforms.eks.names import identity_provider_arn
from infra.platforms.eks.pipeline.permissions.scope import Scope
from tests.platforms.eks.iam_evaluator import Value
from tests.platforms.eks.pipeline.permissions.stacks_of_all_kinds import BUCKET


@dataclass(frozen=True, kw_only=True)
class Thing:
    """One resource: its ARN, its tags, and what else the service tells IAM of it (`facts`)."""

    kind: str
    arn: str
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    facts: Mapping[str, Value] = field(default_factory=dict[str, Value])

    @property
    def service(self) -> str:
        """The service whose actions reach it."""
        return self.arn.split(":")[2]

    @property
    def truth(self) -> dict[str, Value]:
        """The condition keys of the resource, which no caller can choose."""
        prefixes = {"aws", "ec2"} if self.service == "ec2" else {"aws"}
        return {f"{prefix}:ResourceTag/{key}": value for prefix in prefixes for key, value in self.tags.items()} | dict(
            self.facts
        )


def things_of(of: Scope) -> list[Thing]:
    """Give one of each kind of what a stack has."""
    here = f"{of.region}:{of.account_id}"
    owned = {f"kubernetes.io/cluster/{of.name}": "owned"}
    stack = {"stack": of.stack, "project": "nightowl"}
    group = {**owned, "k8s.io/cluster-autoscaler/enabled": "true", f"k8s.io/cluster-autoscaler/{of.name}": "owned"}
    return [
        *_of_ec2(of, here, stack, owned),
        # EKS user guide, "Managed node groups": tags for discovery by the autoscaler.
        Thing(
            kind="Auto Scaling group",
            arn=f"arn:aws:autoscaling:{here}:autoScalingGroup:1:autoScalingGroupName/eks-apps-1",
            tags={**group, "eks:cluster-name": of.name},
        ),
        *_of_load_balancing(here, of, stack, owned),
        *_of_eks(of, here, stack),
        *_of_iam(of),
        *_of_storage(of, here, stack),
        *_of_traffic(of, here, stack),
    ]


def _of_ec2(of: Scope, here: str, stack: Mapping[str, str], owned: Mapping[str, str]) -> list[Thing]:
    ec2 = f"arn:aws:ec2:{here}"
    tagged = [
        Thing(kind=kind, arn=f"{ec2}:{kind}/{kind[:3]}-1", tags=stack)
        for kind in (
            "elastic-ip",
            "internet-gateway",
            "launch-template",
            "natgateway",
            "route-table",
            "security-group",
            "security-group-rule",
            "subnet",
            "volume",
            "vpc",
            "vpc-endpoint",
            "vpc-flow-log",
        )
    ]
    cni = {"cluster.k8s.amazonaws.com/name": of.name, "node.k8s.amazonaws.com/instance_id": "i-1"}
    return [
        *tagged,
        Thing(kind="node", arn=f"{ec2}:instance/i-1", tags={**stack, **owned, "eks:cluster-name": of.name}),
        Thing(kind="node's interface", arn=f"{ec2}:network-interface/eni-1", tags=stack),
        # amazon-vpc-cni-k8s, pkg/awsutils: tags of the interfaces that it makes.
        Thing(kind="pods' interface", arn=f"{ec2}:network-interface/eni-2", tags=cni),
        # EKS user guide, "View Amazon EKS security group requirements": tags of the group that EKS makes.
        Thing(
            kind="cluster's security group",
            arn=f"{ec2}:security-group/sg-eks",
            tags={**owned, "aws:eks:cluster-name": of.name},
        ),
        # EKS makes a template of its own from that of the node group.
        Thing(
            kind="launch template of EKS",
            arn=f"{ec2}:launch-template/lt-eks",
            tags={"eks:cluster-name": of.name, "eks:nodegroup-name": "apps"},
        ),
        # aws-ebs-csi-driver, docs/tagging.md: with the cluster's name, which the add-on gives.
        Thing(
            kind="claim's volume",
            arn=f"{ec2}:volume/vol-2",
            tags={"ebs.csi.aws.com/cluster": "true", "ebs.csi.aws.com/cluster-name": of.name, **owned},
        ),
    ]


def _of_load_balancing(here: str, of: Scope, stack: Mapping[str, str], owned: Mapping[str, str]) -> list[Thing]:
    elb = f"arn:aws:elasticloadbalancing:{here}"
    return [
        Thing(kind="load balancer", arn=f"{elb}:loadbalancer/app/alb-9z8y7x6/1", tags=stack),
        Thing(kind="listener", arn=f"{elb}:listener/app/alb-9z8y7x6/1/2", tags=stack),
        Thing(kind="listener rule", arn=f"{elb}:listener-rule/app/alb-9z8y7x6/1/2/3", tags=stack),
        Thing(
            kind="target group",
            arn=f"{elb}:targetgroup/web-9z8y7x6/1",
            tags={**stack, "cluster": of.name},
        ),
        # cloud-provider-aws: what a Service of type LoadBalancer makes.
        Thing(kind="load balancer of a Service", arn=f"{elb}:loadbalancer/a0123456789abcdef", tags=owned),
        Thing(kind="network load balancer of a Service", arn=f"{elb}:loadbalancer/net/a0123456789/1", tags=owned),
        Thing(kind="target group of a Service", arn=f"{elb}:targetgroup/k8s-default-web/1", tags=owned),
    ]


def _of_eks(of: Scope, here: str, stack: Mapping[str, str]) -> list[Thing]:
    eks = f"arn:aws:eks:{here}"
    return [
        Thing(kind="cluster", arn=f"{eks}:cluster/{of.name}", tags=stack),
        Thing(kind="node group", arn=f"{eks}:nodegroup/{of.name}/apps/1", tags=stack),
        Thing(kind="add-on", arn=f"{eks}:addon/{of.name}/coredns/1", tags=stack),
        Thing(kind="access entry", arn=f"{eks}:access-entry/{of.name}/role/{of.account_id}/x/1", tags=stack),
        Thing(kind="pod identity", arn=f"{eks}:podidentityassociation/{of.name}/a-1", tags=stack),
        Thing(kind="CodeBuild project", arn=f"arn:aws:codebuild:{here}:project/{of.name}-runner", tags=stack),
    ]


def _of_iam(of: Scope) -> list[Thing]:
    iam = f"arn:aws:iam::{of.account_id}"
    bounded = {"iam:PermissionsBoundary": of.boundary_arn}
    return [
        Thing(kind="role", arn=f"{iam}:role/nightowl/{of.stack}/app-web-1", tags={"stack": of.stack}, facts=bounded),
        Thing(
            kind="role for guests",
            arn=f"{iam}:role/nightowl/{of.stack}/guest-web-1",
            tags={"stack": of.stack},
            facts=bounded,
        ),
        Thing(kind="role of the pipeline", arn=of.pipeline_roles[0], tags={"stack": of.stack}),
        Thing(kind="boundary", arn=of.boundary_arn, tags={"stack": of.stack}),
        Thing(kind="instance profile", arn=f"{iam}:instance-profile/eks-0123"),
        Thing(kind="identity provider", arn=identity_provider_arn(of.account_id)),
    ]


def _of_storage(of: Scope, here: str, stack: Mapping[str, str]) -> list[Thing]:
    state = f"arn:aws:s3:::{BUCKET}"
    return [
        Thing(
            kind="key",
            arn=f"arn:aws:kms:{here}:key/1",
            tags=stack,
            facts={"kms:ResourceAliases": [f"alias/{of.name}-secrets"]},
        ),
        Thing(kind="alias of a key", arn=f"arn:aws:kms:{here}:alias/{of.name}-secrets"),
        # Made by hand, so it need not have a tag.
        Thing(kind="secret", arn=f"arn:aws:secretsmanager:{here}:secret:{of.stack}/web/key-AbCdEf"),
        Thing(kind="log group", arn=f"arn:aws:logs:{here}:log-group:/aws/eks/{of.name}/cluster:*", tags=stack),
        Thing(
            kind="log of the runner", arn=f"arn:aws:logs:{here}:log-group:/aws/codebuild/{of.name}-runner", tags=stack
        ),
        Thing(kind="image repository", arn=f"arn:aws:ecr:{here}:repository/{of.name}/web", tags=stack),
        Thing(kind="state", arn=f"{state}/.pulumi/stacks/nightowl/{of.stack}.json"),
        Thing(kind="what a build runs", arn=f"{state}/runner/{of.name}/source.tar"),
        Thing(kind="lock of the state", arn=f"{state}/.pulumi/locks/organization/nightowl/{of.stack}/1.json"),
        Thing(kind="bucket of the state", arn=state),
        # A bucket's tags reach IAM only where an administrator has switched that on.
        Thing(kind="bucket of access logs", arn="arn:aws:s3:::alb-log-9z8y7x6"),
        Thing(kind="access logs", arn="arn:aws:s3:::alb-log-9z8y7x6/AWSLogs/1"),
    ]


def _of_traffic(of: Scope, here: str, stack: Mapping[str, str]) -> list[Thing]:
    names = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
    return [
        Thing(kind="certificate", arn=f"arn:aws:acm:{here}:certificate/1", tags=stack),
        Thing(kind="firewall", arn=f"arn:aws:wafv2:{here}:regional/webacl/firewall-9z8y7x6/1", tags=stack),
        Thing(kind="DNS record", arn="arn:aws:route53:::hostedzone/Z1", facts={names: [f"app.{of.domain}"]}),
        Thing(kind="DNS zone", arn="arn:aws:route53:::hostedzone/Z1"),
    ]
