from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.ci.ephemeral.derive import derive, guest_host, stack_file_text
from infra.errors import NightowlError
from infra.plan.plan import plan_of_file
from infra.settings.build import build_settings
from infra.settings.guest import GuestPlatformSettings
from infra.settings.platform import ExistingPlatformSettings
from infra.settings.stack_file import read_stack_file
from tests.harness import REPOSITORY

DIGEST = "@sha256:" + "b" * 64


def document(stack: str) -> dict[str, Any]:
    return read_stack_file(REPOSITORY / "stacks" / f"Pulumi.{stack}.yaml").document


def sections(derived: dict[str, Any]) -> dict[str, Any]:
    return {key.removeprefix("nightowl:"): value for key, value in derived["config"].items()}


def base(**changes: Any) -> dict[str, Any]:
    """A stack on EKS with one app, written as a stack file."""
    config = {
        "platform": {"kind": "eks", "region": "eu-central-1", "accountId": "111122223333"},
        "loadBalancer": {"domain": "dev.example.com"},
        "apps": {"web": {"image": "example.com/web:1", "port": 8080}},
        **changes,
    }
    return {"config": {f"nightowl:{key}": value for key, value in config.items()}}


def app(**settings: Any) -> dict[str, Any]:
    """What becomes of the app `web` with these settings, for pull request 7."""
    changed = base(apps={"web": {"image": "example.com/web:1", "port": 8080, **settings}})
    return sections(derive(changed, 7, base="dev", images={}))["apps"]["web"]


@pytest.mark.parametrize("stack", ["dev", "staging", "prod", "local"])
def test_every_stack_as_shipped_has_a_derived_one_that_violates_no_mandatory_policy(stack: str, tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.pr-7.yaml"
    file.write_text(stack_file_text(derive(document(stack), 7, base=stack, images={}), 7, base=stack))
    assert [str(one.message) for one in plan_of_file(file, "pr-7").policies.mandatory] == []


def test_a_stack_on_eks_becomes_a_guest_with_the_apps_only() -> None:
    derived = sections(derive(document("dev"), 7, base="dev", images={}))
    assert set(derived) == {"platform", "namespace", "apps"}
    platform = build_settings(derived).platform
    assert isinstance(platform, GuestPlatformSettings)
    assert (platform.stack, platform.domain) == ("dev", "dev.example.com")
    assert (platform.region, platform.account_id) == ("eu-central-1", "111122223333")


def test_a_stack_on_any_other_cluster_stays_there() -> None:
    derived = build_settings(sections(derive(document("local"), 7, base="local", images={})))
    assert isinstance(derived.platform, ExistingPlatformSettings)
    assert derived.platform.context == "nightowl-local"
    assert set(derived.apps) == {"web", "worker", "report"}


def test_the_namespace_says_whose_it_is_and_keeps_no_quota() -> None:
    given = base(namespace={"name": "shop", "quota": {"pods": 500}, "labels": {"team": "owls"}})
    namespace = sections(derive(given, 7, base="dev", images={}))["namespace"]
    assert namespace == {"name": "pr-7", "labels": {"team": "owls", "pull-request": "7", "base": "dev"}}


@pytest.mark.parametrize(
    ("host", "domain", "moved"),
    [
        ("app.dev.example.com", "dev.example.com", "pr-7-app.dev.example.com"),
        ("dev.example.com", "dev.example.com", "pr-7.dev.example.com"),
        ("app.example.com", None, "pr-7-app.example.com"),
        ("example.com", None, "pr-7.example.com"),
    ],
)
def test_hosts_move_aside_below_the_same_domain(host: str, domain: str | None, moved: str) -> None:
    assert guest_host(host, 7, domain=domain) == moved


def test_an_app_that_answers_on_every_host_gets_one_of_its_own() -> None:
    assert app(traffic={"path": "/api"})["traffic"] == {"path": "/api", "host": "pr-7.dev.example.com"}


def test_every_host_moves_aside_and_so_does_the_one_that_others_are_sent_to() -> None:
    hosts = ["dev.example.com", "app.dev.example.com", "*.dev.example.com"]
    assert app(traffic={"hosts": hosts, "redirect": "dev.example.com"})["traffic"] == {
        "hosts": ["pr-7.dev.example.com", "pr-7-app.dev.example.com", "pr-7-web.dev.example.com"],
        "redirect": "pr-7.dev.example.com",
    }
    assert app(traffic={"host": "app.dev.example.com", "redirect": "https"})["traffic"]["redirect"] == "https"


def test_each_address_of_several_moves_aside_and_those_that_are_a_port_of_the_base_are_left_out() -> None:
    addresses = [
        {"host": "app.dev.example.com"},
        {"host": "*.dev.example.com", "port": "admin"},
        {"protocol": "tcp", "port": "ssh"},
    ]
    assert app(ports={"admin": 9000, "ssh": 22}, traffic=addresses)["traffic"] == [
        {"host": "pr-7-app.dev.example.com"},
        {"host": "pr-7-web-1.dev.example.com", "port": "admin"},
    ]


def test_a_stateful_app_has_one_replica_and_no_autoscaler() -> None:
    given = {"kind": "stateful", "image": "example.com/db:1", "port": 5432}
    for more, size in (({}, {}), ({"replicas": 3, "partition": 2}, {"replicas": 1})):
        elsewhere = base(platform={"kind": "existing", "context": "kind"}, apps={"db": {**given, **more}})
        derived = sections(derive(elsewhere, 7, base="team", images={}))
        assert derived["apps"]["db"] == {**given, **size}
        assert build_settings(derived)


def test_traffic_that_could_only_have_the_bases_address_is_left_out() -> None:
    assert "traffic" not in app(traffic={"protocol": "tcp"})
    assert "traffic" not in app(traffic={"protocol": "udp"})
    elsewhere = base(
        platform={"kind": "existing", "context": "kind"},
        apps={"web": {"image": "example.com/web:1", "port": 8080, "traffic": {}}},
    )
    assert "traffic" not in sections(derive(elsewhere, 7, base="team", images={}))["apps"]["web"]


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({}, {"scaling": {"min": 1, "max": 3}}),
        ({"scaling": {"min": 3, "max": 60, "cpu": 70}}, {"scaling": {"min": 1, "max": 3, "cpu": 70}}),
        ({"scaling": {"min": 1, "max": 2}}, {"scaling": {"min": 1, "max": 2}}),
        ({"replicas": 5}, {"replicas": 1}),
    ],
)
def test_apps_are_small(given: dict[str, Any], size: dict[str, Any]) -> None:
    made = app(**given)
    assert {key: made[key] for key in ("scaling", "replicas") if key in made} == size


def test_a_task_keeps_its_schedule() -> None:
    task = {"kind": "cron", "image": "example.com/task:1", "schedule": "@daily"}
    assert sections(derive(base(apps={"task": task}), 7, base="dev", images={}))["apps"]["task"] == task


def test_priorities_go_and_everything_else_of_an_app_stays() -> None:
    rest = {
        "secrets": {"key": "dev/web/key"},
        "allowTo": ["10.0.0.0/8"],
        "volumes": {"data": {"mount": "/data", "size": "1Gi", "kind": "persistent", "shared": True}},
        "env": {"MODE": "dev"},
    }
    made = app(availability={"priority": "high", "zones": "prefer"}, **rest)
    assert made["availability"] == {"zones": "prefer"}
    assert {key: made[key] for key in rest} == rest


def test_the_images_of_the_pull_request_take_the_place_of_the_bases() -> None:
    image = f"111122223333.dkr.ecr.eu-central-1.amazonaws.com/nightowl-dev/pr/web:tree-1{DIGEST}"
    derived = derive(base(), 7, base="dev", images={"web": image})
    assert sections(derived)["apps"]["web"]["image"] == image


def test_an_image_for_nothing_is_refused() -> None:
    with pytest.raises(NightowlError) as refusal:
        derive(base(), 7, base="dev", images={"wbe": "x:1"})
    assert str(refusal.value) == "--images: wbe is no app of dev; its apps are web"


def test_a_base_without_a_domain_cannot_tell_the_requests_apart() -> None:
    given = base(loadBalancer={}, apps={"web": {"image": "example.com/web:1", "port": 8080, "traffic": {}}})
    with pytest.raises(NightowlError) as refusal:
        derive(given, 7, base="dev", images={})
    assert "dev has no loadBalancer.domain" in str(refusal.value)


def test_the_encryption_of_the_state_is_the_bases_and_the_key_is_not() -> None:
    given = {**base(), "secretsprovider": "awskms:///alias/nightowl-pulumi", "encryptedkey": "AQIC"}
    derived = derive(given, 7, base="dev", images={})
    assert derived["secretsprovider"] == "awskms:///alias/nightowl-pulumi"
    assert "encryptedkey" not in derived


def test_the_base_is_not_changed() -> None:
    given = document("dev")
    before = yaml.safe_dump(given)
    derive(given, 7, base="dev", images={"web": "example.com/web:2"})
    assert yaml.safe_dump(given) == before


@pytest.mark.parametrize("stack", ["dev", "local"])
def test_charts_and_manifests_stay_with_the_cluster_that_has_them(stack: str) -> None:
    whole = document(stack)
    whole["config"] |= {"nightowl:charts": {"keda": {"chart": "charts/keda"}}, "nightowl:manifests": ["manifests"]}
    assert not {"charts", "manifests"} & sections(derive(whole, 7, base=stack, images={})).keys()
