from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from infra.github.required_checks import required_checks
from infra.settings.stack_file import settings_from_stack_file
from infra.settings.stack_file_edit import StackFileEditError
from tests.github.conftest import Command
from tests.github.fake_settings import FakeSettings
from tests.github.test_fresh import REVIEWED

PROJECT = Path(__file__).parents[2]
STACKS = PROJECT / "stacks"
PLAIN = "repo:example/nightowl"
IMMUTABLE = "repo:example@424242/nightowl@123456789"


def test_the_stack_file_says_who_deploys_and_all_else_stays(nightowl: Command) -> None:
    nightowl(*REVIEWED)
    assert (
        (nightowl.project / "stacks/Pulumi.dev.yaml").read_text()
        == """\
# The dev stack.
config:
  nightowl:platform:
    kind: eks
    region: eu-central-1
    accountId: "111122223333" # replace: the account

  nightowl:delivery:
    backend: s3://nightowl-state # made by bootstrap
    github:
      repository: example/nightowl
      repositoryId: "123456789"
      deploy: [repo:example/nightowl:environment:dev]
      preview: [repo:example/nightowl:pull_request, repo:example/nightowl:ref:refs/heads/main]
      ephemeral: [repo:example/nightowl:environment:ephemeral]

  nightowl:apps: {}
"""
    )
    prod = (nightowl.project / "stacks/Pulumi.prod.yaml").read_text()
    assert "      deploy: [repo:example/nightowl:environment:prod]\n" in prod
    assert "ephemeral" not in prod


IMMUTABLE_ANSWERS = [
    {"use_default": True, "use_immutable_subject": True, "sub_claim_prefix": IMMUTABLE},
    {"use_default": True, "use_immutable_subject": True},
]
PLAIN_ANSWERS = [
    None,  # GitHub Enterprise Server without the setting
    {"use_default": True},
    {"use_default": True, "use_immutable_subject": False, "sub_claim_prefix": PLAIN},
    {"use_default": False, "include_claim_keys": ["repo", "context"], "sub_claim_prefix": PLAIN},
]


@pytest.mark.parametrize(
    ("answer", "prefix"),
    [*((answer, IMMUTABLE) for answer in IMMUTABLE_ANSWERS), *((answer, PLAIN) for answer in PLAIN_ANSWERS)],
)
def test_subjects_have_the_form_that_github_tells(
    nightowl: Command, github: FakeSettings, answer: dict[str, object] | None, prefix: str
) -> None:
    github.subject_template = answer
    assert nightowl.document(*REVIEWED)["subjectPrefixes"] == [prefix]
    text = (nightowl.project / "stacks/Pulumi.dev.yaml").read_text()
    assert f"deploy: [{prefix}:environment:dev]" in text
    assert f"preview: [{prefix}:pull_request, {prefix}:ref:refs/heads/main]" in text
    assert f"ephemeral: [{prefix}:environment:ephemeral]" in text


def test_both_forms_are_written_where_github_says_one_and_shows_the_other(
    nightowl: Command, github: FakeSettings
) -> None:
    github.subject_template = {"use_default": True, "use_immutable_subject": False, "sub_claim_prefix": IMMUTABLE}
    nightowl(*REVIEWED)
    text = (nightowl.project / "stacks/Pulumi.prod.yaml").read_text()
    assert f"deploy: [{IMMUTABLE}:environment:prod, {PLAIN}:environment:prod]" in text


@pytest.mark.parametrize(
    "answer",
    [
        {"use_default": False, "include_claim_keys": ["repo", "ref", "job_workflow_ref"]},
        {"use_default": False},
        {"use_default": False, "include_claim_keys": []},
    ],
)
def test_a_template_of_the_repositorys_own_is_refused(
    nightowl: Command, github: FakeSettings, answer: dict[str, object]
) -> None:
    github.subject_template = answer
    told = nightowl.refusal(*REVIEWED)
    assert "have a subject of its own making" in told
    assert "gh api -X PUT repos/example/nightowl/actions/oidc/customization/sub -F use_default=true" in told
    assert github.changes == []


def test_a_prefix_that_names_another_repository_is_refused(nightowl: Command, github: FakeSettings) -> None:
    github.subject_template = {"use_default": True, "sub_claim_prefix": "repo:someone/else"}
    assert "'repo:someone/else'" in nightowl.refusal(*REVIEWED)


def test_the_other_form_of_a_subject_stays_during_a_change_over_and_strangers_go(
    nightowl: Command, github: FakeSettings
) -> None:
    nightowl(*REVIEWED)
    file = nightowl.project / "stacks/Pulumi.prod.yaml"
    file.write_text(
        file.read_text().replace(
            f"[{PLAIN}:environment:prod]",
            f"[{PLAIN}:environment:prod, repo:old/place:environment:prod, {PLAIN}:environment:staging]",
        )
    )
    github.subject_template = IMMUTABLE_ANSWERS[0]
    nightowl(*REVIEWED)
    assert f"deploy: [{PLAIN}:environment:prod, {IMMUTABLE}:environment:prod]\n" in file.read_text()
    assert nightowl("--check", *REVIEWED).exit_code == 0


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_the_shipped_stack_files_are_filled_in_and_accepted(
    nightowl: Command, github: FakeSettings, stack: str
) -> None:
    for file in STACKS.glob("*.yaml"):
        shutil.copy(file, nightowl.project / "stacks" / file.name)
    github.subject_template = IMMUTABLE_ANSWERS[0]
    file = nightowl.project / "stacks" / f"Pulumi.{stack}.yaml"
    before = file.read_text().splitlines()

    result = nightowl(*REVIEWED)

    assert result.exit_code == 0, result.output
    delivery = settings_from_stack_file(file).delivery
    assert delivery is not None
    assert delivery.github is not None
    assert delivery.github.repository == "example/nightowl"
    assert delivery.github.repository_id == "123456789"
    assert f"{IMMUTABLE}:environment:{stack}" in delivery.github.deploy
    after = file.read_text().splitlines()
    comments = [line for line in before if "#" in line]
    assert [re.sub(r"^[^#]*", "", line) for line in after if "#" in line] == [
        re.sub(r"^[^#]*", "", line) for line in comments
    ]


def test_a_list_below_each_other_keeps_its_style_and_its_comments_refuse_the_change(nightowl: Command) -> None:
    file = nightowl.project / "stacks/Pulumi.prod.yaml"
    head, tail = file.read_text().split("  nightowl:apps")
    lines = (
        "    github:\n"
        "      deploy:\n        - repo:a/b:environment:prod{comment}\n        - x\n"
        "      preview:\n      - y # last\n\n"
    )
    file.write_text(head.rstrip("\n") + "\n" + lines.format(comment="") + "  nightowl:apps" + tail)
    nightowl(*REVIEWED)
    text = file.read_text()
    assert f"      deploy:\n        - {PLAIN}:environment:prod\n      preview:\n" in text
    assert f"      - {PLAIN}:pull_request\n      - {PLAIN}:ref:refs/heads/main # last\n" in text

    file.write_text(head.rstrip("\n") + "\n" + lines.format(comment=" # why") + "  nightowl:apps" + tail)
    before = file.read_text()
    result = nightowl(*REVIEWED, "--on")
    assert isinstance(result.exception, StackFileEditError)
    assert "there are comments inside the list" in str(result.exception)
    assert file.read_text() == before


def test_an_id_without_quotes_is_put_into_quotes(nightowl: Command) -> None:
    nightowl(*REVIEWED)
    file = nightowl.project / "stacks/Pulumi.prod.yaml"
    right = file.read_text()
    file.write_text(right.replace('"123456789"', "123456789"))
    assert nightowl("--check").exit_code == 1
    nightowl()
    assert file.read_text() == right


def test_the_line_ends_of_windows_stay(nightowl: Command) -> None:
    file = nightowl.project / "stacks/Pulumi.prod.yaml"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    nightowl(*REVIEWED)
    written = file.read_bytes()
    assert b"environment:prod]\r\n" in written
    assert written.count(b"\n") == written.count(b"\r\n")


def test_a_file_that_cannot_be_written_leaves_its_lines_and_nothing_is_switched_on(
    nightowl: Command, github: FakeSettings
) -> None:
    file = nightowl.project / "stacks/Pulumi.prod.yaml"
    file.chmod(0o444)
    told = nightowl.refusal(*REVIEWED, "--on")
    assert "cannot be written (it is read-only); write it yourself:" in told
    assert "      deploy: [repo:example/nightowl:environment:prod]" in told
    assert '      repositoryId: "123456789"' in told
    assert github.variables == {}
    assert len(github.rulesets) == 1, "everything else is done"
    assert list(file.parent.glob(".Pulumi*")) == []


def test_the_checks_are_the_jobs_of_the_shipped_ci_workflow() -> None:
    assert required_checks(PROJECT) == (
        "check-test-e2e",
        "python (3.11)",
        "python (3.12)",
        "python (3.13)",
        "python (3.14)",
    )


def test_what_is_the_repositorys_is_written_once_where_all_stacks_have_it(nightowl: Command) -> None:
    stacks = nightowl.project / "stacks"
    shared = "      repository: x/y # ours\n      repositoryId: '1'\n      preview: [a]\n"
    (stacks / "base.yaml").write_text(f"config:\n  nightowl:delivery:\n    github:\n{shared}")
    for stack in ("dev", "staging", "prod"):
        file = stacks / f"Pulumi.{stack}.yaml"
        file.write_text(file.read_text().replace("config:\n", "config:\n  nightowl:extends: base\n"))

    nightowl(*REVIEWED)

    assert (stacks / "base.yaml").read_text() == (
        "config:\n  nightowl:delivery:\n    github:\n"
        '      repository: example/nightowl # ours\n      repositoryId: "123456789"\n'
        f"      preview: [{PLAIN}:pull_request, {PLAIN}:ref:refs/heads/main]\n"
    )
    for stack in ("dev", "staging", "prod"):
        text = (stacks / f"Pulumi.{stack}.yaml").read_text()
        assert f"      deploy: [{PLAIN}:environment:{stack}]\n" in text
        assert "repository" not in text
        assert "preview" not in text
    assert nightowl("--check").exit_code == 0
