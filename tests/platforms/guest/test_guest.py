from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.plan.plan import plan_of_file
from infra.platforms.eks.pipeline.group_roles import EPHEMERAL_GROUP
from infra.platforms.eks.provider import make_context
from infra.settings.build import build_settings
from infra.settings.eks.cluster import AccessSettings
from infra.settings.guest import GuestPlatformSettings
from infra.settings.problems import SettingsError
from infra.settings.stack import StackSettings
from tests.platforms.eks.answers import ACCOUNT, REGION, AwsAnswers
from tests.platforms.eks.harness_aws import run_bare
from tests.platforms.eks.stacks import APP, Run, run_stack, sections, with_apps

DOMAIN = "dev.example.com"
EPHEMERAL = f"arn:aws:sts::{ACCOUNT}:assumed-role/nightowl-dev-ephemeral/run"
SHARING: dict[str, Any] = {
    "cluster": "nightowl-dev",
    "kubeconfig": '{"clusters": []}',
    "vpc": "vpc-0123",
    "publicNetworks": ["10.10.224.0/24", "10.10.225.0/24"],
    "guestRoles": {
        "web": {
            "arn": f"arn:aws:iam::{ACCOUNT}:role/nightowl/dev/guest-web-1a2b3c4",
            "secrets": ["dev/web/session-key", "dev/db"],
        }
    },
    "deployers": [f"arn:aws:iam::{ACCOUNT}:role/nightowl-dev-ephemeral"],
    "loadBalancer": {
        "listener": f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:listener/app/alb-1/0123/4567",
        "dnsName": "alb-1.eu-central-1.elb.amazonaws.com",
        "hostedZone": "Z215JYRZR1TBD5",
        "domain": DOMAIN,
        "domainZone": "Z0123456789",
        "ports": [8080, 9898],
    },
}
WEB = {**APP, "traffic": {"host": f"pr-7-app.{DOMAIN}"}, "scaling": {"min": 1, "max": 3}}


def guest_sections(**changes: Any) -> dict[str, Any]:
    platform = {"kind": "guest", "stack": "dev", "region": REGION, "accountId": ACCOUNT, "domain": DOMAIN}
    return {"platform": platform, "namespace": {"name": "pr-7"}, "apps": {"web": WEB}, **changes}


def guest(**changes: Any) -> StackSettings:
    return build_settings(guest_sections(**changes))


def run_guest(settings: StackSettings | None = None, *, sharing: Any = None, caller: str = EPHEMERAL) -> Run:
    shared = SHARING if sharing is None else sharing
    others = {"dev": {"sharing": shared} if shared else {}}
    return run_stack(settings or guest(), stack="pr-7", caller=caller, others=others)


def refusal_of(settings: StackSettings | None = None, **keywords: Any) -> str:
    with pytest.raises(SettingsError) as refusal:
        run_guest(settings, **keywords)
    return str(refusal.value)


@pytest.fixture(scope="module")
def run() -> Run:
    return run_guest(guest(apps={"web": {**WEB, "secrets": {"session-key": "dev/web/session-key"}}}))


def test_a_guest_makes_apps_and_what_leads_to_them_and_nothing_of_the_cluster(run: Run) -> None:
    made = {item.type for item in run.graph.resources if item.type.startswith("aws:")}
    assert made == {
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        "aws:lb/listenerRule:ListenerRule",
        "aws:lb/targetGroup:TargetGroup",
        "aws:route53/record:Record",
    }
    assert run.graph.all("PriorityClass") == []
    assert run.warnings == ()


def test_its_host_leads_to_the_load_balancer_of_the_base_and_from_there_to_its_own_pods(run: Run) -> None:
    record, rule = run.graph.one("Record"), run.graph.one("ListenerRule")
    balancer = SHARING["loadBalancer"]
    assert (record.props["name"], record.props["zoneId"]) == (f"pr-7-app.{DOMAIN}", balancer["domainZone"])
    [alias] = record.props["aliases"]
    assert (alias["name"], alias["zoneId"]) == (balancer["dnsName"], balancer["hostedZone"])
    assert rule.props["listenerArn"] == balancer["listener"]
    assert rule.props["conditions"] == [{"hostHeader": {"values": [f"pr-7-app.{DOMAIN}"]}}]
    group = run.graph.one("TargetGroup")
    # By its name the admission policy of the cluster tells it from the groups of others, by the tag the controller.
    assert group.name == "pr-7-web"
    assert group.props["tags"]["cluster"] == "nightowl-dev"
    assert group.props["vpcId"] == "vpc-0123"
    assert run.outputs["apps"]["web"]["url"] == f"https://pr-7-app.{DOMAIN}/"


def test_its_pods_let_in_the_networks_of_the_load_balancer_only(run: Run) -> None:
    [rule] = run.graph.one("NetworkPolicy", "web").props["spec"]["ingress"]
    assert [peer["ipBlock"]["cidr"] for peer in rule["from"]] == SHARING["publicNetworks"]


def test_its_pods_read_secrets_by_the_role_that_the_base_made_for_them(run: Run) -> None:
    association = run.graph.one("PodIdentityAssociation")
    assert {key: association.props[key] for key in ("clusterName", "namespace", "serviceAccount", "roleArn")} == {
        "clusterName": "nightowl-dev",
        "namespace": "pr-7",
        "serviceAccount": "web",
        "roleArn": SHARING["guestRoles"]["web"]["arn"],
    }


def test_its_pods_are_made_when_they_have_their_role_and_gone_before_they_lose_it(run: Run) -> None:
    association, pods = run.graph.one("PodIdentityAssociation"), run.graph.one("Deployment", "web")
    assert run.graph.waits_for(pods, association)
    assert run.graph.deleted_before(pods, association)


def test_everything_carries_the_tag_of_its_own_stack(run: Run) -> None:
    [provider] = [made for made in run.graph.all("pulumi:providers:aws") if made.name == "aws"]
    tags = json.loads(provider.props["defaultTags"])["tags"]
    assert tags == {"project": "nightowl", "stack": "pr-7", "managed-by": "pulumi"}
    assert json.loads(provider.props["allowedAccountIds"]) == [ACCOUNT]


def test_a_base_tells_its_guests_all_that_they_need() -> None:
    settings = with_apps(
        {"web": {"traffic": {"host": f"app.{DOMAIN}"}}}, loadBalancer={"public": True, "domain": DOMAIN}
    )
    shared = run_stack(settings, stack="dev").outputs["sharing"]
    run_guest(sharing=shared, caller=f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/session")
    assert shared["loadBalancer"]["ports"] == [8080]
    assert shared["cluster"] == "nightowl-dev"


REPOSITORY = "repo:example/nightowl"
GITHUB: dict[str, Any] = {
    "repository": "example/nightowl",
    "repositoryId": "123456789",
    "deploy": [f"{REPOSITORY}:environment:dev"],
    "preview": [f"{REPOSITORY}:pull_request"],
}


def test_a_base_that_invites_pull_requests_lets_their_role_in_and_confines_it() -> None:
    invites = {"github": {**GITHUB, "ephemeral": [f"{REPOSITORY}:environment:ephemeral"]}}
    run = run_stack(build_settings(sections(delivery=invites)), stack="dev")
    role = f"arn:aws:iam::{ACCOUNT}:role/nightowl-dev-ephemeral"
    assert role in run.outputs["sharing"]["deployers"]
    assert run.graph.all("ValidatingAdmissionPolicyBinding")
    [entry] = [made for made in run.graph.all("AccessEntry") if made.props["principalArn"] == role]
    assert entry.props["kubernetesGroups"] == [EPHEMERAL_GROUP]


def test_a_base_that_invites_nobody_has_neither() -> None:
    apps = {"web": {**APP, "secrets": {"session-key": "dev/web/session-key"}}}
    run = run_stack(build_settings(sections(apps=apps, delivery={"github": GITHUB})), stack="dev")
    assert run.graph.all("ValidatingAdmissionPolicy") == []
    assert not [role.name for role in run.graph.all("Role") if role.name.startswith("guest-")]
    assert not any("ephemeral" in role for role in run.outputs["sharing"]["deployers"])
    assert run.outputs["sharing"]["guestRoles"] is None


def test_a_base_without_a_domain_shares_no_load_balancer() -> None:
    settings = with_apps({"web": {"traffic": {}}})
    assert run_stack(settings, stack="dev").outputs["sharing"]["loadBalancer"] is None


def test_a_guest_without_traffic_needs_no_load_balancer() -> None:
    settings = guest(apps={"web": APP})
    graph = run_guest(settings, sharing={**SHARING, "loadBalancer": None}).graph
    assert graph.all("ListenerRule") == []


ONLY_ITS_OWN = "and pods of pull requests read only what it has; remove it until"


@pytest.mark.parametrize(
    ("app", "secrets", "changes", "message"),
    [
        (
            "web",
            {"session-key": "dev/web/session-key", "more": "dev/web/more"},
            {},
            f"nightowl:apps.web.secrets.more: web of dev does not have dev/web/more, {ONLY_ITS_OWN} web with this "
            "secret is deployed to dev",
        ),
        (
            "other",
            {"session-key": "dev/web/session-key"},
            {},
            f"nightowl:apps.other.secrets.session-key: other of dev does not have dev/web/session-key, {ONLY_ITS_OWN} "
            "other with this secret is deployed to dev",
        ),
        (
            "web",
            {"session-key": "dev/web/session-key"},
            {"guestRoles": None},
            "nightowl:apps.web.secrets.session-key: dev makes no roles for pods of pull requests until it is deployed "
            "with nightowl:delivery.github.ephemeral; remove it until then",
        ),
    ],
    ids=["another secret", "another app", "no roles"],
)
def test_secrets_beyond_those_of_the_app_on_the_base_are_refused(
    app: str, secrets: dict[str, str], changes: dict[str, Any], message: str
) -> None:
    settings = guest(apps={app: {**APP, "secrets": secrets}})
    assert refusal_of(settings, sharing={**SHARING, **changes}) == message


KEEPER = {
    "arn": f"arn:aws:iam::{ACCOUNT}:role/nightowl/dev/guest-pull-secrets-1a2b3c4",
    "secrets": ["dev/ghcr"],
}
COPYING = {**SHARING, "copiesSecrets": True, "guestRoles": {**SHARING["guestRoles"], "pull-secrets": KEEPER}}


def test_a_variable_waits_for_no_secret_that_the_driver_of_the_base_may_not_make() -> None:
    settings = guest(apps={"web": {**APP, "secrets": {"db": {"ref": "dev/db", "env": "DB_PASSWORD"}}}})
    assert refusal_of(settings) == (
        "nightowl:apps.web.secrets.db.env: no app of dev has such a key, so the driver there makes no Secrets, and the "
        "pods would wait for one; remove it until an app with it is deployed to dev"
    )
    made = run_guest(settings, sharing=COPYING).graph.one("SecretProviderClass").props
    assert [one["type"] for one in made["spec"]["secretObjects"]] == ["Opaque"]


def test_its_images_are_pulled_with_what_the_apps_of_the_base_pull_with() -> None:
    graph = run_guest(guest(apps={"web": {**APP, "pullSecrets": ["dev/ghcr"]}}), sharing=COPYING).graph
    pod = graph.one("Deployment", "web").props["spec"]["template"]["spec"]
    [name] = [one["name"] for one in pod["imagePullSecrets"]]
    assert graph.one("SecretProviderClass").props["spec"]["secretObjects"][0]["secretName"] == name
    association = graph.one("PodIdentityAssociation").props
    assert (association["serviceAccount"], association["roleArn"]) == ("pull-secrets", KEEPER["arn"])


def test_credentials_for_a_registry_that_no_app_of_the_base_has_are_refused() -> None:
    settings = guest(
        apps={"web": {**APP, "pullSecrets": ["dev/quay"]}, "api": {**APP, "pullSecrets": ["dev/ghcr", "dev/quay"]}}
    )
    assert refusal_of(settings, sharing=COPYING).split("\n") == [
        f"nightowl:apps.{key}: an app of dev does not have dev/quay, {ONLY_ITS_OWN} an app with this secret is "
        "deployed to dev"
        for key in ("web.pullSecrets[0]", "api.pullSecrets[1]")
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"loadBalancer": None},
            "nightowl:apps.web.traffic: dev has no load balancer with a domain; remove traffic until it has",
        ),
        (
            {"loadBalancer": {**SHARING["loadBalancer"], "ports": [9898]}},
            "nightowl:apps.web.port: the load balancer of dev reaches pods on 9898 only, not on 8080; keep to these "
            "until an app with port 8080 is deployed to dev",
        ),
        (
            {"loadBalancer": {**SHARING["loadBalancer"], "domain": "example.org"}},
            f"nightowl:platform.domain: dev has example.org, not {DOMAIN}; write that one",
        ),
    ],
    ids=["no-load-balancer", "port", "domain"],
)
def test_what_the_base_cannot_carry_is_refused_before_anything_is_made(changes: dict[str, Any], message: str) -> None:
    assert refusal_of(sharing={**SHARING, **changes}) == message


def test_a_base_that_shares_nothing_yet_is_named_with_the_remedy() -> None:
    assert refusal_of(sharing=False) == (
        "nightowl:platform.stack: dev does not tell what a guest needs (its output `sharing`); deploy it once with "
        "this version"
    )


def test_credentials_of_a_stranger_are_refused() -> None:
    told = refusal_of(caller=f"arn:aws:sts::{ACCOUNT}:assumed-role/stranger/session")
    assert "assumed-role/stranger/session" in told
    assert "nightowl-dev-ephemeral" in told


def test_a_shell_for_another_region_and_another_account_are_refused() -> None:
    answers = AwsAnswers(
        account="999999999999", caller="arn:aws:sts::999999999999:assumed-role/nightowl-dev-ephemeral/x"
    )
    access, platform = AccessSettings.model_validate({"deployers": SHARING["deployers"]}), guest().platform
    assert isinstance(platform, GuestPlatformSettings)

    def enter(environment: dict[str, str]) -> None:
        make_context(platform, access=access, pipeline={}, environment=environment)

    with pytest.raises(SettingsError, match=f"lives in account {ACCOUNT}, but the credentials belong to 999999999999"):
        run_bare(lambda: enter({}), answers=answers)
    with pytest.raises(SettingsError, match="AWS_REGION is us-east-1"):
        run_bare(
            lambda: enter({"AWS_REGION": "us-east-1"}),
            answers=AwsAnswers(caller=EPHEMERAL),
        )


def settings_refusal(**changes: Any) -> str:
    with pytest.raises(SettingsError) as refusal:
        guest(**changes)
    return str(refusal.value)


def web(**changes: Any) -> dict[str, Any]:
    return {"apps": {"web": {**WEB, **changes}}}


PLATFORM = guest_sections()["platform"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"namespace": {"name": "apps"}},
            "nightowl:namespace.name: apps is not the namespace of a pull request; a guest's is pr-<number>, such as "
            "pr-7",
        ),
        (
            web(traffic={"host": f"app.{DOMAIN}"}),
            f"nightowl:apps.web.traffic.host: app.{DOMAIN} is not of pull request 7; write pr-7.{DOMAIN}, or "
            f"pr-7-<name>.{DOMAIN}",
        ),
        (
            web(traffic={"host": f"pr-70-app.{DOMAIN}"}),
            f"nightowl:apps.web.traffic.host: pr-70-app.{DOMAIN} is not of pull request 7; write pr-7.{DOMAIN}, or "
            f"pr-7-<name>.{DOMAIN}",
        ),
        (
            web(volumes={"data": {"mount": "/data", "claim": "theirs", "shared": True}}),
            "nightowl:apps.web.volumes.data.claim: theirs is not in the namespace of a pull request, which is new; "
            "write size and kind: persistent for data of its own, or give the app a stack file of its own, which pull "
            "requests do not copy",
        ),
        (
            web(traffic={}),
            "nightowl:apps.web.traffic.host: is required: without it web would take the requests of the other stack",
        ),
        (
            web(traffic={"protocol": "tcp"}),
            "nightowl:apps.web.traffic.protocol: tcp takes a port of the load balancer, which belongs to the other "
            "stack; remove traffic",
        ),
        (
            web(availability={"priority": "high"}),
            "nightowl:apps.web.availability.priority: high does not go with kind: guest; leave it out",
        ),
        (
            web(security={"level": "baseline", "user": 0}),
            "nightowl:apps.web.security.level: baseline does not go with kind: guest, whose namespace enforces "
            "restricted; use an image that needs no root, or give the app a stack file of its own, which pull requests "
            "do not copy",
        ),
        (
            {"platform": {**PLATFORM, "stack": "pr-8"}},
            "nightowl:platform.stack: 'pr-8' is a stack of a pull request, which has no cluster; name the stack that "
            "has",
        ),
        (
            {"platform": {key: PLATFORM[key] for key in PLATFORM if key != "domain"}},
            "nightowl:apps.web.traffic: has no domain to lie in, as the stack that has the load balancer has none; "
            "remove traffic",
        ),
        ({"network": {"zones": 2}}, "nightowl:network: goes with platform.kind: eks only"),
    ],
    ids=["namespace", "host", "other-pr", "claim", "no-host", "tcp", "priority", "level", "stack", "domain", "section"],
)
def test_what_would_take_something_from_the_base_is_refused_in_one_line(changes: dict[str, Any], message: str) -> None:
    assert settings_refusal(**changes) == message


def test_the_priorities_of_guests_are_refused_to_the_base() -> None:
    with pytest.raises(SettingsError) as refusal:
        build_settings(
            sections(
                apps={"web": {**APP, "traffic": {"host": f"app.{DOMAIN}"}}},
                loadBalancer={"domain": DOMAIN, "priorities": {"web": 30_000}},
            )
        )
    assert str(refusal.value) == (
        "nightowl:loadBalancer.priorities.web: 30000 is kept for the stacks of pull requests (25001 to 44000); choose "
        "one below or above"
    )


def test_a_derived_stack_can_be_planned_without_an_account(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.pr-7.yaml"
    file.write_text(json.dumps({"config": {f"nightowl:{key}": value for key, value in guest_sections().items()}}))
    plan = plan_of_file(file, "pr-7")
    assert [address.url for address in plan.addresses if address.outside] == [f"https://pr-7-app.{DOMAIN}/*"]


def test_a_pull_request_installs_nothing_on_the_cluster_of_another_stack() -> None:
    charts = {"keda": {"repository": "https://charts.example.com", "version": "1.2.3"}}
    with pytest.raises(SettingsError) as refused:
        guest(charts=charts, manifests=["manifests/rules"])
    assert str(refused.value).splitlines() == [
        f"nightowl:{section}: does not go with kind: guest; dev installs what its cluster needs"
        for section in ("charts", "manifests")
    ]
