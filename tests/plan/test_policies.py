"""What the policy pack says of a plan, and how it is told."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from infra.console.output import Output
from infra.plan.document import plan_document
from infra.plan.html import page
from infra.plan.plan import Plan, plan_of_file
from infra.plan.policies import evaluation, policies_folder, subjects
from infra.plan.run import PolicyViolationError, run_plan
from infra.plan.text import Detail, plan_text
from policies.levels import SHIPPED, levels_file
from tests.shipped import shipped_plan
from tests.test_environments import example_of_the_guide

STACKS = Path(__file__).parents[2] / "stacks"
PROD = STACKS / "Pulumi.prod.yaml"
EIGHTH_OF_THE_INTERNET = "    publicAccess: [32.0.0.0/3]\n    access:"


def copy_bases(folder: Path) -> None:
    for base in ("base.yaml", "full.yaml"):
        shutil.copy(STACKS / base, folder)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    copy_bases(tmp_path)
    file = tmp_path / "Pulumi.prod.yaml"
    file.write_text(PROD.read_text().replace("    access:", EIGHTH_OF_THE_INTERNET, 1))
    return file


def shown(plan: Plan) -> str:
    console = Console(width=160)
    with console.capture() as captured:
        console.print(plan_text(plan, [Detail.POLICIES]))
    return captured.get()


def test_a_broken_stack_file_fails_the_plan_with_rule_key_and_remedy(broken: Path) -> None:
    with pytest.raises(PolicyViolationError) as raised:
        run_plan(broken, stack="prod", as_json=True, output=Output())
    message = str(raised.value)
    line = broken.read_text().splitlines().index("    publicAccess: [32.0.0.0/3]") + 1
    place = f"{broken.parent.name}/{broken.name}:{line}"
    expected = f"cluster-endpoint-is-not-open-to-the-world: {place}: nightowl:cluster.publicAccess: The whole internet"
    assert expected in message
    assert "Name the networks of those who deploy" in message
    assert "vpc_config" not in message
    assert raised.value.exit_code == 1


def test_the_plan_is_printed_before_it_fails(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PolicyViolationError):
        run_plan(broken, stack="prod", as_json=True, output=Output())
    violations = json.loads(capsys.readouterr().out)["policies"]["violations"]
    mandatory = {one["rule"] for one in violations if one["level"] == "mandatory"}
    assert mandatory == {"cluster-endpoint-is-not-open-to-the-world", "cluster-endpoint-is-private-only"}


def test_what_the_stack_file_says_to_be_no_secret_is_none_to_the_policies(tmp_path: Path) -> None:
    changes = """\
    zed:
      kind: cron
      image: registry.example.com/zed:1
      schedule: "@daily"
      env: { DB_PASS: hunter2, db.pass: hunter2, DB_USER_PASS: "$(USER):hunter2", USER: app }
      args: [--password, hunter2]
      files: { /etc/zed.conf: "password = hunter2" }
      init: { it: { command: [it, --token=hunter2], env: { API_KEY: hunter2, NEXT_PASS: "$(API_KEY)2" } } }
      notSecret:
        - env.DB_PASS
        - env["db.pass"]
        - env.DB_USER_PASS
        - args[1]
        - files["/etc/zed.conf"].password
        - init.it.command[1]
        - init.it.env.API_KEY
        - init.it.env.NEXT_PASS
    zoo:
      image: registry.example.com/zoo:1
      port: 8080
      health: { readiness: { exec: [ask, --password=hunter2] }, liveness: { exec: [ask, --token=hunter2] } }
      notSecret: ["health.readiness.exec[1]", "health.liveness.exec[1]"]
"""
    file = tmp_path / "Pulumi.local.yaml"
    file.write_text((STACKS / "Pulumi.local.yaml").read_text() + changes)
    rules = {one.rule.name for one in plan_of_file(file, "local").policies.violations}
    assert not {"no-plain-secret-variable", "no-secret-on-command-line", "no-secret-in-config-map"} & rules


def test_a_shipped_stack_is_planned_without_failing(capsys: pytest.CaptureFixture[str]) -> None:
    run_plan(PROD, stack="prod", as_json=True, output=Output())
    policies = json.loads(capsys.readouterr().out)["policies"]
    assert policies["rules"] > 80
    assert all(one["level"] == "advisory" for one in policies["violations"])


BASE = """\
config:
  nightowl:platform: { kind: eks, region: eu-central-1, accountId: "111122223333" }
  nightowl:loadBalancer: { allowFrom: [10.0.0.0/8], public: false }
  nightowl:cluster:
    logRetentionDays: 30
    access: { deployers: ["arn:aws:iam::111122223333:role/deployer"] }
  nightowl:nodePools:
    system: { instanceTypes: [m7g.large], min: 2, max: 4, system: true }
    apps: { instanceTypes: [m7g.large, m6g.large], min: 2, max: 4 }
    gpus: { instanceTypes: [g6.xlarge], min: 0, max: 1 }
  nightowl:apps:
    web:
      build: nowhere
      image: example.com/web:1
      port: 8080
"""
OWN = """\
config:
  nightowl:extends: base
  nightowl:apps:
    web:
      image: example.com/web:2
      permissions:
        - { actions: s3:GetObjekt, resources: "*" }
"""


def test_all_that_a_plan_has_against_a_stack_names_the_line_of_its_key(tmp_path: Path) -> None:
    """Also where a base file has it."""
    (tmp_path / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "base.yaml").write_text(BASE)
    file = tmp_path / "stacks" / "Pulumi.dev.yaml"
    file.write_text(OWN)
    plan = plan_of_file(file, "dev")
    document = plan_document(plan)
    places = {one["key"]: one["place"] for one in document["policies"]["violations"] if one["key"]}
    assert places == {
        "nightowl:cluster.logRetentionDays": "stacks/base.yaml:5",
        "nightowl:nodePools.gpus.instanceTypes": "stacks/base.yaml:10",
        "nightowl:nodePools.system.instanceTypes": "stacks/base.yaml:8",
        "nightowl:apps.web.image": "stacks/Pulumi.dev.yaml:5",
    }
    warnings = [*document["warnings"], *document["builds"]["doubts"], *document["access"][0]["doubts"]]
    assert [warning.partition(": ")[0] for warning in warnings] == [
        "stacks/base.yaml:10",
        "stacks/base.yaml:13",
        "stacks/Pulumi.dev.yaml:7",
    ]
    told = " ".join(shown(plan).split())
    for line in (*warnings, "stacks/base.yaml:5: nightowl:cluster.logRetentionDays: The trace"):
        assert line in told


def test_the_text_and_the_page_tell_the_violations(broken: Path) -> None:
    plan = plan_of_file(broken, "prod")
    for told in (shown(plan), page(plan)):
        assert "cluster-endpoint-is-not-open-to-the-world" in told
        assert "nightowl:cluster.publicAccess" in told
        assert "Name the networks of those who deploy" in told


def test_the_control_plane_inside_the_component_is_judged_as_the_engine_shows_it() -> None:
    shown_to_rules = subjects(shipped_plan("prod").graph)
    component = next(one for one in shown_to_rules if one.type == "eks:index:Cluster")
    control_plane = next(one for one in shown_to_rules if one.type == "aws:eks/cluster:Cluster")
    assert control_plane.parent == component.urn
    assert not component.props
    assert control_plane.props["accessConfig"]["bootstrapClusterCreatorAdminPermissions"] is False
    assert control_plane.props["zonalShiftConfig"] == {"enabled": True}
    assert control_plane.protect
    groups = [one for one in shown_to_rules if one.type == "aws:eks/nodeGroup:NodeGroup"]
    assert groups
    assert not [one for one in shown_to_rules if component.urn in one.depends_on]


@pytest.mark.parametrize(("name", "title"), [("qa", "a fourth environment"), ("demo", "the same apps on this machine")])
def test_another_environment_is_a_file_of_at_most_ten_lines(name: str, title: str, tmp_path: Path) -> None:
    copy_bases(tmp_path)
    file = tmp_path / f"Pulumi.{name}.yaml"
    file.write_text(example_of_the_guide(title))
    assert len(file.read_text().splitlines()) <= 10
    plan = plan_of_file(file, name)
    assert {app.name for app in plan.apps} == {"web", "worker"}
    assert plan.policies.mandatory == []


def test_a_project_is_judged_by_its_own_levels_and_exceptions(tmp_path: Path) -> None:
    own = tmp_path / "policies"
    assert policies_folder(None) == policies_folder(tmp_path) == SHIPPED
    own.mkdir()
    (own / "exceptions.yaml").write_text("[]\n")
    assert policies_folder(tmp_path) == own
    (own / "prod.json").write_text("{}")
    (own / "dev.json").write_text('{"all": "disabled"}')
    graph = plan_of_file(STACKS / "Pulumi.local.yaml", "dev").graph
    strict = evaluation(replace(graph, stack="qa"), own)
    assert strict.violations
    assert evaluation(graph, own).violations == []


def test_a_levels_file_counts_without_exceptions_and_beside_those_of_nightowl(tmp_path: Path) -> None:
    """As `nightowl import` writes one, into a project that has no other."""
    (tmp_path / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
    (tmp_path / "stacks").mkdir()
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "ballots.json").write_text('{"all": "disabled"}')
    file = tmp_path / "stacks" / "Pulumi.ballots.yaml"
    file.write_text(
        "config:\n"
        "  nightowl:platform: {kind: existing, context: test}\n"
        "  nightowl:apps: {web: {image: 'a:1', port: 8080}}\n"
    )
    assert plan_of_file(file, "ballots").policies.violations == []
    assert levels_file("dev", tmp_path / "policies") == SHIPPED / "dev.json"
    assert levels_file("qa", tmp_path / "policies") == SHIPPED / "prod.json"
    assert plan_of_file(file, "qa").policies.violations
