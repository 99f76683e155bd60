from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infra.apps import rollout
from infra.apps.rollout import timing
from infra.platforms.eks.load_balancer.target import (
    LONGEST_NAME,
    deregistration_seconds,
    target_group_name,
    with_scheme,
)
from infra.settings.app.application import WebSettings
from infra.settings.eks.addresses import LONGEST_PATTERN
from infra.settings.eks.drain import GRACE_MARGIN_SECONDS, drain_seconds
from infra.settings.problems import SettingsError
from tests.platforms.eks.harness_aws import Graph, Made
from tests.platforms.eks.stacks import APP, run_shipped, run_stack, with_apps

PUBLIC = {"public": True, "domain": "example.com"}
PUBLIC_WEB_GROUP = target_group_name("web.public")


def stack(apps: dict[str, Any], load_balancer: dict[str, Any] | None = None, **platform: Any) -> Graph:
    changes: dict[str, Any] = {"loadBalancer": load_balancer} if load_balancer else {}
    if platform:
        changes["platform"] = {"kind": "eks", "region": "eu-central-1", "accountId": "123456789012", **platform}
    return run_stack(with_apps(apps, **changes)).graph


@pytest.fixture(scope="module")
def two_apps() -> Graph:
    return stack(
        {
            "web": {"traffic": {"host": "app.example.com"}, "health": {"readiness": "/readyz"}},
            "api": {"traffic": {"host": "app.example.com", "path": "/api/"}, "port": 9000},
            "same-port": {"traffic": {"host": "other.example.com"}},
        },
        {**PUBLIC, "waf": True, "allowFrom": ["198.51.100.0/24", "203.0.113.0/24"]},
    )


@pytest.fixture(scope="module")
def tcp() -> Graph:
    return stack({"db": {"traffic": {"protocol": "tcp"}, "port": 5432}})


def balancer(graph: Graph) -> Made:
    return graph.one("LoadBalancer")


def rule_of(graph: Graph, app: str) -> Made:
    [rule] = [made for made in graph.all("ListenerRule") if made.props["tags"]["app"] == app]
    return rule


def rules_of(graph: Graph, kind: str, group: Made) -> list[dict[str, Any]]:
    return [made.props for made in graph.all(kind) if made.props["securityGroupId"] == group_id(group)]


def group_id(group: Made) -> str:
    return f"sg-{hashlib.sha256(group.name.encode()).hexdigest()[:17]}"


def subnet_id(made: Made) -> str:
    return f"subnet-{hashlib.sha256(made.name.encode()).hexdigest()[:17]}"


def balancer_arn(graph: Graph) -> str:
    stem = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer"
    return f"{stem}/{balancer(graph).name}-1a2b3c4/0123456789abcdef"


def test_without_traffic_there_is_no_load_balancer_no_controller_and_no_gate() -> None:
    graph = stack({"web": {}})
    assert graph.all("LoadBalancer") == []
    assert [made.name for made in graph.all("Release")] == ["cluster-autoscaler"]
    labels = graph.one("kubernetes:core/v1:Namespace", "namespace").props["metadata"]["labels"]
    assert not any("elbv2" in label for label in labels)


def test_a_load_balancer_is_private_unless_it_is_asked_to_be_public(tcp: Graph, two_apps: Graph) -> None:
    assert balancer(tcp).props["internal"] is True
    assert balancer(two_apps).props["internal"] is False


def test_load_balancers_stand_in_the_subnets_that_hold_no_pods(two_apps: Graph, tcp: Graph) -> None:
    for graph in (two_apps, tcp):
        public = {subnet_id(made) for made in graph.all("Subnet") if made.name.startswith("public-")}
        assert set(balancer(graph).props["subnets"]) == public


def test_an_alb_guards_itself(two_apps: Graph) -> None:
    props = balancer(two_apps).props
    assert props["dropInvalidHeaderFields"] is True
    assert props["desyncMitigationMode"] == "defensive"
    assert props["enableDeletionProtection"] is True
    assert props["enableZonalShift"] is True
    assert props["idleTimeout"] == 60
    assert props["accessLogs"]["enabled"] is True
    assert balancer(two_apps).protect


def test_an_unprotected_stack_can_be_destroyed_with_its_logs() -> None:
    graph = stack({"web": {"traffic": {"host": "app.example.com"}}}, PUBLIC, protect=False)
    assert balancer(graph).props["enableDeletionProtection"] is False
    assert not balancer(graph).protect
    assert graph.one("Bucket").props["forceDestroy"] is True


def test_https_speaks_tls_13_and_http_is_redirected_to_it(two_apps: Graph) -> None:
    https = two_apps.one("Listener", "alb-https").props
    assert (https["port"], https["protocol"]) == (443, "HTTPS")
    assert https["sslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
    assert https["certificateArn"].startswith("arn:aws:acm:")
    [redirect] = two_apps.one("Listener", "alb-http").props["defaultActions"]
    assert redirect == {"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}}


def test_a_request_that_fits_no_app_is_answered_404(two_apps: Graph) -> None:
    [action] = two_apps.one("Listener", "alb-https").props["defaultActions"]
    assert action["fixedResponse"]["statusCode"] == "404"


def test_one_certificate_covers_the_domain_and_one_label_below_it(two_apps: Graph) -> None:
    props = two_apps.one("aws:acm/certificate:Certificate").props
    assert (props["domainName"], props["subjectAlternativeNames"]) == ("example.com", ["*.example.com"])
    proof = two_apps.one("Record", "alb-certificate-proof").props
    assert (proof["name"], proof["type"]) == ("_0123abcd.example.com.", "CNAME")


def test_each_host_gets_one_record(two_apps: Graph) -> None:
    names = [made.props["name"] for made in two_apps.all("Record") if made.props["type"] == "A"]
    assert sorted(names) == ["app.example.com", "other.example.com"]


def test_an_app_without_a_host_is_found_under_the_domain_itself() -> None:
    run = run_stack(with_apps({"web": {"traffic": {"path": "/shop"}}}, loadBalancer=PUBLIC))
    assert run.outputs["apps"]["web"]["url"] == "https://example.com/shop"
    assert [made.props["name"] for made in run.graph.all("Record") if made.props["type"] == "A"] == ["example.com"]


def test_without_a_domain_the_apps_answer_on_plain_http_and_the_program_says_so() -> None:
    run = run_stack(with_apps({"web": {"traffic": {}}}))
    url = run.outputs["apps"]["web"]["url"]
    assert url == "http://alb-1a2b3c4-1234567890.eu-central-1.elb.amazonaws.com/"
    assert [made.props["protocol"] for made in run.graph.all("Listener")] == ["HTTP"]
    assert run.graph.all("aws:acm/certificate:Certificate") == []
    [warning] = run.warnings
    assert warning.startswith("nightowl:loadBalancer.domain is not set: the apps answer on plain HTTP")


def test_only_the_allowed_networks_reach_the_listeners(two_apps: Graph) -> None:
    alb = two_apps.one("SecurityGroup", "alb")
    into = rules_of(two_apps, "SecurityGroupIngressRule", alb)
    seen = {(rule["fromPort"], rule["cidrIpv4"]) for rule in into}
    assert seen == {(port, network) for port in (80, 443) for network in ("198.51.100.0/24", "203.0.113.0/24")}
    assert all(rule["description"] for rule in into)


def test_the_load_balancer_reaches_the_apps_ports_and_nothing_else_and_two_apps_share_a_rule(two_apps: Graph) -> None:
    alb = two_apps.one("SecurityGroup", "alb")
    out = rules_of(two_apps, "SecurityGroupEgressRule", alb)
    assert sorted((rule["fromPort"], rule["toPort"]) for rule in out) == [(8080, 8080), (9000, 9000)]
    assert {rule["referencedSecurityGroupId"] for rule in out} == {"sg-0c0ffee0c0ffee0c0"}
    assert all(rule["ipProtocol"] == "tcp" for rule in out)


def test_p20_the_load_balancers_group_has_no_cluster_tag(two_apps: Graph) -> None:
    for group in two_apps.all("SecurityGroup"):
        assert not any(tag.startswith("kubernetes.io/cluster/") for tag in group.props.get("tags", {}))


def test_no_rule_has_the_text_by_which_the_controller_finds_rules_to_revoke(two_apps: Graph, tcp: Graph) -> None:
    for graph in (two_apps, tcp):
        rules = [*graph.all("SecurityGroupIngressRule"), *graph.all("SecurityGroupEgressRule")]
        assert not any("elbv2" in made.props["description"] for made in rules)


def test_a_target_group_asks_the_pods_own_readiness_question(two_apps: Graph) -> None:
    check = two_apps.one("TargetGroup", PUBLIC_WEB_GROUP).props["healthCheck"]
    assert (check["path"], check["matcher"], check["port"]) == ("/readyz", "200-399", "traffic-port")
    assert (check["interval"], check["timeout"]) == (10, 5)
    assert (check["healthyThreshold"], check["unhealthyThreshold"]) == (2, 2)


def test_an_app_without_an_http_question_is_healthy_with_any_answer_but_a_server_error(two_apps: Graph) -> None:
    check = two_apps.one("TargetGroup", target_group_name("api.public")).props["healthCheck"]
    assert (check["path"], check["matcher"]) == ("/", "200-499")


def test_a_new_port_of_an_app_replaces_no_target_group() -> None:
    groups = []
    for port in (8080, 9090):
        graph = stack({"web": {"traffic": {"host": "app.example.com"}, "port": port}}, PUBLIC)
        groups.append(graph.one("TargetGroup", PUBLIC_WEB_GROUP).props)
    assert groups[0] == groups[1]


def test_rules_take_an_apps_host_and_its_path_by_whole_segments(two_apps: Graph) -> None:
    rule = rule_of(two_apps, "api").props
    assert rule["conditions"] == [
        {"hostHeader": {"values": ["app.example.com"]}},
        {"pathPattern": {"values": ["/api", "/api/*"]}},
    ]
    assert rule_of(two_apps, "web").props["conditions"] == [{"hostHeader": {"values": ["app.example.com"]}}]
    assert rule["priority"] < rule_of(two_apps, "web").props["priority"]


def test_an_app_on_every_host_and_path_has_a_rule_with_a_condition() -> None:
    graph = stack({"web": {"traffic": {}}})
    assert rule_of(graph, "web").props["conditions"] == [{"pathPattern": {"values": ["/*"]}}]


def test_a_binding_writes_out_what_the_controller_would_look_up_and_leaves_the_rules_to_pulumi(two_apps: Graph) -> None:
    spec = two_apps.one("TargetGroupBinding", "web.public-http").props["spec"]
    assert spec.pop("targetGroupARN").endswith(f"targetgroup/{PUBLIC_WEB_GROUP}-1a2b3c4/0123456789abcdef")
    assert spec.pop("vpcID").startswith("vpc-")
    assert spec == {
        "targetType": "ip",
        "ipAddressType": "ipv4",
        "targetGroupProtocol": "HTTP",
        "serviceRef": {"name": "web", "port": "app"},
    }


def test_a_binding_whose_group_changes_is_deleted_before_its_successor_is_made(two_apps: Graph) -> None:
    binding = two_apps.one("TargetGroupBinding", "web.public-http")
    assert binding.delete_before_replace
    assert set(binding.replace_on_changes) >= {
        "spec.targetGroupARN",
        "spec.targetType",
        "spec.ipAddressType",
        "spec.vpcID",
    }


def test_the_namespace_asks_for_readiness_gates(two_apps: Graph) -> None:
    labels = two_apps.one("kubernetes:core/v1:Namespace", "namespace").props["metadata"]["labels"]
    assert labels["elbv2.k8s.aws/pod-readiness-gate-inject"] == "enabled"


def test_the_network_policies_admit_the_load_balancers_subnets_and_no_pod(two_apps: Graph) -> None:
    [rule] = two_apps.one("NetworkPolicy", "web").props["spec"]["ingress"]
    admitted = [peer["ipBlock"]["cidr"] for peer in rule["from"]]
    public = [made.props["cidrBlock"] for made in two_apps.all("Subnet") if made.name.startswith("public-")]
    assert sorted(admitted) == sorted(public)


def test_the_access_log_is_private_encrypted_by_s3_and_expires(two_apps: Graph) -> None:
    block = two_apps.one("BucketPublicAccessBlock").props
    assert all(
        block[key] for key in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    )
    [rule] = two_apps.one("BucketServerSideEncryptionConfiguration").props["rules"]
    assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "AES256"
    [expiry] = two_apps.one("BucketLifecycleConfiguration").props["rules"]
    assert expiry["expiration"]["days"] == 90


def test_the_firewall_limits_each_address_and_stands_before_the_load_balancer(two_apps: Graph) -> None:
    rules = two_apps.one("WebAcl").props["rules"]
    assert [rule["name"] for rule in rules] == [
        "rate-limit",
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesCommonRuleSet",
    ]
    assert rules[0]["statement"]["rateBasedStatement"]["limit"] == 2000
    assert two_apps.one("WebAclAssociation").props["resourceArn"] == balancer_arn(two_apps)
    assert two_apps.one("LogGroup", "firewall").props["name"] == "aws-waf-logs-nightowl-test"


def test_credentials_stay_out_of_the_firewalls_log(two_apps: Graph) -> None:
    fields = two_apps.one("WebAclLoggingConfiguration").props["redactedFields"]
    assert [item["singleHeader"]["name"] for item in fields] == ["authorization", "cookie"]


def test_a_tcp_app_gets_a_listener_on_its_port_and_a_longer_drain(tcp: Graph) -> None:
    assert balancer(tcp).props["loadBalancerType"] == "network"
    listener = tcp.one("Listener", "tcp-5432").props
    assert (listener["port"], listener["protocol"]) == (5432, "TCP")
    group = tcp.one("TargetGroup", "db").props
    assert (group["protocol"], group["deregistrationDelay"], group["preserveClientIp"]) == ("TCP", 120, "false")
    pod = tcp.one("Deployment", "db").props["spec"]["template"]["spec"]
    assert pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"] == 130
    assert pod["terminationGracePeriodSeconds"] == 170


def test_a_tcp_app_is_reached_at_the_load_balancers_own_name() -> None:
    run = run_stack(with_apps({"db": {"traffic": {"protocol": "tcp"}, "port": 5432}}))
    assert run.outputs["apps"]["db"]["url"] == "tcp://nlb-1a2b3c4-1234567890.eu-central-1.elb.amazonaws.com:5432"


def test_a_stateful_app_with_traffic_is_bound_before_its_replicas_are_made_and_drained_as_any_other() -> None:
    graph = stack({"db": {"kind": "stateful", "traffic": {"protocol": "tcp"}, "port": 5432, "replicas": 3}})
    replicas = graph.one("StatefulSet", "db")
    assert graph.waits_for(replicas, graph.one("TargetGroupBinding"))
    [container] = replicas.props["spec"]["template"]["spec"]["containers"]
    assert container["lifecycle"] == {"preStop": {"sleep": {"seconds": 130}}}


def test_only_the_apps_port_is_open_on_the_network_load_balancer(tcp: Graph) -> None:
    nlb = tcp.one("SecurityGroup", "nlb")
    [rule] = rules_of(tcp, "SecurityGroupIngressRule", nlb)
    assert (rule["fromPort"], rule["toPort"], rule["cidrIpv4"]) == (5432, 5432, "0.0.0.0/0")


@given(
    protocol=st.sampled_from(["http", "tcp"]),
    finish=st.integers(0, 300),
    own_drain=st.none() | st.integers(0, 300),
)
def test_r11_a_target_is_deregistered_while_its_pod_still_serves(
    protocol: str, finish: int, own_drain: int | None
) -> None:
    chosen = {"finishWithin": f"{finish}s"} | ({} if own_drain is None else {"drain": f"{own_drain}s"})
    settings = WebSettings.model_validate({**APP, "traffic": {"protocol": protocol}, "rollout": chosen})
    times = timing(settings, platform_drain_seconds=drain_seconds(settings))
    assert deregistration_seconds(settings, "HTTP" if protocol == "http" else "TCP") <= times.drain_seconds
    assert times.grace_seconds >= times.drain_seconds + finish + 10


def test_the_record_that_proves_a_domain_may_exist_already(two_apps: Graph) -> None:
    """ACM asks every stack of an account for the same record of a domain."""
    assert two_apps.one("Record", "alb-certificate-proof").props["allowOverwrite"] is True
    assert "allowOverwrite" not in two_apps.one("Record", "app.example.com").props


def test_the_record_that_proves_a_domain_outlives_the_stack_as_another_one_renews_its_certificate_by_it(
    two_apps: Graph,
) -> None:
    assert two_apps.one("Record", "alb-certificate-proof").retain_on_delete
    assert not two_apps.one("Record", "app.example.com").retain_on_delete


def refusal(apps: dict[str, Any], load_balancer: dict[str, Any]) -> str:
    with pytest.raises(SettingsError) as refused:
        with_apps(apps, loadBalancer=load_balancer)
    return str(refused.value)


def test_a_path_that_no_rule_can_hold_is_refused_and_the_longest_is_accepted() -> None:
    assert refusal({"web": {"traffic": {"path": "/" + "a" * 126}}}, {}) == (
        "nightowl:apps.web.traffic.path: has 127 characters; the load balancer's rules take 126"
    )
    graph = stack({"web": {"traffic": {"path": "/" + "a" * 125}}})
    [condition] = rule_of(graph, "web").props["conditions"]
    assert max(map(len, condition["pathPattern"]["values"])) == 128


def test_the_longest_host_of_the_longest_domain_fits_into_a_rule() -> None:
    domain = f"{'b' * 60}.com"
    host = f"{'a' * 63}.{domain}"
    assert (len(domain), len(host)) == (64, LONGEST_PATTERN)
    assert (
        with_apps({"web": {"traffic": {"host": host}}}, loadBalancer={"domain": domain}).load_balancer.domain == domain
    )
    assert refusal({"web": {"traffic": {}}}, {"domain": f"b{domain}"}).startswith("nightowl:loadBalancer.domain: ")


def networks(count: int) -> list[str]:
    return [f"198.51.{index}.0/24" for index in range(count)]


HTTP = {"web": {"traffic": {}}}
TCP = {f"db{port}": {"traffic": {"protocol": "tcp"}, "port": port} for port in (5432, 5433, 5434)}


@pytest.mark.parametrize(
    ("apps", "section", "most", "ports"),
    [
        (HTTP, {}, 60, 1),
        (HTTP, {"domain": "example.com"}, 30, 2),
        (TCP, {}, 20, 3),
        ({**HTTP, **TCP}, {}, 20, 3),
    ],
    ids=["HTTP", "HTTPS and its redirect", "three tcp apps", "each load balancer has its own group"],
)
def test_more_networks_than_a_security_group_holds_are_refused(
    apps: dict[str, Any], section: dict[str, Any], most: int, ports: int
) -> None:
    assert with_apps(apps, loadBalancer={**section, "allowFrom": networks(most)}).load_balancer.allow_from
    assert refusal(apps, {**section, "allowFrom": networks(most + 1)}) == (
        f"nightowl:loadBalancer.allowFrom: {most + 1} networks and {ports} ports make {(most + 1) * ports} rules, but "
        "a security group has 60; name fewer, wider networks"
    )


def test_ipv6_and_repeated_networks_are_refused() -> None:
    assert refusal(HTTP, {"allowFrom": ["2001:db8::/32"]}) == (
        "nightowl:loadBalancer.allowFrom[0]: '2001:db8::/32' is an IPv6 network, but the load balancers have IPv4 "
        "addresses only; remove it"
    )
    assert refusal(HTTP, {"allowFrom": ["198.51.100.0/24", "198.51.100.0/24"]}) == (
        "nightowl:loadBalancer.allowFrom[1]: 198.51.100.0/24 is listed twice; remove one"
    )


def test_figures_that_two_parts_need_are_the_same_in_both() -> None:
    assert GRACE_MARGIN_SECONDS == rollout.GRACE_MARGIN_SECONDS


@example("a" * 40, True)
@example("a-" * 19 + "ab", False)
@given(st.from_regex(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?", fullmatch=True), st.booleans())
def test_target_group_names_leave_room_for_the_engines_suffix(app: str, public: bool) -> None:
    name = target_group_name(with_scheme(app, public=public))
    assert 1 <= len(name) <= LONGEST_NAME
    assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", name), "AWS takes letters, digits and dashes"


@pytest.mark.parametrize("app", ["web", "a-web-with-a-longer-name", "a-very-long-name-of-an-application"])
def test_an_app_is_told_from_the_public_side_of_another(app: str) -> None:
    names = [with_scheme(app, public=True), with_scheme(f"{app}-public", public=False)]
    assert len(set(names)) == 2
    assert len({target_group_name(name) for name in names}) == 2


def test_an_app_that_turns_from_the_internet_keeps_clear_of_another_with_public_in_its_name() -> None:
    apps = {name: {"traffic": {"host": f"{name}.example.com"}} for name in ("web", "web-public")}
    before, after = stack(apps, PUBLIC), stack(apps, {**PUBLIC, "public": False})
    for kind in ("TargetGroup", "TargetGroupBinding"):
        names = [{made.name for made in graph.all(kind)} for graph in (before, after)]
        assert [len(each) for each in names] == [2, 2]
        assert not names[0] & names[1]


def test_two_long_names_that_begin_alike_stay_apart() -> None:
    stem = "a-very-long-name-of-an-application-"
    assert target_group_name(f"{stem}one") != target_group_name(f"{stem}two")


def test_names_of_load_balancers_leave_room_for_the_engines_suffix() -> None:
    for made in [*run_shipped("prod").graph.all("LoadBalancer"), *run_shipped("prod").graph.all("TargetGroup")]:
        assert len(made.name) <= LONGEST_NAME


def test_policies_are_valid_json(two_apps: Graph) -> None:
    for kind, key in (("BucketPolicy", "policy"), ("LogResourcePolicy", "policyDocument")):
        for made in two_apps.all(kind):
            assert json.loads(made.props[key])["Statement"]


@pytest.fixture(scope="module")
def real_apps() -> Graph:
    """Apps as people have them: health on a port of its own, gRPC, several hosts, datagrams."""
    return stack(
        {
            "keycloak": {
                "ports": {"management": 9000},
                "health": {"readiness": {"http": "/health/ready", "port": 9000, "scheme": "HTTPS"}},
                "traffic": {"hosts": ["example.com", "www.example.com"], "redirect": "example.com", "sticky": "1h"},
            },
            "django": {
                "health": {"readiness": {"http": "/up", "headers": {"Host": "a.example.com"}}},
                "traffic": {"host": "*.example.com", "paths": ["/", "/api", {"path": "/robots.txt", "exact": True}]},
            },
            "cart": {
                "health": {"readiness": {"grpc": 8080}},
                "traffic": {"protocol": "grpc", "host": "rpc.example.com"},
            },
            "stream": {"health": {"readiness": {"exec": ["ready"]}}, "traffic": {"protocol": "http2", "path": "/s"}},
            "plain-rpc": {"traffic": {"protocol": "grpc", "path": "/r"}},
            "dns": {
                "port": 9153,
                "ports": {"dns": {"port": 1053, "protocol": "udp", "servicePort": 53}},
                "traffic": {"protocol": "udp"},
            },
        },
        {"domain": "example.com"},
    )


@pytest.mark.parametrize(
    ("app", "version", "asked"),
    [
        ("keycloak", None, ("HTTPS", "9000", "/health/ready", "200-399")),
        ("django", None, ("HTTP", "traffic-port", "/up", "200-499")),
        ("cart", "GRPC", ("HTTP", "traffic-port", "/grpc.health.v1.Health/Check", "0")),
        ("stream", "HTTP2", ("HTTP", "traffic-port", "/", "200-499")),
        ("plain-rpc", "GRPC", ("HTTP", "traffic-port", "/AWS.ALB/healthcheck", "12")),
        ("dns", None, ("TCP", "9153", None, None)),
    ],
)
def test_a_load_balancer_asks_what_readiness_asks_as_far_as_it_can(
    real_apps: Graph, app: str, version: str | None, asked: tuple[str | None, ...]
) -> None:
    group = real_apps.one("TargetGroup", app).props
    check = group["healthCheck"]
    assert group.get("protocolVersion") == version
    assert tuple(check.get(key) for key in ("protocol", "port", "path", "matcher")) == asked


def test_the_way_is_open_to_the_port_that_is_asked(real_apps: Graph) -> None:
    opened = {(rule.props["ipProtocol"], rule.props["fromPort"]) for rule in real_apps.all("SecurityGroupIngressRule")}
    assert {("tcp", 9000), ("tcp", 8080), ("udp", 1053), ("tcp", 9153), ("udp", 53)} <= opened
    rules = real_apps.one("NetworkPolicy", "keycloak").props["spec"]["ingress"]
    assert [port["port"] for rule in rules for port in rule["ports"]] == [8080, 9000]


def test_datagrams_come_from_their_senders_and_questions_from_the_load_balancer(real_apps: Graph) -> None:
    datagrams, questions = real_apps.one("NetworkPolicy", "dns").props["spec"]["ingress"]
    assert datagrams["ports"] == [{"protocol": "UDP", "port": 1053}]
    assert "10.0.0.0/8" in [peer["ipBlock"]["cidr"] for peer in datagrams["from"]]
    assert questions["ports"] == [{"protocol": "TCP", "port": 9153}]
    listener = real_apps.one("Listener", "udp-53").props
    assert (listener["port"], listener["protocol"]) == (53, "UDP")
    group = real_apps.one("TargetGroup", "dns").props
    assert (group["protocol"], "preserveClientIp" in group) == ("UDP", False)


def test_other_hosts_are_sent_to_the_one_that_is_named_and_each_has_its_name(real_apps: Graph) -> None:
    rules = [made.props for made in real_apps.all("ListenerRule") if made.props["tags"]["app"] == "keycloak"]
    hosts = {rule["actions"][0]["type"]: rule["conditions"][0]["hostHeader"]["values"] for rule in rules}
    assert hosts == {"forward": ["example.com"], "redirect": ["www.example.com"]}
    [redirect] = [rule["actions"][0]["redirect"] for rule in rules if rule["actions"][0]["type"] == "redirect"]
    assert redirect == {"host": "example.com", "statusCode": "HTTP_301"}
    names = {made.props["name"] for made in real_apps.all("aws:route53/record:Record") if made.props["type"] == "A"}
    assert {"example.com", "www.example.com", "*.example.com", "rpc.example.com"} <= names


def test_each_path_has_a_rule_and_a_browser_stays_where_it_was(real_apps: Graph) -> None:
    rules = [made.props for made in real_apps.all("ListenerRule") if made.props["tags"]["app"] == "django"]
    in_order = sorted(rules, key=lambda rule: rule["priority"])
    patterns = [[one["pathPattern"]["values"] for one in rule["conditions"][1:]] for rule in in_order]
    assert patterns == [[["/robots.txt"]], [["/api", "/api/*"]], []]
    sticky = real_apps.one("TargetGroup", "keycloak").props["stickiness"]
    assert sticky == {"type": "lb_cookie", "enabled": True, "cookieDuration": 3600}
    assert "stickiness" not in real_apps.one("TargetGroup", "django").props
