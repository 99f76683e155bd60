"""What a stack file may say, the policies let pass: in dev all of it, in staging and prod all but a short list."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.plan.plan import plan_of_file
from policies.evaluation import Violation
from policies.levels import Level, levels_file, read_levels
from policies.reference import INDEX
from policies.rules import ALL_RULES
from tests.apps.samples import APPS, cron, web, worker
from tests.policies.harness import STACKS
from tests.settings.every_form import every_form
from tests.settings.every_key import every_key, keys_in

REPOSITORY = STACKS.parent
DISK = {"mount": "/data", "size": "5Gi", "kind": "persistent"}
EVERYTHING: Mapping[str, dict[str, Any]] = {
    "minimal": web(),
    "with-traffic": web(traffic={"path": "/a"}),
    "tcp": web(port=5432, traffic={"protocol": "tcp"}),
    "tagged": web(image="registry.example.com/app:1.0.0"),
    "probes-by-http": web(health={"readiness": "/ready", "liveness": "/alive"}),
    "probes-elsewhere": web(
        traffic={"path": "/b"}, health={"readiness": {"http": "/r", "port": 9}, "liveness": {"http": "/l", "port": 9}}
    ),
    "probes-by-exec": web(health={probe: {"exec": [probe]} for probe in ("startup", "readiness", "liveness")}),
    "one-writer": web(replicas=1, volumes={"data": DISK}),
    "one-writer-of-a-class": web(replicas=1, volumes={"data": {**DISK, "storageClass": "fast"}}),
    "shared-volume": web(volumes={"data": {**DISK, "shared": True, "storageClass": "shared"}}),
    "borrowed-volume": web(volumes={"data": {"mount": "/data", "from": "shared-volume"}}),
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
    "task": worker(scaling={"min": 1, "max": 2}),
    "nightly": cron(),
}
OF_THE_PLATFORM = {"traffic", "servicePort", "secrets", "pullSecrets"}
"""Keys that a platform has a hand in. The others make the same objects on each."""
REFUSED_IN_PROD = {
    rule.name
    for rule in ALL_RULES
    if f"`{rule.name}`" in INDEX.read_text().partition("| key of an app |")[2].partition("\n\n")[0]
}
"""The short list of docs/policies.md, which says the key and why."""


def sections_of(stack: str) -> dict[str, Any]:
    """The sections of a shipped stack file."""
    config = yaml.safe_load((STACKS / f"Pulumi.{stack}.yaml").read_text())["config"]
    return {key.removeprefix("nightowl:"): value for key, value in config.items()}


def violations(folder: Path, stack: str, apps: Mapping[str, Any]) -> Sequence[Violation]:
    """What the apps violate in a shipped stack."""
    sections = {**sections_of(stack), "apps": dict(apps)}
    file = folder / f"Pulumi.{stack}.yaml"
    file.write_text(yaml.safe_dump({"config": {f"nightowl:{key}": value for key, value in sections.items()}}))
    return plan_of_file(file, stack).policies.violations


def violated(folder: Path, stack: str, apps: Mapping[str, Any]) -> set[str]:
    """The rules that the apps violate in a shipped stack."""
    return {found.rule.name for found in violations(folder, stack, apps)}


def mandatory(rules: set[str], environment: str) -> set[str]:
    levels = read_levels(levels_file(environment), ALL_RULES)
    return {rule.name for rule in ALL_RULES if rule.name in rules and levels.of(rule) is Level.MANDATORY}


@pytest.mark.parametrize("stack", ["dev", "local"])
def test_whatever_an_app_asks_for_passes_in_dev_and_but_for_a_short_list_in_prod(stack: str, tmp_path: Path) -> None:
    forms = every_form(sections_of(stack), keys=OF_THE_PLATFORM if stack == "dev" else ())
    if stack == "dev":
        # Roles of this stack read secrets below its name only; a Secret of Kubernetes has no such name.
        forms = yaml.safe_load(yaml.safe_dump(forms).replace("kept-", "dev/"))
    rules = violated(tmp_path, stack, {**forms, **EVERYTHING})
    assert mandatory(rules, stack) == set()
    for environment in ("staging", "prod"):
        of_dev_alone = {"cluster-refuses-deletion", "cluster-endpoint-is-private-only"}
        assert mandatory(rules, environment) - of_dev_alone <= REFUSED_IN_PROD


def test_every_key_of_an_app_is_among_what_is_tried() -> None:
    tried = keys_in({"apps": {**every_form(), **EVERYTHING}}, every_key("existing"))
    of_apps = {key for key in every_key("existing") if key.startswith("apps.")}
    # Peers share one model; the load balancer calls, and is not called. One key of a secret is for EKS: a Secret of
    # Kubernetes has keys of its own.
    assert of_apps - tried == {"apps.*.allowTo.*.loadBalancer", "apps.*.secrets.*.key"}


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@given(apps=st.lists(APPS, min_size=6, max_size=6))
@settings(max_examples=4, derandomize=True, suppress_health_check=SLOW)
def test_any_apps_pass_on_this_machine(apps: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> None:
    named = {f"app{index}": app for index, app in enumerate(apps)}
    assert mandatory(violated(tmp_path_factory.mktemp("stack"), "local", named), "local") == set()


def test_each_key_of_the_short_list_is_on_it_for_a_reason() -> None:
    assert REFUSED_IN_PROD
    assert mandatory(REFUSED_IN_PROD, "prod") == REFUSED_IN_PROD
    assert mandatory(REFUSED_IN_PROD, "dev") == set()


EXAMPLES = [
    pytest.param(block, id=f"{page.name} {index}")
    for page in [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
    for index, block in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL))
    if "nightowl:apps:" in block and "image:" in block
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
