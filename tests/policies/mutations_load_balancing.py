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
    Mutation("load-balancer-drops-invalid-headers", drop(BALANCER, "dropInvalidHeaderFields")),
    Mutation("load-balancer-logs-requests", put(BALANCER, False, "accessLogs", "enabled")),
    Mutation("load-balancer-refuses-deletion", put(BALANCER, False, "enableDeletionProtection")),
    Mutation("load-balancer-mitigates-desync", put(BALANCER, "monitor", "desyncMitigationMode")),
    Mutation("load-balancer-spans-zones", put(BALANCER, ["subnet-1"], "subnets")),
    Mutation("load-balancer-says-whether-it-is-public", drop(BALANCER, "internal")),
    Mutation("load-balancer-shifts-away-from-a-zone", drop(BALANCER, "enableZonalShift")),
    Mutation("network-load-balancer-crosses-zones", make(BALANCER, NETWORK_BALANCER)),
    Mutation("public-load-balancer-has-firewall", remove(FIREWALL_ASSOCIATION)),
    Mutation("listener-redirects-to-https", put(LISTENER, FORWARD, "defaultActions", name=REDIRECT)),
    Mutation("listener-speaks-modern-tls", put(LISTENER, "ELBSecurityPolicy-2016-08", "sslPolicy", name="alb-https")),
    Mutation("listener-speaks-modern-tls", drop(LISTENER, "sslPolicy", name="alb-https"), id="unset"),
    Mutation(
        "listener-speaks-modern-tls",
        put(LISTENER, "ELBSecurityPolicy-FS-1-1-2019-08", "sslPolicy", name="alb-https"),
        id="tls-1-1",
    ),
    Mutation(
        "target-group-deregisters-in-time", drop(TARGETS, "deregistrationDelay"), also=("deregistration-within-pause",)
    ),
    Mutation("target-group-targets-pods", drop(TARGETS, "targetType")),
    Mutation("target-group-notices-a-dead-pod", drop(TARGETS, "healthCheck", "path")),
    Mutation("target-group-notices-a-dead-pod", put(TARGETS, 60, "healthCheck", "interval"), id="interval"),
    Mutation(
        "pods-fit-the-load-balancer",
        put("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", 1200, "spec", "maxReplicas", name="web"),
        also=("quota-holds-all-replicas",),
    ),
    Mutation("one-rule-answers-for-an-address", _second_app_on_the_address),
    Mutation(
        "controller-registers-only-its-targets",
        put_in_json(
            ROLE_POLICY,
            {"Null": {"aws:ResourceTag/elbv2.k8s.aws/cluster": "false"}},
            "policy",
            "Statement",
            1,
            "Condition",
            name="load-balancer-controller-targets",
        ),
    ),
    Mutation("load-balancer-controller-survives-its-node", put(RELEASE, 1, "values", "replicaCount", name=NAME)),
    Mutation(
        "load-balancer-controller-survives-its-node",
        drop(RELEASE, "values", "topologySpreadConstraints", name=NAME),
        id="spread",
    ),
    Mutation(
        "load-balancer-controller-targets-pods", put(RELEASE, "instance", "values", "defaultTargetType", name=NAME)
    ),
    Mutation("load-balancer-controller-knows-where-it-is", drop(RELEASE, "values", "vpcId", name=NAME)),
    Mutation(
        "load-balancer-controller-blocks-nobody", drop(RELEASE, "values", "enableServiceMutatorWebhook", name=NAME)
    ),
]
