"""Load balancers, listeners, target groups and the controller that registers pods in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.values import is_false, is_true, mapping, mappings, number, sequence, text, texts, within
from policies.document_rule import document_rule
from policies.facts.aws import BALANCERS, DEFAULT_DEREGISTRATION_SECONDS
from policies.facts.eks import metadata_is_closed
from policies.facts.helm import LOAD_BALANCER_CONTROLLER, is_chart
from policies.facts.iam import PolicyStatement, permissions
from policies.facts.objects import HPA, RELEASE, neighbours
from policies.facts.stack import Resource, Stack
from policies.facts.tls import refuses_tls_1_1
from policies.facts.unknown import is_set
from policies.rule import HIGH, LOW, MEDIUM, Family, Messages, must_be_on

LISTENERS = ("aws:lb/listener:Listener", "aws:alb/listener:Listener")
LISTENER_RULES = ("aws:lb/listenerRule:ListenerRule", "aws:alb/listenerRule:ListenerRule")
TARGET_GROUPS = ("aws:lb/targetGroup:TargetGroup", "aws:alb/targetGroup:TargetGroup")
FIREWALL_ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"

APPLICATION_TYPES = {"", "application"}
MOST_DEREGISTRATION_SECONDS = 120
"""Beyond two minutes a spot node is gone before its targets are (EC2 spot interruption notice)."""
MOST_HEALTH_INTERVAL_SECONDS = 15
"""The load balancer controller's default: with two failures a dead pod is out after 30 s."""

MOST_TARGETS = 1000
"""Targets of one application load balancer (ELB quotas)."""
BOUND = ("kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding", "kubernetes:networking.k8s.io/v1:Ingress")

REGISTERING = ("elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets")

family = Family("Load balancing", __doc__)


def _is_application(balancer: Resource) -> bool:
    return text(balancer.props, "loadBalancerType") in APPLICATION_TYPES


@family.rule("load-balancer-drops-invalid-headers", MEDIUM, BALANCERS, "Security Hub ELB.4", "CKV_AWS_131")
def _drops_invalid_headers(balancer: Resource) -> Messages:
    """Headers that app and load balancer read differently smuggle requests in.

    Set drop_invalid_header_fields=True.
    https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html
    """
    if _is_application(balancer) and not is_true(balancer.props, "dropInvalidHeaderFields"):
        yield "dropInvalidHeaderFields is not on"


@family.rule("load-balancer-logs-requests", MEDIUM, BALANCERS, "Security Hub ELB.5", "CKV_AWS_91")
def _logs_requests(balancer: Resource) -> Messages:
    """Who asked what, and what it got, cannot be told afterwards.

    Set access_logs with a bucket and enabled=True.
    https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html
    """
    # A network load balancer writes a log for TLS listeners only.
    if _is_application(balancer) and not is_true(balancer.props, "accessLogs", "enabled"):
        yield "accessLogs.enabled is not on"


@family.rule("load-balancer-refuses-deletion", MEDIUM, BALANCERS, "Security Hub ELB.6", "CKV_AWS_150")
def _refuses_deletion(balancer: Resource) -> Messages:
    """One wrong command takes the address away that everybody uses.

    Set enable_deletion_protection=True, and switch it off before taking the stack down.
    https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html
    """
    return must_be_on(balancer, "enableDeletionProtection")


@family.rule("load-balancer-mitigates-desync", MEDIUM, BALANCERS, "Security Hub ELB.12", "CKV_AWS_328")
def _desyncs_defensively(balancer: Resource) -> Messages:
    """Requests that two servers split differently are let through as they are.

    Set desync_mitigation_mode to defensive or strictest.
    https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html
    """
    mode = text(balancer.props, "desyncMitigationMode")
    # Without a word AWS takes defensive.
    if _is_application(balancer) and mode not in {"", "defensive", "strictest"}:
        yield f"desyncMitigationMode is {mode}"


@family.rule("load-balancer-spans-zones", HIGH, BALANCERS, "Security Hub ELB.13")
def _spans_zones(balancer: Resource) -> Messages:
    """The address goes with one zone; an application load balancer in one zone is refused.

    Give it subnets in two or more availability zones, with eight free addresses each.
    https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html
    """
    subnets = sequence(balancer.props.get("subnets")) or sequence(balancer.props.get("subnetMappings"))
    if len(subnets) < 2:
        yield f"has {len(subnets)} subnet"


@family.rule("load-balancer-says-whether-it-is-public", MEDIUM, BALANCERS)
def _says_whether_public(balancer: Resource) -> Messages:
    """Something is on the internet because nobody said that it should not be.

    Set internal to True or False.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
    """
    if balancer.props.get("internal") is None:
        yield "internal is not set, which puts it on the internet"


@family.rule("load-balancer-shifts-away-from-a-zone", MEDIUM, BALANCERS, "EKS user guide: zonal shift")
def _shifts_away_from_a_zone(balancer: Resource) -> Messages:
    """While a zone fails half-way, requests still go there and nobody can turn them away.

    Set enable_zonal_shift=True.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/zonal-shift.html
    """
    return must_be_on(balancer, "enableZonalShift")


@family.rule("network-load-balancer-crosses-zones", LOW, BALANCERS, "CKV_AWS_152")
def _crosses_zones(balancer: Resource) -> Messages:
    """The few pods of one zone get as much load as the many of another.

    Set enable_cross_zone_load_balancing=True.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html
    """
    is_network = text(balancer.props, "loadBalancerType") == "network"
    if is_network and not is_true(balancer.props, "enableCrossZoneLoadBalancing"):
        yield "enableCrossZoneLoadBalancing is not on: a zone with fewer pods gets as much load as the others"


@family.stack_rule("public-load-balancer-has-firewall", MEDIUM, BALANCERS, "Security Hub ELB.16", "CKV2_AWS_28")
def _has_firewall(balancer: Resource, stack: Stack) -> Messages:
    """Known attacks and floods from one address reach the app.

    Make an aws.wafv2.WebAcl and associate it with the load balancer.
    https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html
    """
    public = not is_true(balancer.props, "internal")
    if _is_application(balancer) and public and not stack.dependents(balancer, "resourceArn", FIREWALL_ASSOCIATION):
        yield "is on the internet without a WAF"


@family.rule("listener-redirects-to-https", HIGH, LISTENERS, "Security Hub ELB.1", "CKV_AWS_2", "CKV2_AWS_20")
def _redirects_to_https(listener: Resource) -> Messages:
    """Passwords and cookies travel in the clear.

    Let the HTTP listener's default action redirect to HTTPS.
    https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html
    """
    if text(listener.props, "protocol") != "HTTP":
        return
    for action in mappings(listener.props, "defaultActions"):
        if text(action, "type") != "redirect" or text(action, "redirect", "protocol") not in {"HTTPS", "#{protocol}"}:
            yield f"port {number(listener.props, 'port') or 0:.0f} answers in plain HTTP"


@family.rule("listener-speaks-modern-tls", HIGH, LISTENERS, "CIS EKS 5.4.5", "CKV_AWS_103", "CKV2_AWS_74")
def _speaks_modern_tls(listener: Resource) -> Messages:
    """A client can be talked down to a TLS that is broken.

    Set ssl_policy to an ELBSecurityPolicy-TLS13-1-2 one, and certificate_arn.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
    """
    if text(listener.props, "protocol") not in {"HTTPS", "TLS"}:
        return
    policy = text(listener.props, "sslPolicy")
    if not refuses_tls_1_1(policy):
        yield f"sslPolicy is {policy or 'not set, which stands for 2016-08'}: it takes TLS 1.1 or older"
    if not is_set(listener.props, "certificateArn"):
        yield "certificateArn is not set"


@family.rule("target-group-deregisters-in-time", MEDIUM, TARGET_GROUPS, "EKS best practices: load balancing")
def _deregisters_in_time(group: Resource) -> Messages:
    """Requests go to pods that are gone, on every rollout.

    Set deregistration_delay to the longest request, and preStop to more than that.
    https://docs.aws.amazon.com/eks/latest/best-practices/load-balancing.html
    """
    delay = number(group.props, "deregistrationDelay")
    delay = DEFAULT_DEREGISTRATION_SECONDS if delay is None else delay
    if delay > MOST_DEREGISTRATION_SECONDS:
        yield f"deregistrationDelay is {delay:.0f} s: pods are gone long before the load balancer lets go of them"


@family.rule("target-group-targets-pods", MEDIUM, TARGET_GROUPS, "EKS best practices: load balancing")
def _targets_pods(group: Resource) -> Messages:
    """A request makes a second hop through a node that may be on its way out.

    Set target_type to ip.
    https://docs.aws.amazon.com/eks/latest/best-practices/load-balancing.html
    """
    kind = text(group.props, "targetType") or "instance"
    if kind == "instance":
        yield "targetType is instance: requests go through a node's port to a pod anywhere, without readiness gates"


@family.rule("target-group-notices-a-dead-pod", MEDIUM, TARGET_GROUPS, "AWS Load Balancer Controller: health checks")
def _checks_health(group: Resource) -> Messages:
    """A pod that answers nobody gets requests for a minute, or one that is not ready gets them.

    Set health_check.path to the readiness path, or matcher to 200-499, and interval to 10 to 15 s.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
    """
    check = mapping(group.props.get("healthCheck"))
    protocol = text(check, "protocol") or text(group.props, "protocol")
    # An app that is asked nothing over HTTP has no such path: then every answer that it gives there must do.
    chosen = text(check, "path") not in {"", "/"} or text(check, "matcher").endswith("499")
    if protocol in {"HTTP", "HTTPS"} and not chosen:
        yield "healthCheck.path is not the readiness path of the app"
    interval = number(check, "interval")
    if interval is None or interval > MOST_HEALTH_INTERVAL_SECONDS:
        yield f"healthCheck.interval is {'30' if interval is None else f'{interval:.0f}'} s: a dead pod stays in"


@family.stack_rule("one-rule-answers-for-an-address", HIGH, LISTENER_RULES)
def _answers_once(rule: Resource, stack: Stack) -> Messages:
    """Two apps on one host and path: the one with the lower priority number gets everything.

    Give each app a host or path of its own.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html
    """
    own = _address(rule)
    for other in stack.of_type(*LISTENER_RULES):
        if other.urn < rule.urn and own and _address(other) == own and _same_listener(stack, rule, other):
            yield f"answers for {' '.join(sorted(own))}, which {other.label} answers for already"


def _address(rule: Resource) -> frozenset[str]:
    return frozenset(
        value
        for condition in mappings(rule.props, "conditions")
        for kind in condition
        for value in _condition_values(kind, condition)
    )


def _condition_values(kind: str, condition: Mapping[str, Any]) -> list[str]:
    values = texts(condition, kind, "values")
    return [f"{kind}={value}" for value in values] or ([f"{kind}={condition[kind]}"] if condition[kind] else [])


def _same_listener(stack: Stack, one: Resource, other: Resource) -> bool:
    listeners = {listener.urn for listener in stack.dependencies(one, "listenerArn", *LISTENERS)}
    theirs = {listener.urn for listener in stack.dependencies(other, "listenerArn", *LISTENERS)}
    return bool(listeners & theirs)


@document_rule(family, "controller-registers-only-its-targets", HIGH, "AWS Load Balancer Controller: IAM policy")
def _registers_own_targets(resource: Resource) -> Messages:
    """The controller of one cluster takes targets of another out of service.

    Ask StringEquals on a tag of the target groups whose value is this cluster's name.
    https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/installation/
    """
    for statement in permissions(resource):
        if any(statement.may(action) for action in REGISTERING) and not _is_pinned(statement):
            yield "may register targets in load balancers of other clusters"


def _is_pinned(statement: PolicyStatement) -> bool:
    if statement.everything_but or statement.is_total:
        return True  # other rules are about such statements
    named = not any(sign in arn.rpartition("targetgroup/")[2] for arn in statement.resources for sign in "*?")
    asked = statement.conditions.get("StringEquals", {})
    tags = [values for key, values in asked.items() if key.startswith("aws:resourcetag/")]
    return named or any(all("*" not in value for value in values) for values in tags)


@family.stack_rule("pods-fit-the-load-balancer", MEDIUM, HPA, "EKS best practices: scalability")
def _targets_fit(scaler: Resource, stack: Stack) -> Messages:
    """Beyond a thousand targets the load balancer takes no more, and new pods get no requests.

    Lower spec.maxReplicas, make pods bigger, or spread them over several load balancers.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
    """
    most = number(scaler.props, "spec", "maxReplicas") or 0
    if most > MOST_TARGETS and neighbours(scaler, stack, *BOUND):
        yield f"spec.maxReplicas is {most:.0f}, more than the {MOST_TARGETS} targets of a load balancer"


@family.rule("load-balancer-controller-survives-its-node", MEDIUM, RELEASE, "AWS Load Balancer Controller chart")
def _controller_is_ready(release: Resource) -> Messages:
    """New pods get no requests while the only controller is being moved.

    Set replicaCount 2, podDisruptionBudget and topologySpreadConstraints in values.
    https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/installation/
    """
    if not is_chart(release, LOAD_BALANCER_CONTROLLER):
        return
    values = within(release.props, "values")
    replicas = number(values, "replicaCount")
    if replicas is not None and replicas < 2:
        yield f"values.replicaCount is {replicas:.0f}: while its node is replaced, no new pod gets requests"
    if not mapping(within(values, "podDisruptionBudget")):
        yield "values.podDisruptionBudget is empty, as the chart leaves it"
    if not sequence(within(values, "topologySpreadConstraints")) and not mapping(within(values, "affinity")):
        yield "values.topologySpreadConstraints is empty, as the chart leaves it: both pods may share a node"


@family.rule("load-balancer-controller-targets-pods", MEDIUM, RELEASE, "AWS Load Balancer Controller chart")
def _controller_targets_pods(release: Resource) -> Messages:
    """Services without an annotation of their own get targets by node port, without readiness gates.

    Set values.defaultTargetType to ip.
    https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/configurations/
    """
    if is_chart(release, LOAD_BALANCER_CONTROLLER) and text(release.props, "values", "defaultTargetType") == "instance":
        yield "values.defaultTargetType is instance"


@family.stack_rule(
    "load-balancer-controller-knows-where-it-is", HIGH, RELEASE, "AWS Load Balancer Controller: installation"
)
def _controller_knows_where_it_is(release: Resource, stack: Stack) -> Messages:
    """With a hop limit of 1 pods cannot ask where they are, and the controller never starts.

    Set values.region and values.vpcId.
    https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/installation/
    """
    if not is_chart(release, LOAD_BALANCER_CONTROLLER) or not metadata_is_closed(stack):
        return
    missing = [key for key in ("region", "vpcId") if not is_set(release.props, "values", key)]
    if missing:
        yield f"values lacks {' and '.join(missing)}, and pods cannot ask the node's metadata"


@family.rule("load-balancer-controller-blocks-nobody", MEDIUM, RELEASE, "AWS Load Balancer Controller issue 4140")
def _controller_blocks_nobody(release: Resource) -> Messages:
    """No Service of any chart can be made while the controller does not answer.

    Set values.enableServiceMutatorWebhook to false.
    https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/4140
    """
    if is_chart(release, LOAD_BALANCER_CONTROLLER) and not is_false(
        release.props, "values", "enableServiceMutatorWebhook"
    ):
        yield "values.enableServiceMutatorWebhook is on: while it does not answer, no Service can be made"
