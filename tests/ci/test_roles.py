"""What a job knows before it takes a role."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.ci.actions_run import ActionsRun
from infra.ci.roles import run_role, run_stacks
from infra.errors import UsageError
from infra.settings.eks.delivery import RoleKind
from infra.settings.problems import SettingsError
from tests.ci.delivery_stacks import ACCOUNT, PUBLIC, path_of, read, stack_text
from tests.ci.test_actions_run import outputs

APPS = {"web": PUBLIC}
LOCAL = "config:\n  nightowl:platform: { kind: existing, context: here }\n  nightowl:apps: {}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "stacks").mkdir()
    texts = {
        "prod": stack_text("prod", APPS, promotes_from="staging"),
        "staging": stack_text("staging", APPS, promotes_from="dev"),
        "dev": stack_text("dev", APPS, build={"web": "apps/web"}, ephemeral=True),
        "local": LOCAL,
    }
    for stack, text in texts.items():
        (tmp_path / path_of(stack)).write_text(text)
    return tmp_path


def given(tmp_path: Path) -> dict[str, str]:
    return outputs((tmp_path / "output").read_text())


def test_the_stacks_that_github_deploys_are_listed_in_the_order_of_promotion(project: Path) -> None:
    run_stacks(project, ActionsRun(output=project / "output"))

    assert json.loads(given(project)["stacks"]) == ["dev", "staging", "prod"]


def test_a_stack_whose_account_is_not_prepared_yet_is_left_out(project: Path) -> None:
    path = project / path_of("prod")
    path.write_text("".join(line for line in path.read_text().splitlines(True) if "backend:" not in line))
    run_stacks(project, ActionsRun(output=project / "output"))

    assert json.loads(given(project)["stacks"]) == ["dev", "staging"]


def test_a_mistake_elsewhere_in_a_file_hides_no_stack(project: Path) -> None:
    path = project / path_of("dev")
    path.write_text(path.read_text().replace("port:", "prot:"))
    run_stacks(project, ActionsRun(output=project / "output"))

    assert "dev" in json.loads(given(project)["stacks"])


def test_stacks_that_promote_in_a_circle_are_listed_all_the_same(project: Path) -> None:
    (project / path_of("dev")).write_text(stack_text("dev", APPS, promotes_from="prod"))
    run_stacks(project, ActionsRun(output=project / "output"))

    assert sorted(json.loads(given(project)["stacks"])) == ["dev", "prod", "staging"]


def test_a_file_that_is_no_yaml_is_told(project: Path) -> None:
    (project / path_of("dev")).write_text("config: [\n")

    with pytest.raises(SettingsError, match=r"Pulumi\.dev\.yaml"):
        run_stacks(project, ActionsRun(output=project / "output"))


@pytest.mark.parametrize(("kind", "environment"), [("deploy", "dev"), ("preview", ""), ("ephemeral", "ephemeral")])
def test_a_role_is_told_without_asking_aws(
    project: Path, kind: RoleKind, environment: str, nothing_reaches_out: None
) -> None:
    run_role(read(project, "dev"), kind, ActionsRun(output=project / "output"))

    assert given(project) == {
        "role-arn": f"arn:aws:iam::{ACCOUNT}:role/nightowl-dev-{kind}",
        "region": "eu-central-1",
        "account-id": ACCOUNT,
        "environment": environment,
    }


def test_a_role_that_the_stack_has_not_is_told(project: Path) -> None:
    with pytest.raises(UsageError, match=r"staging has no role for ephemeral; .*delivery\.github\.ephemeral"):
        run_role(read(project, "staging"), "ephemeral", ActionsRun())


def test_a_stack_without_github_has_no_roles(project: Path) -> None:
    path = project / path_of("dev")
    text = path.read_text()
    path.write_text(text[: text.index("    github:")])

    with pytest.raises(UsageError, match="dev has no roles for GitHub"):
        run_role(read(project, "dev"), "deploy", ActionsRun())


def test_a_stack_that_is_not_on_eks_has_no_roles(project: Path) -> None:
    with pytest.raises(UsageError, match=r"Pulumi\.local\.yaml:\d+: nightowl:platform\.kind: is existing, and only"):
        read(project, "local")
