"""The way of an image from one environment to the next, and back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.ci.promote import Choice, run_promote
from infra.ci.stack_edit import image_of
from infra.errors import UsageError
from tests.ci.checkout import Checkout
from tests.ci.delivery_stacks import PUBLIC, digest, image, path_of, read, stack_text
from tests.ci.fake_github import FakeGithub
from tests.printed import printed_to

BUILD = {"web": "apps/web", "api": "apps/api"}


def text_of(stack: str, images: Mapping[str, str]) -> str:
    before = {"staging": "dev", "prod": "staging"}.get(stack)
    return stack_text(stack, images, build=None if before else BUILD, promotes_from=before)


class Team:
    """A repository on GitHub and the checkout that a job has of it."""

    def __init__(self, checkout: Checkout, github: FakeGithub) -> None:
        self.checkout = checkout
        self.github = github
        self.said: list[str] = []

    def merge(self, files: Mapping[str, str], message: str = "Change") -> str:
        """Put files on main, there and here."""
        self.github.push("main", files, message)
        return self.checkout.commit(files, message)

    def runs(self, stack: str, *, web: str, api: str | None = None) -> None:
        """Record which images a stack runs."""
        images = {"web": web, "api": api or image(stack, "api", "0")}
        self.merge({path_of(stack): text_of(stack, images)})

    def promote(self, to: str = "staging", *, dry_run: bool = False, **choice: Any) -> None:
        project = self.checkout.folder
        self.said = []
        run_promote(
            project,
            read(project, to),
            lambda stack: read(project, stack),
            Choice(**choice),
            replace(self.github.run(), console=printed_to(self.said), dry_run=dry_run),
        )

    def proposed(self, stack: str = "staging") -> dict[str, str]:
        text = self.github.file(path_of(stack), f"nightowl/promote-{stack}") or ""
        return {app: image_of(text, app) for app in BUILD}


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout whose environments have run one image each, to be copied."""
    with FakeGithub() as github:
        checkout = Checkout.make(tmp_path_factory.mktemp("begun"), {"README.md": "Example\n"})
        begin(Team(checkout, github))
    return checkout.folder


@pytest.fixture
def team(tmp_path: Path, begun: Path) -> Iterator[Team]:
    shutil.copytree(begun, tmp_path / "checkout")
    with FakeGithub() as github:
        for stack in ("dev", "staging", "prod"):
            github.push("main", {path_of(stack): (begun / path_of(stack)).read_text()})
        yield Team(Checkout(tmp_path / "checkout"), github)


def begin(team: Team) -> None:
    team.merge({f"{folder}/Dockerfile": "FROM scratch\n" for folder in BUILD.values()})
    for stack in ("dev", "staging", "prod"):
        team.runs(stack, web=image(stack, "web", "1"))


def test_staging_gets_the_digests_of_dev_in_its_own_registry(team: Team) -> None:
    team.runs("dev", web=image("dev", "web", "2"), api=image("dev", "api", "3"))
    team.promote()

    (pull,) = team.github.open_pulls()
    assert (pull.title, pull.head) == ("Promote dev to staging", "nightowl/promote-staging")
    assert team.proposed() == {"web": image("staging", "web", "2"), "api": image("staging", "api", "3")}
    assert team.said[-1] == f"https://github.com/example/nightowl/pull/{pull.number}"


def test_nothing_else_in_the_file_changes(team: Team) -> None:
    team.runs("dev", web=image("dev", "web", "2"))
    before = team.github.file(path_of("staging")) or ""
    team.promote()

    after = team.github.file(path_of("staging"), "nightowl/promote-staging")
    assert after == before.replace(image("staging", "web", "1"), image("staging", "web", "2"))


def test_prod_gets_what_staging_runs_and_not_what_dev_runs(team: Team) -> None:
    team.runs("dev", web=image("dev", "web", "3"))
    team.runs("staging", web=image("staging", "web", "2"))
    team.promote("prod")

    assert team.proposed("prod")["web"] == image("prod", "web", "2")


def test_the_proposal_tells_the_commits_that_built_the_images(team: Team) -> None:
    trees: dict[str, str] = {}
    commits: dict[str, str] = {}
    for name in ("old", "new"):
        commits[name] = team.merge({"apps/web/main.py": name})
        trees[name] = team.checkout.git("rev-parse", "HEAD:apps/web")
        team.merge({"docs/note.md": name})
    team.runs("staging", web=image("staging", "web", "1", trees["old"]))
    team.runs("dev", web=image("dev", "web", "2", trees["new"]))
    team.promote()

    repository = "https://github.com/example/nightowl"
    row = next(line for line in (team.github.open_pulls()[0].body or "").splitlines() if line.startswith("| `web` |"))
    assert row == (
        f"| `web` | `sha256:{'1' * 12}` | `sha256:{'2' * 12}` | "
        f"[`{commits['new'][:12]}`]({repository}/commit/{commits['new']}) | "
        f"[compare]({repository}/compare/{commits['old']}...{commits['new']}) |"
    )


def test_an_image_whose_commit_is_gone_is_promoted_all_the_same(team: Team) -> None:
    team.runs("dev", web=image("dev", "web", "2"))
    team.promote()

    assert "| unknown |  |" in (team.github.open_pulls()[0].body or "")


def test_the_proposal_tells_that_its_checks_wait(team: Team) -> None:
    team.runs("dev", web=image("dev", "web", "2"))
    team.promote()

    assert "Approve workflows to run" in (team.github.open_pulls()[0].body or "")


def test_where_both_run_the_same_there_is_nothing_to_promote(team: Team) -> None:
    team.promote()

    assert team.said[-1] == "staging has these images already: there is nothing to promote"
    assert team.github.writes() == []


def test_an_app_that_dev_has_not_built_yet_is_left_out(team: Team) -> None:
    team.runs("dev", web=PUBLIC, api=image("dev", "api", "2"))
    team.promote()

    assert team.proposed() == {"web": image("staging", "web", "1"), "api": image("staging", "api", "2")}
    assert any("web: dev runs no image of its own registry yet" in line for line in team.said)


def test_an_image_of_a_pull_request_is_never_promoted(team: Team) -> None:
    team.runs("dev", web=image("dev", "web", "2", pull_request=True))
    team.promote()

    assert team.github.writes() == []


def test_one_app_can_go_alone(team: Team) -> None:
    team.runs("dev", web=image("dev", "web", "2"), api=image("dev", "api", "3"))
    team.promote(app="api")

    assert team.proposed() == {"web": image("staging", "web", "1"), "api": image("staging", "api", "3")}
    assert team.github.open_pulls()[0].title == "Promote api to staging"


def test_a_later_promotion_takes_the_place_of_the_open_one(team: Team) -> None:
    for letter in "23":
        team.runs("dev", web=image("dev", "web", letter))
        team.promote()

    assert len(team.github.open_pulls()) == 1
    assert team.proposed()["web"] == image("staging", "web", "3")


def test_what_was_merged_after_the_checkout_is_kept_and_counts(team: Team) -> None:
    """The job's checkout may be older than main: the files are read from main."""
    text = text_of("dev", {"web": image("dev", "web", "2"), "api": image("dev", "api", "0")})
    changed = (team.github.file(path_of("staging")) or "").replace("max: 6", "max: 60")
    team.github.push("main", {path_of("dev"): text, path_of("staging"): changed})
    team.promote()

    assert team.proposed()["web"] == image("staging", "web", "2")
    assert "max: 60" in (team.github.file(path_of("staging"), "nightowl/promote-staging") or "")


# What a run deployed


def test_only_what_staging_had_at_the_commit_of_the_run_is_proposed_for_prod(team: Team) -> None:
    team.runs("staging", web=image("staging", "web", "2"))
    deployed = team.checkout.git("rev-parse", "HEAD")
    team.runs("staging", web=image("staging", "web", "3"))
    team.github.push("main", {path_of("prod"): (team.github.file(path_of("prod")) or "").replace("max: 6", "max: 60")})
    team.promote("prod", source_commit=deployed)

    assert team.proposed("prod")["web"] == image("prod", "web", "2")
    assert "max: 60" in (team.github.file(path_of("prod"), "nightowl/promote-prod") or "")


def test_a_commit_without_the_file_is_refused(team: Team) -> None:
    for commit in (team.checkout.git("rev-list", "--max-parents=0", "HEAD"), "0" * 40):
        with pytest.raises(UsageError, match=f"no commit {commit} with a file stacks/Pulumi.dev.yaml"):
            team.promote(source_commit=commit)
    assert team.github.writes() == []


# One that ran before


def test_a_digest_that_dev_ran_earlier_can_be_chosen(team: Team) -> None:
    for letter in "234":
        team.runs("dev", web=image("dev", "web", letter))
    team.promote(app="web", digest=digest("2"))

    assert team.proposed()["web"] == image("staging", "web", "2")


def test_a_digest_that_staging_ran_earlier_can_be_chosen(team: Team) -> None:
    for letter in "567":
        team.runs("staging", web=image("staging", "web", letter))
    team.promote(app="web", digest=digest("5"))

    assert team.proposed()["web"] == image("staging", "web", "5")


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ({"app": "web", "digest": digest("9")}, "neither dev nor staging was ever recorded to run web"),
        ({"app": "api", "digest": digest("1")}, "neither dev nor staging was ever recorded to run api"),
        ({"app": "web", "digest": "sha256:123"}, "is not a digest"),
        ({"app": "web", "digest": "1" * 64}, "is not a digest"),
        ({"digest": digest("1")}, r"say with --app which app it is an image of: web, api"),
        ({"app": "nobody"}, r"staging keeps no images of 'nobody'; it does of web, api"),
        ({"app": "web", "digest": digest("1"), "rollback": True}, "--rollback and --digest choose differently"),
        ({"source_commit": "1" * 40, "rollback": True}, "--source-commit and --rollback choose differently"),
        ({"source_commit": "1" * 40, "app": "web", "digest": digest("1")}, "--source-commit and --digest choose diff"),
        ({"source_commit": "--output=x"}, "is not a commit"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(team: Team, choice: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        team.promote(**choice)
    assert team.github.writes() == []


def test_a_digest_of_another_registry_is_refused_though_the_file_had_it(team: Team) -> None:
    team.runs("dev", web=PUBLIC)

    with pytest.raises(UsageError, match="neither dev nor staging was ever recorded"):
        team.promote(app="web", digest=digest("e"))


# Back


def test_a_rollback_proposes_the_image_before(team: Team) -> None:
    for letter in "23":
        team.runs("staging", web=image("staging", "web", letter))
    team.promote(rollback=True)

    assert team.proposed()["web"] == image("staging", "web", "2")
    assert team.github.open_pulls()[0].title == "Roll back staging"


def test_changes_beside_the_image_do_not_count_as_deployments_of_it(team: Team) -> None:
    team.runs("staging", web=image("staging", "web", "2"))
    for most in ("7", "8"):
        team.merge({path_of("staging"): (team.github.file(path_of("staging")) or "").replace("max: 6", f"max: {most}")})
    team.promote(rollback=True)

    assert team.proposed()["web"] == image("staging", "web", "1")
    assert "max: 7" in (team.github.file(path_of("staging"), "nightowl/promote-staging") or "")


def test_a_rollback_takes_back_the_last_promotion_and_not_an_older_one(team: Team) -> None:
    team.runs("staging", web=image("staging", "web", "1"), api=image("staging", "api", "2"))
    team.runs("staging", web=image("staging", "web", "3"), api=image("staging", "api", "2"))
    team.promote(rollback=True)

    assert team.proposed() == {"web": image("staging", "web", "1"), "api": image("staging", "api", "2")}


def test_a_rollback_takes_back_all_apps_of_one_promotion(team: Team) -> None:
    team.runs("staging", web=image("staging", "web", "3"), api=image("staging", "api", "2"))
    team.promote(rollback=True)

    assert team.proposed() == {"web": image("staging", "web", "1"), "api": image("staging", "api", "0")}


def test_one_app_can_go_back_alone_however_long_ago_it_changed(team: Team) -> None:
    team.runs("staging", web=image("staging", "web", "1"), api=image("staging", "api", "2"))
    team.runs("staging", web=image("staging", "web", "3"), api=image("staging", "api", "2"))
    team.promote(rollback=True, app="api")

    assert team.proposed() == {"web": image("staging", "web", "3"), "api": image("staging", "api", "0")}
    assert team.github.open_pulls()[0].title == "Roll back api in staging"


def test_a_rollback_does_not_go_to_the_image_of_another_stack_before_it(team: Team) -> None:
    team.runs("dev", web=image("dev", "web", "7"))
    team.runs("staging", web=image("staging", "web", "2"))
    team.promote(rollback=True)

    assert team.proposed()["web"] == image("staging", "web", "1")


@pytest.mark.parametrize("earlier", [PUBLIC, "nginx:1.29", "library/nginx:1.29"])
def test_a_rollback_goes_to_an_image_of_another_registry_too(team: Team, earlier: str) -> None:
    team.runs("staging", web=earlier)
    team.runs("staging", web=image("staging", "web", "2"))
    team.promote(rollback=True)

    assert team.proposed()["web"] == earlier


def test_without_an_earlier_image_nothing_is_proposed(team: Team) -> None:
    team.promote(rollback=True)

    assert team.said[0] == "the history of stacks/Pulumi.staging.yaml has no earlier image of web, api"
    assert team.github.writes() == []


def test_a_version_of_the_file_that_is_no_yaml_is_passed_over(team: Team) -> None:
    good = team.github.file(path_of("staging")) or ""
    team.merge({path_of("staging"): "config: [\n"})
    team.merge({path_of("staging"): good.replace(image("staging", "web", "1"), image("staging", "web", "2"))})
    team.promote(rollback=True)

    assert team.proposed()["web"] == image("staging", "web", "1")


def test_a_shallow_clone_is_told_what_to_fetch(team: Team, tmp_path: Path) -> None:
    team.checkout.git("clone", "--quiet", "--depth", "1", f"file://{team.checkout.folder}", str(tmp_path / "shallow"))
    team.checkout = Checkout(tmp_path / "shallow")

    with pytest.raises(UsageError, match="fetch-depth: 0"):
        team.promote(rollback=True)


# Where there is nothing to promote from


def test_the_stack_that_builds_gets_nothing_promoted(team: Team) -> None:
    with pytest.raises(UsageError, match=r"dev builds its images and promotes none.*revert the change"):
        team.promote("dev")


def test_a_stack_that_keeps_no_images_has_nothing_to_promote(team: Team) -> None:
    images = dict.fromkeys(BUILD, PUBLIC)
    team.merge({path_of("prod"): stack_text("prod", images)})
    for commit in (None, "1" * 40):
        team.promote("prod", source_commit=commit)
        assert team.said == ["prod keeps no images, so there is nothing to promote"]
    with pytest.raises(UsageError, match=r"prod keeps no images; name .* as nightowl:apps\.APP\.build"):
        team.promote("prod", rollback=True)


def test_stacks_that_promote_in_a_circle_are_refused(team: Team) -> None:
    images = {app: image("dev", app, "1") for app in BUILD}
    team.merge({path_of("dev"): stack_text("dev", images, promotes_from="prod")})

    with pytest.raises(UsageError, match=r"^\S+\.yaml:\d+: nightowl:delivery\.promotesFrom: goes in a circle"):
        team.promote("prod")


def test_a_dry_run_reads_the_checkout_and_proposes_nothing(team: Team, nothing_reaches_out: None) -> None:
    team.runs("dev", web=image("dev", "web", "2"))
    team.promote(dry_run=True)

    assert team.said[0] == f"web: sha256:{'1' * 12} -> sha256:{'2' * 12}"
    assert team.said[-1].startswith("would propose this for stacks/Pulumi.staging.yaml, from nightowl/promote-staging")
    assert team.github.requests == []


def test_a_promotion_leaves_the_file_that_several_stacks_extend(team: Team) -> None:
    """The base says what dev builds; each stack runs an image of its own, and staging has no line of it yet."""
    base = {
        "nightowl:apps": {app: {"image": PUBLIC, "build": folder, "port": 9898} for app, folder in BUILD.items()},
    }
    images = {app: image("dev", app, "7") for app in BUILD}
    files = {"stacks/base.yaml": yaml.safe_dump({"config": base})}
    for stack in ("dev", "staging"):
        config = yaml.safe_load(text_of(stack, images))["config"]
        config["nightowl:apps"] = {} if stack == "staging" else {app: {"image": one} for app, one in images.items()}
        files[path_of(stack)] = yaml.safe_dump({"config": {"nightowl:extends": "base", **config}}, sort_keys=False)
    team.merge(files)

    team.promote()

    assert team.proposed() == {app: image("staging", app, "7") for app in BUILD}
    assert team.github.file("stacks/base.yaml", "nightowl/promote-staging") == files["stacks/base.yaml"]
    assert team.github.file(path_of("dev"), "nightowl/promote-staging") == files[path_of("dev")]
