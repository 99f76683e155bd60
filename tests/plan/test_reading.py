"""What is read off the graph: apps, addresses, permissions, the picture's content."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pulumi_aws as aws
import pytest
from rich.console import Console

from infra.plan.answers import Answers
from infra.plan.architecture import architecture
from infra.plan.data import data_lines
from infra.plan.document import plan_document
from infra.plan.html import page
from infra.plan.plan import Plan, plan_of_file, plan_of_program
from infra.plan.text import plan_text
from tests.apps.samples import web
from tests.settings.every_form import ON_EKS


def test_apps_tell_what_they_run_and_whom_they_may_call(sample: Plan) -> None:
    first, second = sample.apps
    assert (first.name, first.workload, first.replicas, first.cpu, first.memory) == (
        "web",
        "Deployment",
        "3 to 60",
        "250m",
        "128Mi",
    )
    assert [item.kind for item in first.objects] == ["Deployment", "HorizontalPodAutoscaler", "Service"]
    assert (second.replicas, list(second.calls)) == ("1", ["web"])


@pytest.mark.parametrize(
    ("scaling", "shown"),
    [
        ("{ max: 40 }", ""),
        ("{ max: 40, growAfter: 1m }", "after 1m"),
        ("{ max: 40, growBy: 50% }", "by 50%"),
        ("{ max: 40, growAfter: 90s, growBy: 100% }", "after 90s by 100%"),
    ],
)
def test_an_autoscaler_that_does_not_grow_at_once_shows_it(scaling: str, shown: str, tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.test.yaml"
    app = f"{{ image: example.com/web:1, port: 80, scaling: {scaling} }}"
    file.write_text(
        f"config:\n  nightowl:platform: {{ kind: existing, context: test }}\n  nightowl:apps: {{ web: {app} }}\n"
    )
    [app_plan] = plan_of_file(file, "test").apps
    assert (app_plan.replicas, app_plan.growth) == ("3 to 40", shown)


DATA = """
config:
  nightowl:platform: { kind: existing, context: test }
  nightowl:apps:
    db:
      kind: worker
      image: example.com/db:1
      replicas: 1
      volumes:
        data: { mount: /data, size: 5Gi, kind: persistent }
        cache: { mount: /cache, size: 1Gi, kind: persistent, keep: false }
    queue:
      kind: stateful
      image: example.com/queue:1
      replicas: 2
      port: 5672
      volumes: { data: { mount: /data, size: 10Gi, kind: persistent } }
"""


def test_a_plan_says_what_becomes_of_data_on_screen_in_json_and_on_the_page(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text(DATA)
    plan = plan_of_file(file, "test")
    kept = (
        "Data that will be kept when its line leaves the stack file: 5Gi in claim db.data, "
        "10Gi in claim volume-data-queue-0, 10Gi in claim volume-data-queue-1"
    )
    deleted = "Data that will be deleted when its line leaves the stack file: 1Gi in claim db.cache"
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(plan_text(plan))
    shown = console.export_text()
    assert kept in shown
    assert deleted in shown
    html = page(plan)
    assert f"<p>{kept}.</p>" in html
    assert f"<p>{deleted}.</p>" in html
    assert plan_document(plan)["apps"][0]["claims"] == [
        {"name": "db.cache", "size": "1Gi", "kept": False, "elastic": False},
        {"name": "db.data", "size": "5Gi", "kept": True, "elastic": False},
    ]


def test_a_file_system_has_a_price_by_the_gigabyte_and_no_size(tmp_path: Path) -> None:
    volume = {"mount": "/d", "size": "5Gi", "kind": "persistent", "shared": True}
    access = {"access": {"deployers": ["arn:aws:iam::111122223333:role/deployer"]}}
    sections = {**ON_EKS, "cluster": access, "apps": {"web": web(volumes={"files": volume})}}
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(json.dumps({"config": {f"nightowl:{key}": value for key, value in sections.items()}}))
    kept, price = data_lines(claim for one in plan_of_file(file, "dev").apps for claim in one.claims)
    assert kept == "Data that will be kept when its line leaves the stack file: claim web.files"
    assert price == (
        "On Amazon EFS, which costs about 0.3 $ a month by the GB that is stored, 0.03 $ by the GB that is read and "
        "0.06 $ by the GB that is written: claim web.files"
    )


def test_addresses_lead_from_the_listener_to_the_app(sample: Plan) -> None:
    assert [(address.app, address.outside, address.url, address.through) for address in sample.addresses] == [
        ("web", True, "https://app.example.com/*", "ALB https:443, rule 100"),
        ("web", False, "web.apps:9898", "Service"),
    ]


def test_the_address_where_an_app_answers_comes_before_those_that_send_to_it() -> None:
    def program() -> dict[str, Any]:
        listener = aws.lb.Listener("https", load_balancer_arn="arn", port=443, protocol="HTTPS", default_actions=[])
        to_app = aws.lb.ListenerRuleActionArgs(type="forward", target_group_arn="arn")
        redirect = aws.lb.ListenerRuleActionRedirectArgs(host="example.com", status_code="HTTP_301")
        to_host = aws.lb.ListenerRuleActionArgs(type="redirect", redirect=redirect)
        for priority, host, action in ((1, "www.example.com", to_host), (2, "example.com", to_app)):
            values = aws.lb.ListenerRuleConditionHostHeaderArgs(values=[host])
            aws.lb.ListenerRule(
                f"priority-{priority}",
                listener_arn=listener.arn,
                priority=priority,
                conditions=[aws.lb.ListenerRuleConditionArgs(host_header=values)],
                actions=[action],
                tags={"app": "web"},
            )
        return {}

    found = plan_of_program(program, Answers(stack="test")).addresses
    assert [(address.url, address.target) for address in found] == [
        ("https://example.com/*", None),
        ("https://www.example.com/*", "example.com"),
    ]


def test_statements_tell_who_may_do_what_under_which_condition(sample: Plan) -> None:
    by_holder = {(item.holder, item.sort): item for item in sample.statements}
    may = by_holder["platform/controller", "permission"]
    assert may.actions == ("elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets")
    assert may.conditions == ("StringEquals aws:ResourceTag/cluster = nightowl-sample",)
    assert by_holder["platform/controller", "trust"].principals == ("Service pods.eks.amazonaws.com",)
    managed = by_holder["platform/node", "managed"]
    assert managed.actions == ("arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",)


def test_the_picture_knows_zones_subnets_gateways_and_machines(sample: Plan) -> None:
    drawn = architecture(sample.graph)
    assert (drawn.region, drawn.vpc_cidr) == ("eu-central-1", "10.20.0.0/16")
    assert [zone.name for zone in drawn.zones] == ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
    first = drawn.zones[0]
    assert first.subnets == {
        "public": ["10.20.0.0/24"],
        "private": ["10.20.64.0/18"],
        "control plane": ["10.20.16.0/28"],
    }
    assert list(first.gateways) == ["nat-a"]
    assert [(group.name, group.machines, group.bounds, group.spot) for group in first.node_groups] == [
        ("apps-a", "m7g.xlarge +2", "1 to 20 nodes", True),
        ("system-a", "m7g.large", "1 to 2 nodes", False),
    ]
    (balancer,) = drawn.load_balancers
    assert (balancer.title, balancer.listeners) == ("Application Load Balancer web", ["HTTPS 443"])
    assert drawn.cluster == "Amazon EKS control plane, Kubernetes 1.36"


def test_the_counts_add_up_to_what_providers_make(sample: Plan) -> None:
    assert sum(sample.graph.counts.values()) == len(sample.graph.made)
    assert sample.graph.counts["aws:ec2/subnet:Subnet"] == 9
