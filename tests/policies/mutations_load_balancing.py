from __future__ import annotations

from policies.facts.aws import BALANCERS
from policies.facts.iam import ROLE_POLICY
from policies.facts.objects import RELEASE
from policies.families.load_balancing import FIREWALL_ASSOCIATION, LISTENER_RULES, LISTENERS, TARGET_GROUPS
from tests.policies.changes import drop, make, put, put_in_json, remove
from tests.policies.harness import Draft, Mutation

BALANCER = BALANCERS[0]
LISTENER = LISTENERS[0]
TARGETS = TARGET_GROUPS[0]
NAME = "load-balancer-controller"
REDIRECT = "alb-http"
FORWARD = [{"type": "forward", "targetGroupArn": "arn:aws:elasticloadbalancing:::targetgroup/web"}]

NETWORK_BALANCER = {
    "loadBalancerType": "network",
    "internal": True,
    "enableZonalShift": True,
    "enableDeletionProtection": True,
    "accessLogs": {"enabled": True, "bucket": "logs"},
    "subnets": ["subnet-1", "subnet-2"],
}


def _second_app_on_the_address(draft: Draft) -> None:
    first = draft.all(LISTENER_RULES[0])[0]
    listeners = [one for one in draft.all(LISTENER) if one.urn in first.property_dependencies["listenerArn"]]
    inputs = {"conditions": [{"hostHeader": {"values": ["app.example.com"]}}], "actions": FORWARD, "priority": 5}
    draft.add(LISTENER_RULES[0], "zebra", inputs, takes={"listenerArn": listeners})


LOAD_BALANCING = [
    Mutation(rule="load-balancer-drops-invalid-headers", change=drop(BALANCER, "dropInvalidHeaderFields")),
    Mutation(rule="load-balancer-logs-requests", change=put(BALANCER, False, "accessLogs", "enabled")),
    Mutation(rule="load-balancer-refuses-deletion", change=put(BALANCER, False, "enableDeletionProtection")),
    Mutation(rule="load-balancer-mitigates-desync", change=put(BALANCER, "monitor", "desyncMitigationMode")),
    Mutation(rule="load-balancer-spans-zones", change=put(BALANCER, ["subnet-1"], "subnets")),
    Mutation(rule="load-balancer-says-whether-it-is-public", change=drop(BALANCER, "internal")),
    Mutation(rule="load-balancer-shifts-away-from-a-zone", change=drop(BALANCER, "enableZonalShift")),
    Mutation(rule="network-load-balancer-crosses-zones", change=make(BALANCER, NETWORK_BALANCER)),
    Mutation(rule="public-load-balancer-has-firewall", change=remove(FIREWALL_ASSOCIATION)),
    Mutation(rule="listener-redirects-to-https", change=put(LISTENER, FORWARD, "defaultActions", name=REDIRECT)),
    Mutation(
        rule="listener-speaks-modern-tls",
        change=put(LISTENER, "ELBSecurityPolicy-2016-08", "sslPolicy", name="alb-https"),
    ),
    Mutation(rule="listener-speaks-modern-tls", change=drop(LISTENER, "sslPolicy", name="alb-https"), id="unset"),
    Mutation(
        rule="listener-speaks-modern-tls",
        change=put(LISTENER, "ELBSecurityPolicy-FS-1-1-2019-08", "sslPolicy", name="alb-https"),
        id="tls-1-1",
    ),
    Mutation(
        rule="target-group-deregisters-in-time",
        change=drop(TARGETS, "deregistrationDelay"),
        also=("deregistration-within-pause",),
    ),
    Mutation(rule="target-group-targets-pods", change=drop(TARGETS, "targetType")),
    Mutation(rule="target-group-notices-a-dead-pod", change=drop(TARGETS, "healthCheck", "path")),
    Mutation(rule="target-group-notices-a-dead-pod", change=put(TARGETS, 60, "healthCheck", "interval"), id="interval"),
    Mutation(
        rule="pods-fit-the-load-balancer",
        change=put("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", 1200, "spec", "maxReplicas", name="web"),
        also=("quota-holds-all-replicas",),
    ),
    Mutation(rule="one-rule-answers-for-an-address", change=_second_app_on_the_address),
    Mutation(
        rule="controller-registers-only-its-targets",
        change=put_in_json(
            ROLE_POLICY,
            {"Null": {"aws:ResourceTag/elbv2.k8s.aws/cluster": "false"}},
            "policy",
            "Statement",
            1,
            "Condition",
            name="load-balancer-controller-targets",
        ),
    ),
    Mutation(
        rule="load-balancer-controller-survives-its-node", change=put(RELEASE, 1, "values", "replicaCount", name=NAME)
    ),
    Mutation(
        rule="load-balancer-controller-survives-its-node",
        change=drop(RELEASE, "values", "topologySpreadConstraints", name=NAME),
        id="spread",
    ),
    Mutation(
        rule="load-balancer-controller-targets-pods",
        change=put(RELEASE, "instance", "values", "defaultTargetType", name=NAME),
    ),
    Mutation(rule="load-balancer-controller-knows-where-it-is", change=drop(RELEASE, "values", "vpcId", name=NAME)),
    Mutation(
        rule="load-balancer-controller-blocks-nobody",
        change=drop(RELEASE, "values", "enableServiceMutatorWebhook", name=NAME),
    ),
]
