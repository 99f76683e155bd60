"""What a stack file may say, the policies let pass: in dev all of it, in staging and prod all but a short list."""

from __future__ import annotations

import functools
import re
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from infra.ci.report import policy_lines
from infra.plan.document import plan_document
from infra.plan.plan import Plan, plan_of_file
from infra.plan.run import PolicyViolationError
from infra.settings.app.application import Application
from infra.settings.stack_file import stack_config
from policies.analyzer import violation_text
from policies.evaluation import evaluate
from policies.levels import Level, Levels, levels_file, read_levels
from policies.reference import REFUSALS
from policies.rules import ALL_RULES, RULES
from tests.apps.samples import APPS, cron, web, worker
from tests.policies.harness import RULE_BY_NAME, STACKS
from tests.policies.loose_stacks import DISK, LOOSE
from tests.settings.editor import as_file, marked
from tests.settings.every_form import EXISTING, ON_EKS, OUTPUT, every_form
from tests.settings.every_key import EACH, every_key, keys_in

REPOSITORY = STACKS.parent
EVERYTHING: Mapping[str, dict[str, Any]] = {
    "minimal": web(),
    "with-traffic": web(traffic={"path": "/a"}),
    "tcp": web(port=5432, traffic={"protocol": "tcp"}),
    "tagged": web(image="registry.example.com/app:1.0.0"),
    "probes-by-http": web(health={"readiness": "/ready", "liveness": "/alive"}),
    "probes-elsewhere": web(
        traffic={"path": "/b"}, health={"readiness": {"http": "/r", "port": 9}, "liveness": {"http": "/l", "port": 9}}
    ),
    "liveness-only": web(health={"liveness": "/alive"}),
    "readiness-only": web(health={"readiness": "/ready"}),
    "startup-only": web(health={"startup": "/started"}),
    "probes-by-exec": web(health={probe: {"exec": [probe]} for probe in ("startup", "readiness", "liveness")}),
    "one-writer": web(replicas=1, volumes={"data": DISK}),
    "one-writer-of-a-class": web(replicas=1, volumes={"data": {**DISK, "storageClass": "fast"}}),
    "shared-volume": web(volumes={"data": {**DISK, "shared": True, "storageClass": "shared"}}),
    "borrowed-volume": web(volumes={"data": {"mount": "/data", "from": "shared-volume", "subPath": "a/b"}}),
    "two-volumes": web(
        replicas=1, volumes={"borrowed": {"mount": "/b", "from": "shared-volume"}, "own": {**DISK, "mount": "/own"}}
    ),
    "low-user": web(security={"user": 999, "readOnlyRoot": False}),
    "as-root": web(
        security={"level": "baseline", "user": 0, "readOnlyRoot": False, "capabilities": ["CHOWN", "SETUID"]},
        writable=["/var/run/postgresql", {"/var/cache": "1Gi"}],
    ),
    "cpu-limit": web(resources={"cpuLimit": "1"}),
    "one": web(replicas=1),
    "from-one": web(scaling={"min": 1}),
    "fixed-bounds": web(scaling={"min": 3, "max": 3}),
    "by-memory": web(scaling={"cpu": None, "memory": 70}),
    "shrinks-at-once": web(scaling={"shrinkAfter": "10s"}),
    "grows-slowly": web(scaling={"growAfter": "10m", "growBy": "10%"}),
    "no-drain": web(rollout={"surge": "10%", "finishWithin": "5s", "drain": "0s"}),
    "spread-if-possible": web(availability={"zones": "prefer", "maxUnavailable": "50%", "evictAfter": "5m"}),
    "to-the-world": web(allowTo=["0.0.0.0/0"], allowFrom=["0.0.0.0/0"]),
    "with-helpers": web(init={"a": {"command": ["a"]}}, sidecars={"b": {"image": "example.com/b:1"}}),
    "tolerant": web(placement={"tolerate": ["gpu"]}),
    "one-with-metrics": worker(replicas=1, ports={"metrics": 9090}, rollout={"strategy": "replace"}),
    "one-member": worker(kind="stateful", ports={"metrics": 9090}, volumes={"data": {"mount": "/data", "claim": "x"}}),
    "task": worker(scaling={"min": 1, "max": 2}),
    "nightly": cron(),
}
REFUSED = {rule: key for key, rules, _ in REFUSALS for rule in rules.split()}
"""The short list of docs/policies.md: the rules, with the key of each."""
STACKS_TRIED = ("local", "dev", *LOOSE)
ON_A_CLUSTER_THAT_IS_THERE = [name for name in STACKS_TRIED if name.startswith("local")]
AMAZON = re.compile(
    r"\b(aws|amazon|alb|nlb|eks|ecr|iam|target ?group|elb|vpc|waf|route 53|certificate-arn|infra/)\b", re.IGNORECASE
)
"""What somebody whose cluster is elsewhere never wrote and cannot change."""


def sections_of(stack: str) -> dict[str, Any]:
    """The sections of a shipped stack file."""
    config = stack_config(STACKS / f"Pulumi.{stack}.yaml")
    return {key.removeprefix("nightowl:"): value for key, value in config.items()}


def planned(folder: Path, stack: str, sections: Mapping[str, Any]) -> Plan:
    file = folder / f"Pulumi.{stack}.yaml"
    file.write_text(yaml.safe_dump({"config": {f"nightowl:{key}": value for key, value in sections.items()}}))
    (folder / "Pulumi.yaml").write_text("name: nightowl\n")
    if not (folder / "tests").exists():
        # Charts and manifests lie in folders of the project.
        (folder / "tests").symlink_to(REPOSITORY / "tests")
    (folder / "extend.py").write_text(f"def before_apps(stack):\n    return {{{OUTPUT!r}: 'own'}}\n")
    return plan_of_file(file, stack)


@functools.cache
def forms_on(stack: str) -> Mapping[str, dict[str, Any]]:
    if stack == "local":
        return every_form(EXISTING)
    # Roles of this stack read secrets below its name only; a Secret of Kubernetes has no such name.
    return yaml.safe_load(yaml.safe_dump(every_form(ON_EKS)).replace("kept-", "dev/"))


@functools.cache
def tried(name: str) -> Plan:
    """The plan of a stack that has whatever a stack file may have, once for all tests."""
    stack, _, how = name.partition(", ")
    sections = {**sections_of(stack), **LOOSE.get(name, {})}
    if not how:
        sections["apps"] = {**forms_on(stack), **EVERYTHING}
    with tempfile.TemporaryDirectory() as folder:
        if name == "dev":
            sections["delivery"] |= {"secrets": ["dev/"]}
        # A stack of no known name is judged as prod, where no rule is off.
        return planned(Path(folder), "trial", sections)


def violated(plan: Plan) -> set[str]:
    """The rules that a stack violates."""
    return {found.rule.name for found in plan.policies.violations}


def mandatory(rules: Collection[str], environment: str) -> set[str]:
    levels = read_levels(levels_file(environment), ALL_RULES)
    return {rule.name for rule in ALL_RULES if rule.name in rules and levels.of(rule) is Level.MANDATORY}


@pytest.mark.parametrize("stack", STACKS_TRIED)
def test_whatever_a_stack_file_asks_for_passes_in_dev(stack: str) -> None:
    assert mandatory(violated(tried(stack)), stack.partition(",")[0]) == set()


def test_whatever_an_app_asks_for_passes_in_a_stack_of_a_pull_request() -> None:
    found = (one for stack in STACKS_TRIED for one in tried(stack).policies.violations)
    assert mandatory({one.rule.name for one in found if one.key.startswith("nightowl:apps.")}, "ephemeral") == set()


def test_staging_and_prod_refuse_a_short_list_that_the_documentation_has_in_full() -> None:
    rules = {rule for stack in STACKS_TRIED for rule in violated(tried(stack))}
    assert mandatory(rules, "prod") == REFUSED.keys()
    assert mandatory(rules, "staging") == REFUSED.keys() - {"cluster-endpoint-is-private-only"}


def test_the_documentation_names_the_key_of_each_refusal() -> None:
    found = {(one.rule.name, one.key) for stack in STACKS_TRIED for one in tried(stack).policies.violations}
    for rule, key in REFUSED.items():
        named = re.findall(r"`([\w*.]+)", key)
        keys = [key for name, key in found if name == rule]
        assert any(fits(key, one) for key in keys for one in named), f"{rule}: {keys} are none of {named}"


def fits(key: str, documented: str) -> bool:
    """Whether a key, `nightowl:apps.web.port`, is what the documentation calls `apps.*.port`."""
    pattern = re.escape(f"nightowl:{documented}").replace(r"\*", "[^.]+")
    return re.fullmatch(pattern, key.split(", ", maxsplit=1)[0]) is not None


@pytest.mark.parametrize("stack", STACKS_TRIED)
def test_a_violation_speaks_of_a_key_that_exists(stack: str) -> None:
    for found in tried(stack).policies.violations:
        assert found.key, f"{found.rule.name}: {found.text}"
        for key in found.key.split(", "):
            section, *place = key.removeprefix("nightowl:").split(".")
            assert exists(section, *place), f"{found.rule.name}: {key}"
        # A key of an app says which one is meant; a chart has many objects under one key.
        assert found.key.startswith("nightowl:charts") or found.resource not in found.text + found.remedy


def test_a_pod_that_is_replaced_is_blamed_on_the_volume_that_one_pod_has() -> None:
    found = [one for one in tried("local").policies.violations if one.rule.name == "rolling-update"]
    assert [one.key for one in found if ".two-volumes." in one.key] == ["nightowl:apps.two-volumes.volumes.own"]


@pytest.mark.parametrize("stack", STACKS_TRIED)
def test_a_remedy_is_one_that_the_app_may_use(stack: str) -> None:
    apps = {**forms_on(stack.partition(",")[0]), **EVERYTHING, **LOOSE.get(stack, {}).get("apps", {})}
    for found in tried(stack).policies.violations:
        for _, name, *place in (key.split(".") for key in found.key.split(", ") if key.startswith("nightowl:apps.")):
            app = apps[name]
            model = type(settings_of_app(app))
            assert place[0] in {field.alias for field in model.model_fields.values()}, found.key
            if found.remedy.startswith(("Leave it out", "Leave 'rollout.strategy' out")):
                assert place[0] in app, f"{found.rule.name}: nobody wrote {found.key}"
            if "autoscaler" in found.remedy:
                assert app.get("kind", "web") in {"web", "worker"}


def settings_of_app(app: dict[str, Any]) -> Application:
    """The model of an app."""
    adapter: TypeAdapter[Application] = TypeAdapter(Application)
    return adapter.validate_python(app)


def exists(*place: str) -> bool:
    """Whether a place in a stack file, such as `apps.web.port`, is one that the models know."""
    return place[-1] in all_keys(place[:-1]) or any(key == EACH for key in all_keys(place[:-1]))


@functools.cache
def all_keys(above: tuple[str, ...]) -> set[str]:
    """The keys below a place: `*` where any name may stand."""
    found: set[str] = set()
    for key in (*every_key("eks"), *every_key("existing")):
        parts = key.split(".")
        names = parts[: len(above)]
        if len(parts) > len(above) and all(part in (EACH, name) for part, name in zip(names, above, strict=True)):
            found.add(parts[len(above)])
    return found


@pytest.mark.parametrize("stack", ON_A_CLUSTER_THAT_IS_THERE)
def test_on_a_cluster_that_is_there_nothing_speaks_of_aws(stack: str) -> None:
    plan = tried(stack)
    said = [
        *(str(part) for one in plan_document(plan)["policies"]["violations"] for part in one.values()),
        *(line for line in policy_lines(plan.policies)),
        str(PolicyViolationError("local", plan.policies.violations)),
    ]
    assert [line for line in said if AMAZON.search(line)] == []


def test_the_pack_and_the_report_of_a_pull_request_say_the_same_as_the_plan() -> None:
    (found,) = {
        one for one in tried("local").policies.violations if one.resource == "HorizontalPodAutoscaler fixed-bounds"
    }
    assert re.fullmatch(r".*/Pulumi\.trial\.yaml:\d+", found.place)
    line = f"{found.place}: nightowl:apps.fixed-bounds.scaling.max: {found.rule.protects_from}"
    assert violation_text(found) == f"{line}\n{found.remedy}"
    assert f"mandatory: hpa-room: {line}" in policy_lines(tried("local").policies)
    assert f"hpa-room: {line}\n    {found.remedy}" in str(PolicyViolationError("local", [found]))


DEPLOYERS = {"deployers": ["arn:aws:iam::111122223333:role/deployer"]}
TOO_BROAD: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "all-data": ("policy-reads-named-data", {"actions": "s3:GetObject", "resources": "*"}),
    "all-secrets": ("policy-reads-named-data", {"actions": "secretsmanager:Get*", "resources": "*"}),
    "all-queues": ("policy-constrains-writes", {"actions": "sqs:SendMessage", "resources": "*"}),
    "all-keys": ("policy-decrypts-with-named-keys", {"actions": "kms:Decrypt", "resources": "*"}),
    "all-roles": ("policy-escalates-nowhere", {"actions": "sts:AssumeRole", "resources": "*"}),
    "administrator": (
        "no-administrator-is-attached",
        {"policy": "arn:aws:iam::aws:policy/AdministratorAccess"},
    ),
}


def test_permissions_that_are_too_broad_are_refused_by_their_key(tmp_path: Path) -> None:
    apps = {name: worker(permissions=[permission]) for name, (_, permission) in TOO_BROAD.items()}
    found = planned(tmp_path, "prod", {**ON_EKS, "cluster": {"access": DEPLOYERS}, "apps": apps}).policies.violations
    expected = {(rule, f"nightowl:apps.{app}.permissions") for app, (rule, _) in TOO_BROAD.items()}
    assert expected <= {(one.rule.name, one.key) for one in found if one.level is Level.MANDATORY}


def test_a_program_that_is_not_nightowl_is_spoken_to_in_its_resources() -> None:
    own = tried("local").graph.of_type("kubernetes:autoscaling/v2:HorizontalPodAutoscaler")
    (scaler,) = (one for one in own if one.name == "fixed-bounds")
    foreign = replace(scaler, urn=f"urn:pulumi:local::shop::{scaler.type}::fixed-bounds", parent="")
    found = evaluate([foreign], RULES, levels=Levels(), exceptions=[], today=date(2026, 1, 1)).violations
    assert {(one.key, one.text, one.remedy) for one in found if one.rule.name == "hpa-room"} == {
        ("", f"{scaler.label} maxReplicas is 3, so it cannot scale", RULE_BY_NAME["hpa-room"].remediation)
    }


def test_every_key_is_among_what_is_tried() -> None:
    documents = [{**sections_of(name.partition(",")[0]), **LOOSE.get(name, {})} for name in STACKS_TRIED]
    every = {*every_key("eks"), *every_key("existing")}
    forms = ({"apps": apps} for apps in (forms_on("local"), forms_on("dev"), EVERYTHING))
    used = {key for one in (*forms, *documents) for key in keys_in(one, every)}
    # Peers share one model; the load balancer calls, and is not called. What a file extends is in the whole already.
    assert every - used == {"apps.*.allowTo.*.loadBalancer", "extends"}


def test_every_form_is_one_that_an_editor_takes() -> None:
    """Here, as the forms are found once for all tests of this file."""
    for apps in (forms_on("local"), forms_on("dev")):
        assert marked(as_file({"apps": apps})) == []


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@given(apps=st.lists(APPS, min_size=6, max_size=6))
@settings(max_examples=4, derandomize=True, suppress_health_check=SLOW)
def test_any_apps_pass_on_this_machine(apps: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> None:
    named = {f"app{index}": app for index, app in enumerate(apps)}
    assert (
        mandatory(
            violated(planned(tmp_path_factory.mktemp("stack"), "local", {**sections_of("local"), "apps": named})),
            "local",
        )
        == set()
    )


EXAMPLES = [
    pytest.param(block, id=f"{page.name} {index}")
    for page in [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
    for index, block in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL))
    # What names outputs of own code is planned with that (tests/test_extension.py).
    if "config:\n" in block and "nightowl:apps:" in block and "image:" in block and "output:" not in block
]


@pytest.mark.parametrize("block", EXAMPLES)
def test_an_example_of_the_documentation_passes(block: str, tmp_path: Path) -> None:
    document = yaml.safe_load(block)
    document["config"].setdefault("nightowl:platform", {"kind": "existing", "context": "test"})
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(yaml.safe_dump(document))
    assert [found.rule.name for found in plan_of_file(file, "dev").policies.mandatory] == []


def test_the_documentation_has_examples() -> None:
    assert len(EXAMPLES) >= 3
