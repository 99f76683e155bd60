from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from infra.settings.problems import SettingsError
from infra.urns import provider_urn, urn_name
from tests.platforms.eks.stacks import (
    APP,
    EKS_STACKS,
    STACKS,
    Run,
    build_settings,
    run_shipped,
    run_stack,
    sections,
    with_apps,
)

IRREPLACEABLE = {"Vpc", "Subnet", "Key", "eks:index:Cluster", "LoadBalancer", "Bucket"}
LOGICAL_NAME_LIMITS = {"LoadBalancer": 24, "TargetGroup": 24, "Role": 56}
"""Characters: what AWS takes less the engine's suffix of 8."""


@pytest.fixture(params=EKS_STACKS)
def run(request: pytest.FixtureRequest) -> Run:
    return run_shipped(request.param)


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
@pytest.mark.parametrize("stack", EKS_STACKS)
def test_a_stack_as_shipped_runs_without_a_warning(stack: str, preview: bool) -> None:
    assert run_shipped(stack, preview=preview).warnings == ()


@pytest.mark.parametrize("stack", EKS_STACKS)
def test_a_preview_shows_what_the_update_makes(stack: str) -> None:
    shown, made = (
        {(item.type, item.name) for item in run_shipped(stack, preview=preview).graph.resources}
        for preview in (True, False)
    )
    assert shown == made


def test_no_resource_uses_a_default_provider(run: Run) -> None:
    strays = [
        made.name
        for made in run.graph.resources
        if made.custom and not made.type.startswith("pulumi:providers:") and not made.provider
    ]
    assert strays == []
    assert not any("default" in urn_name(provider_urn(made.provider)) for made in run.graph.resources)


def test_aws_resources_are_made_by_the_guarded_provider(run: Run) -> None:
    [provider] = [made for made in run.graph.all("pulumi:providers:aws") if made.name == "aws"]
    assert provider.props["allowedAccountIds"]
    others = {
        provider_urn(made.provider) for made in run.graph.resources if made.custom and made.type.startswith("aws:")
    }
    assert others == {provider.urn}


def test_names_leave_room_for_the_engines_suffix(run: Run) -> None:
    long = [
        made.name for made in run.graph.resources if len(made.name) > LOGICAL_NAME_LIMITS.get(made.kind, len(made.name))
    ]
    assert long == []


def test_resource_names_do_not_hold_the_separator_of_a_urn(run: Run) -> None:
    assert [made.name for made in run.graph.resources if "::" in made.name] == []


def test_names_are_unique_as_the_engine_counts_them(run: Run) -> None:
    """A URN holds the types of a resource's ancestors, but not their names."""
    by_urn = {made.urn: made for made in run.graph.resources}

    def chain(urn: str) -> tuple[str, ...]:
        return (*chain(by_urn[urn].parent), by_urn[urn].type) if urn in by_urn else ()

    names = [(*chain(made.urn), made.name) for made in run.graph.resources]
    assert [name for name in names if names.count(name) > 1] == []


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_what_cannot_be_made_again_is_protected(stack: str) -> None:
    graph = run_shipped(stack).graph
    for kind in IRREPLACEABLE:
        assert graph.all(kind), kind
        assert [made.name for made in graph.all(kind) if not made.protect] == [], kind


def test_dev_can_be_destroyed() -> None:
    assert [made.name for made in run_shipped("dev").graph.resources if made.protect] == []


def test_the_outputs_name_what_is_needed_later(run: Run) -> None:
    assert set(run.outputs) == {
        "namespace", "apps", "account", "region", "zones", "vpc", "cluster", "kubeconfig", "nodeGroups",
        "loadBalancers", "sharing",
    }  # fmt: skip
    assert run.outputs["apps"]["web"]["url"].startswith("https://app.")


def test_the_kubeconfig_holds_no_credentials() -> None:
    assert "eks" in run_shipped("prod").outputs["kubeconfig"]
    assert "token:" not in run_shipped("prod").outputs["kubeconfig"]


def test_the_apps_are_the_same_as_on_any_other_platform() -> None:
    app = {**APP, "resources": {"cpu": "250m"}, "allowTo": []}
    platform = {"kind": "existing", "context": "x", "zones": True}
    elsewhere = build_settings({"platform": platform, "apps": {"web": app}})
    pods = [
        run_stack(settings).graph.one("Deployment", "web").props["spec"]["template"]["spec"]
        for settings in (elsewhere, with_apps({"web": app}))
    ]
    assert pods[0] == pods[1]


def test_a_stack_on_another_platform_does_not_load_the_aws_sdk() -> None:
    program = "import sys, infra.stack; print('pulumi_aws' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=STACKS.parent, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "False"


def refused(changes: dict[str, Any]) -> str:
    with pytest.raises(SettingsError) as refusal:
        build_settings(sections(**changes))
    return str(refusal.value)


WEB = {**APP, "traffic": {"host": "app.example.com"}}
DOMAIN = {"public": True, "domain": "example.com"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"apps": {"web": WEB}},
            "nightowl:apps.web.traffic.host: app.example.com needs a domain to lie in; set loadBalancer.domain, or "
            "remove the host",
        ),
        (
            {"apps": {"web": WEB}, "loadBalancer": {"domain": "example.org"}},
            "nightowl:apps.web.traffic.host: app.example.com is neither example.org nor one label below it, which is "
            "what the certificate covers",
        ),
        (
            {"apps": {"web": {**APP, "traffic": {"host": "a.b.example.com"}}}, "loadBalancer": DOMAIN},
            "nightowl:apps.web.traffic.host: a.b.example.com is neither example.com nor one label below it, which is "
            "what the certificate covers",
        ),
        (
            {"apps": {"web": {**APP, "traffic": {"path": "/a/b/c/d/e/f"}}}},
            "nightowl:apps.web.traffic.path: /a/b/c/d/e/f has 6 segments; the load balancer's rules go to 5",
        ),
        (
            {"apps": {name: {**APP, "traffic": {"protocol": "tcp"}} for name in ("db", "queue")}},
            "nightowl:apps.queue.port: 8080 is the load balancer's port of db too; give each tcp or udp port its own "
            "servicePort",
        ),
        (
            {"apps": {"web": {**APP, "traffic": {"protocol": "grpc"}}}},
            "nightowl:apps.web.traffic.protocol: grpc goes over HTTPS only; set loadBalancer.domain",
        ),
        (
            {"apps": {"web": {**APP, "traffic": {"redirect": "https"}}}},
            "nightowl:apps.web.traffic.redirect: https needs a certificate; set loadBalancer.domain",
        ),
        (
            {
                "apps": {
                    "dns": {
                        "image": APP["image"],
                        "ports": {"dns": {"port": 53, "protocol": "udp"}},
                        "traffic": {"protocol": "udp"},
                    }
                }
            },
            "nightowl:apps.dns.traffic.protocol: udp answers no question: name a TCP port under ports, or give "
            "health.readiness over http or tcp",
        ),
        (
            {
                "apps": {"web": {**APP, "traffic": {"hosts": ["a.example.com", "*.b.example.com"]}}},
                "loadBalancer": {"domain": "example.com"},
            },
            "nightowl:apps.web.traffic.hosts[1]: *.b.example.com is neither example.com nor one label below it, which "
            "is what the certificate covers",
        ),
        (
            {"apps": {"db": {**APP, "traffic": {"protocol": "tcp", "host": "db.example.com"}}}},
            "nightowl:apps.db.traffic.host: goes with protocol http only; a TCP connection names no host",
        ),
        (
            {"apps": {"db": {**APP, "traffic": {"protocol": "tcp", "path": "/x"}}}},
            "nightowl:apps.db.traffic.path: goes with protocol http only; a TCP connection names no path",
        ),
        (
            {"apps": {"web": {**APP, "traffic": {}, "rollout": {"finishWithin": "10m"}}}},
            "nightowl:apps.web.rollout.finishWithin: with 1m of drain a pod takes 670s to stop, but the autoscaler "
            "waits 10m before it ends one on a node that it removes; lower it to 530s, or run such work as kind: job "
            "or cron, whose runs keep their node",
        ),
        (
            {"loadBalancer": {"priorities": {"web": 7}}},
            "nightowl:loadBalancer.priorities.web: web is no app with traffic by HTTP; remove it",
        ),
        (
            {"loadBalancer": {"priorities": {"web": 0}}},
            "nightowl:loadBalancer.priorities.web: 0 is below 1",
        ),
        (
            {"loadBalancer": {"waf": True}},
            "nightowl:loadBalancer.waf: goes with public: true; a private load balancer is not reached from the "
            "internet",
        ),
        (
            {"loadBalancer": {"allowFrom": []}},
            "nightowl:loadBalancer.allowFrom: is empty, so nobody gets in; name the networks, or leave the key out",
        ),
        (
            {"loadBalancer": {"allowFrom": ["203.0.113.7/24"]}},
            "nightowl:loadBalancer.allowFrom[0]: '203.0.113.7/24' is an address inside a network; did you mean "
            "203.0.113.0/24?",
        ),
        (
            {"loadBalancer": {"idleTimeoutSeconds": 4001}},
            "nightowl:loadBalancer.idleTimeoutSeconds: 4001 is above 4000",
        ),
        (
            {"loadBalancer": {"wafRateLimit": 9}},
            "nightowl:loadBalancer.wafRateLimit: 9 is below 10",
        ),
        (
            {"loadBalancer": {"domain": "example"}},
            "nightowl:loadBalancer.domain: 'example' is not a host name such as app.example.com",
        ),
        (
            {"loadBalancer": {"publc": True}},
            "nightowl:loadBalancer.publc: unknown key; did you mean 'public'?",
        ),
        (
            {"nodePools": {}},
            "nightowl:nodePools: no pool is for the cluster's own controllers; add one such as system: { "
            "instanceTypes: [m7g.large], min: 2, max: 4, system: true }\n"
            "nightowl:nodePools: no pool is for apps; add one such as "
            "apps: { instanceTypes: [m7g.xlarge], min: 3, max: 30, disk: 50Gi }",
        ),
        (
            {"platform": {"kind": "existing", "context": "x"}, "nodePools": {}},
            "nightowl:cluster: goes with platform.kind: eks only",
        ),
        (
            {"platform": {"kind": "ecs"}},
            "nightowl:platform.kind: 'ecs' is not existing, eks or guest; did you mean 'eks'?",
        ),
    ],
    ids=lambda value: value.partition(":")[2][:40] if isinstance(value, str) else "",
)
def test_what_the_load_balancers_cannot_do_is_refused_in_one_line(changes: dict[str, Any], message: str) -> None:
    assert refused(changes) == message


def test_an_empty_section_of_eks_is_no_mistake_elsewhere() -> None:
    empty = {"network": {}, "cluster": {}, "nodePools": {}, "loadBalancer": {}}
    settings = build_settings({"platform": {"kind": "existing", "context": "x"}, **empty, "apps": {}})
    assert settings.platform.kind == "existing"


def test_another_accounts_credentials_are_refused_before_anything_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = with_apps({}, platform={"kind": "eks", "region": "eu-central-1", "accountId": "000011112222"})
    monkeypatch.setattr("tests.platforms.eks.stacks.account_of", lambda _: "123456789012")
    with pytest.raises(SettingsError, match="this stack lives in account 000011112222"):
        run_stack(settings)
