"""What an update of a live stack does, for every key of a stack file with `kind: eks`.

`CHANGES` is read by `changes_text.py`, which writes docs/changing.md. `REPLACED_BY` is why: the arguments that
AWS cannot change in what stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

How = Literal["in place", "rolling", "new first", "old first", "added or removed", "refused"]

HOW: Mapping[How, str] = {
    "in place": "What stands is changed. Nothing stops.",
    "rolling": "Nodes or pods are exchanged a few at a time, within their disruption budgets.",
    "new first": "Something new is made, takes over, and what it replaces is deleted at the end of the update.",
    "old first": "What stands is deleted, and then made anew; what is missing in between is said.",
    "added or removed": "What only this key needs is made, or deleted at the end of the update.",
    "refused": "The preview refuses it on a live stack, and tells the way around.",
}

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
terraform-provider-aws 6 and `ForceNew` in its schemas. The binding's is set by `load_balancer/binding.py`."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """What happens to what stands when a key changes. A key that ends in `.**` stands for all below it."""

    how: How
    text: str


POD = "The pods are exchanged: a new one is ready before an old one stops."
CHOSEN = "Chosen for good. Make another stack beside this one, move to it, and destroy this one."
GRANT = "A role's access entry and its policies."
NODES = "The nodes of the pool are exchanged by EKS, a third of a group at a time."

CHANGES: Mapping[str, Change] = {
    "platform.kind": Change(
        how="refused", text=f"{CHOSEN} Without `platform.protect` there is no refusal: everything is deleted."
    ),
    "platform.region": Change(how="refused", text=CHOSEN),
    "platform.accountId": Change(how="refused", text=f"{CHOSEN} Credentials of another account are refused too."),
    "platform.protect": Change(how="in place", text="The load balancers' own protection follows. Deploy it alone."),
    "platform.tags": Change(
        how="rolling", text="Tags change in place, but machines take theirs when they start: all nodes are exchanged."
    ),
    "network.cidr": Change(how="refused", text=CHOSEN),
    "network.zones": Change(how="refused", text=CHOSEN),
    "network.nat": Change(
        how="new first",
        text="Routes turn to the gateway that stays or comes. Connections through one that goes are cut, and the "
        "public addresses seen by others change.",
    ),
    "network.interfaceEndpoints": Change(how="added or removed", text="The endpoint of each service."),
    "network.flowLogRetentionDays": Change(how="in place", text="Records that are older are deleted."),
    "cluster.version": Change(
        how="rolling",
        text="The control plane in place; add-ons and nodes too where they have no version of their own. One step at "
        "a time: the preview refuses others.",
    ),
    "cluster.addonsVersion": Change(how="in place", text="The add-ons roll out their versions for it."),
    "cluster.nodesVersion": Change(
        how="rolling", text="The nodes of all pools are exchanged, a third of a group at a time."
    ),
    "cluster.tier": Change(
        how="in place",
        text="Back to `standard` only once `autoscalerSync` is removed and deployed: the preview says so.",
    ),
    "cluster.publicAccess": Change(how="in place", text="A few minutes, in which the API server answers."),
    "cluster.deletionProtection": Change(how="in place", text="Deploy it alone, before a destroy."),
    "cluster.zonalShift": Change(how="in place", text="Nothing else changes."),
    "cluster.logRetentionDays": Change(how="in place", text="Records that are older are deleted."),
    "cluster.autoscalerSync": Change(how="in place", text="Removed, it is 15s again."),
    "cluster.access.admins": Change(how="added or removed", text=GRANT),
    "cluster.access.deployers": Change(
        how="added or removed", text=f"{GRANT} Never remove the one that you deploy with: add another, and use it."
    ),
    "cluster.access.viewers": Change(how="added or removed", text=GRANT),
    "cluster.access.breakGlass": Change(
        how="added or removed", text=f"{GRANT} A role that moves to another list gets its ordinary name back in place."
    ),
    "cluster.access.namespaces.*.**": Change(
        how="old first", text="A role's grant for its list of namespaces: it has none for some seconds."
    ),
    "cluster.addons": Change(how="in place", text="The add-on rolls out the version. EKS may refuse an older one."),
    "nodePools.*.instanceTypes": Change(how="new first", text="New groups are made, then the old ones are drained."),
    "nodePools.*.capacity": Change(how="new first", text="New groups are made, then the old ones are drained."),
    "nodePools.*.os": Change(how="new first", text="New groups are made, then the old ones are drained."),
    "nodePools.*.min": Change(
        how="in place", text="EKS refuses more than there are nodes just then; from or to 0, hints come or go."
    ),
    "nodePools.*.max": Change(how="in place", text="Fewer than the zones removes groups, whose nodes are drained."),
    "nodePools.*.imageRelease": Change(how="rolling", text=f"{NODES} Removed, the groups keep the release they have."),
    "nodePools.*.disk": Change(how="rolling", text=NODES),
    "nodePools.*.system": Change(
        how="in place", text="Label and taint of the nodes. Add the new system pool first, and deploy it."
    ),
    "nodePools.*.labels": Change(how="in place", text="EKS labels the nodes that there are too."),
    "nodePools.*.taints.*.**": Change(how="in place", text="EKS taints the nodes that there are too."),
    "loadBalancer.public": Change(
        how="new first",
        text="With `platform.protect: true` refused: set it to false, deploy, change this, deploy, and protect again. "
        "Another load balancer with target groups of its own; the names move last. Who still knows the old address "
        "fails until its answer expires (a minute), and apps without a name get another address.",
    ),
    "loadBalancer.allowFrom": Change(how="added or removed", text="A rule of the security group per network and port."),
    "loadBalancer.domain": Change(
        how="new first",
        text="Certificate and HTTPS listener are made, the rules move there, and plain HTTP is redirected in place. "
        "Removed, the other way round. To another domain, the old names go when the new ones lead to the apps.",
    ),
    "loadBalancer.waf": Change(how="added or removed", text="The firewall; the load balancer serves on."),
    "loadBalancer.wafRateLimit": Change(how="in place", text="Counts start anew."),
    "loadBalancer.idleTimeoutSeconds": Change(how="in place", text="Nothing stops."),
    "loadBalancer.logRetentionDays": Change(how="in place", text="Records that are older are deleted."),
    "loadBalancer.priorities": Change(
        how="new first", text="A rule belongs to its priority: apps can swap theirs, and each rule changes in place."
    ),
    "delivery.backend": Change(
        how="in place",
        text="The rights of the pipeline's roles. The state itself is moved by `pulumi stack export` and `import`.",
    ),
    "delivery.github.**": Change(
        how="in place", text="Roles, their trust and rights; an administrator deploys it. Without it they are removed."
    ),
    "delivery.images.*.**": Change(
        how="added or removed",
        text="The app's repository. With `platform.protect: true` the engine refuses to delete it: set it to "
        "false first.",
    ),
    "delivery.promotesFrom": Change(how="in place", text="The rights of the pipeline's roles."),
    "delivery.readers": Change(how="in place", text="The policies of the repositories."),
    "delivery.secrets": Change(
        how="in place", text="The permissions boundary of the stack's roles; an administrator deploys it."
    ),
    "delivery.runner": Change(
        how="added or removed",
        text="The CodeBuild project and what the deploy role needs for it; an administrator deploys it.",
    ),
    "namespace.name": Change(
        how="refused",
        text="While apps run in it: they would be deleted there with their volumes. Save what the volumes hold (they "
        "go with the apps), set `platform.protect: false` and deploy, remove the apps and deploy, and add them in the "
        "new one.",
    ),
    "namespace.existing": Change(how="refused", text="With `kind: eks` the namespace is always the stack's own."),
    "namespace.labels": Change(how="in place", text="Nothing else changes."),
    "namespace.quota.**": Change(how="in place", text="It counts for new pods; those that run stay."),
    "apps.*.image": Change(how="rolling", text=POD),
    "apps.*.command": Change(how="rolling", text=POD),
    "apps.*.args": Change(how="rolling", text=POD),
    "apps.*.env.**": Change(how="rolling", text=POD),
    "apps.*.files": Change(how="rolling", text=f"{POD} Old pods keep the files that they began with."),
    "apps.*.secrets.*.**": Change(
        how="rolling",
        text=f"{POD} The roles that read them, in its own pods and in those of pull requests, change in place.",
    ),
    "apps.*.notSecret": Change(how="in place", text="Nothing in the cluster: it says what the checks let through."),
    "apps.*.resources.**": Change(how="rolling", text=POD),
    "apps.*.placement.**": Change(how="rolling", text=POD),
    "apps.*.security.**": Change(how="rolling", text=POD),
    "apps.*.volumes.*.**": Change(
        how="rolling", text=f"{POD} A claim grows in place and never shrinks; what else it asks for cannot change."
    ),
    "apps.*.init.**": Change(how="rolling", text=POD),
    "apps.*.sidecars.**": Change(how="rolling", text=POD),
    "apps.*.allowTo.**": Change(how="in place", text="The network policy, for connections that are opened from then."),
    "apps.*.allowFrom.**": Change(
        how="in place", text="The network policy, for connections that are opened from then."
    ),
    "apps.*.health.**": Change(how="rolling", text=POD),
    "apps.*.scaling.**": Change(how="in place", text="The autoscaler keeps the pods that run, within the new bounds."),
    "apps.*.replicas": Change(how="in place", text="Pods are started, or drained and stopped."),
    "apps.*.availability.zones": Change(how="rolling", text=POD),
    "apps.*.availability.maxUnavailable": Change(how="in place", text="The disruption budget."),
    "apps.*.availability.evictAfter": Change(how="rolling", text=POD),
    "apps.*.availability.priority": Change(how="rolling", text=POD),
    "apps.*.rollout.surge": Change(how="in place", text="It counts from the next rollout."),
    "apps.*.rollout.deadline": Change(how="in place", text="It counts from the next rollout."),
    "apps.*.rollout.finishWithin": Change(how="rolling", text=POD),
    "apps.*.rollout.drain": Change(how="rolling", text=f"{POD} The target group's delay changes in place."),
    "apps.*.kind": Change(
        how="new first",
        text="What the new kind does not need is removed, such as the Service; volumes of the kind too.",
    ),
    "apps.*.port": Change(
        how="rolling", text=f"{POD} The ways through the security groups are opened first and closed last."
    ),
    "apps.*.traffic.protocol": Change(
        how="new first", text="A target group, a binding and a rule or listener of the other load balancer."
    ),
    "apps.*.traffic.host": Change(
        how="new first", text="The rule changes in place; the new name is made, the old goes."
    ),
    "apps.*.traffic.path": Change(how="in place", text="The rule; to a deeper or shallower path, another priority's."),
    "apps.*.schedule": Change(how="in place", text="It counts from the next run; one that runs ends as it began."),
    "apps.*.timeZone": Change(how="in place", text="It counts from the next run; one that runs ends as it began."),
    "apps.*.timeout": Change(how="in place", text="It counts from the next run; one that runs ends as it began."),
    "apps.*.retries": Change(how="in place", text="It counts from the next run; one that runs ends as it began."),
    "apps.*.overlap": Change(how="in place", text="It counts from the next run; one that runs ends as it began."),
}


def change_of(key: str) -> Change | None:
    """Find what a change of `key` does: its own entry, else that of the nearest section; None if there is neither."""
    if key in CHANGES:
        return CHANGES[key]
    parts = key.split(".")
    places = (".".join([*parts[:length], "**"]) for length in range(len(parts) - 1, 0, -1))
    return next((CHANGES[place] for place in places if place in CHANGES), None)
