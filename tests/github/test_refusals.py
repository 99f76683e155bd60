from __future__ import annotations

import socket
from typing import Any

import pytest
import requests
from typer.testing import CliRunner

from infra import cli
from tests.github.conftest import Command, set_origin
from tests.github.fake_settings import CREDENTIAL, FakeSettings
from tests.github.test_fresh import REVIEWED

LOGIN = 'export GITHUB_TOKEN="$(gh auth token)"'
UPGRADE = {"message": "Upgrade to GitHub Pro or make this repository public to enable this feature.", "status": "403"}


def test_without_a_token_it_says_how_to_get_one(nightowl: Command) -> None:
    assert nightowl.refusal(environ={}) == f"neither GITHUB_TOKEN nor GH_TOKEN is set; {LOGIN}"


def test_the_token_of_the_github_command_line_does_too(nightowl: Command, github: FakeSettings) -> None:
    environ = {"GH_TOKEN": CREDENTIAL, "GITHUB_API_URL": github.url}
    assert nightowl(*REVIEWED, environ=environ).exit_code == 0


def test_a_token_that_is_refused_is_told_with_the_remedy(nightowl: Command, github: FakeSettings) -> None:
    environ = {"GITHUB_TOKEN": "another", "GITHUB_API_URL": github.url}
    told = nightowl.refusal(environ=environ)
    assert (
        told == f"cannot read the repository example/nightowl: GitHub refuses the token (401: Bad credentials); {LOGIN}"
    )


def test_prod_without_reviewers_is_refused_before_anything_is_changed(nightowl: Command, github: FakeSettings) -> None:
    for arguments in ((), ("--dry-run",)):
        told = nightowl.refusal(*arguments)
        assert told.startswith("prod would be deployed without anybody's approval; say who approves: --reviewer LOGIN")
        assert "--stack dev --stack staging" in told
    assert github.changes == []
    assert nightowl("--stack", "dev", "--stack", "staging").exit_code == 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nightowl", "--repository: 'nightowl' is no repository; write OWNER/NAME, such as example/nightowl"),
        ("https://github.com/example/nightowl", "is no repository; write OWNER/NAME"),
        ("example/nightowl/x", "is no repository; write OWNER/NAME"),
        ("example/another", "there is no repository example/another, or the token cannot see it; check the name, or:"),
    ],
)
def test_a_wrong_repository_name_is_told(nightowl: Command, name: str, message: str) -> None:
    assert message in nightowl.refusal("--repository", name)


def test_an_administrator_is_needed(nightowl: Command, github: FakeSettings) -> None:
    github.admin = False
    assert nightowl.refusal(*REVIEWED) == (
        "the token's user is no administrator of example/nightowl; ask one to run this, or to give you the role Admin"
    )


def test_another_default_branch_and_an_archived_repository_are_refused(nightowl: Command, github: FakeSettings) -> None:
    github.default_branch = "master"
    assert "default branch of example/nightowl is master" in nightowl.refusal(*REVIEWED)
    github.archived = True
    assert "is archived" in nightowl.refusal(*REVIEWED)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("git@github.com:example/nightowl.git", "example/nightowl"),
        ("https://github.com/example/nightowl", "example/nightowl"),
        ("https://github.com/Example/Nightowl.git", "example/nightowl"),
        ("ssh://git@github.com:22/example/nightowl.git", "example/nightowl"),
        ("https://user@github.com/example/nightowl/", "example/nightowl"),
    ],
)
def test_the_repository_is_that_of_the_remote_origin(nightowl: Command, address: str, name: str) -> None:
    set_origin(nightowl.project, address)
    document = nightowl.document(*REVIEWED)
    assert document["repository"] == name, "as GitHub writes it"
    assert document["repositoryId"] == "123456789"


def test_a_checkout_without_a_remote_on_a_host_asks_for_the_name(nightowl: Command) -> None:
    set_origin(nightowl.project, "/srv/git/nightowl")
    assert "is no repository on GitHub; name it: --repository OWNER/NAME" in nightowl.refusal()


def test_an_unknown_reviewer_is_told(nightowl: Command, github: FakeSettings) -> None:
    assert "GitHub has no user 'nobody'" in nightowl.refusal("--reviewer", "nobody")
    assert "GitHub has no team 'example/nobody'" in nightowl.refusal("--reviewer", "example/nobody")
    assert github.changes == []


def test_more_reviewers_than_an_environment_takes_are_refused(nightowl: Command) -> None:
    seven = [text for number in range(7) for text in ("--reviewer", f"user{number}")]
    assert "7 are more than the 6" in nightowl.refusal(*seven)


def test_a_reviewer_whom_github_silently_leaves_out_is_told(nightowl: Command, github: FakeSettings) -> None:
    github.without_access = {2}
    told = nightowl.refusal(*REVIEWED)
    assert told.startswith("GitHub did not take bob as a reviewer of the environment staging; give them read access")


def test_a_plan_without_reviewers_is_told_and_dev_can_go_on(nightowl: Command, github: FakeSettings) -> None:
    github.plan_has_reviewers = False
    told = nightowl.refusal(*REVIEWED)
    assert told.startswith("cannot set the environment staging: GitHub's plan does not have this for a private")
    assert "make the repository public" in told
    assert nightowl("--stack", "dev").exit_code == 0


REFUSALS: list[tuple[str, str, int, dict[str, Any], dict[str, str], str]] = [
    ("GET", "/rules/branches/main", 403, UPGRADE, {}, "GitHub's plan does not have this for a private repository (403"),
    (
        "PUT",
        "/environments/dev",
        403,
        {"message": "Resource not accessible by personal access token"},
        {"X-Accepted-GitHub-Permissions": "administration=write"},
        "cannot set the environment dev: GitHub refuses it (403: Resource not accessible by personal access token); "
        "the token needs the permission administration=write",
    ),
    (
        "POST",
        "/labels",
        403,
        {"message": "Must have admin rights to Repository."},
        {},
        "cannot make the label ephemeral: GitHub refuses it (403: Must have admin rights to Repository); the token "
        "needs the scope repo, or the permission Administration: write",
    ),
    (
        "PUT",
        "/actions/permissions/workflow",
        409,
        {"message": "Organization does not allow it"},
        {},
        "the organization decides it: ask its owner to allow it",
    ),
    (
        "POST",
        "/rulesets",
        422,
        {"message": "Validation Failed", "errors": [{"resource": "Ruleset", "field": "rules", "code": "invalid"}]},
        {},
        "cannot make the rules of main: GitHub refuses it (422: Validation Failed: rules invalid)",
    ),
    ("POST", "/actions/variables", 500, {"message": "Server Error"}, {}, "GitHub has trouble (500: Server Error)"),
    (
        "POST",
        "/labels",
        403,
        {"message": "API rate limit exceeded for user ID 1."},
        {},
        "cannot make the label ephemeral: GitHub's limit of requests is used up",
    ),
]


@pytest.mark.parametrize(("method", "end", "status", "body", "headers", "message"), REFUSALS)
def test_each_refusal_of_github_is_one_sentence(
    nightowl: Command,
    github: FakeSettings,
    method: str,
    end: str,
    status: int,
    body: dict[str, Any],
    headers: dict[str, str],
    message: str,
) -> None:
    github.refusals[method, end] = (status, body, headers)
    result = nightowl(*REVIEWED, "--on")
    assert result.exit_code == 1
    assert message in nightowl.refusal(*REVIEWED, "--on")


def test_no_network_is_told(nightowl: Command) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    told = nightowl.refusal(environ={"GITHUB_TOKEN": "x", "GITHUB_API_URL": address})
    assert told.startswith("cannot read the repository example/nightowl: GitHub does not answer (ConnectionError)")
    assert issubclass(requests.exceptions.RequestException, OSError), "by which it is told"


def test_an_address_that_is_none_is_told(nightowl: Command) -> None:
    told = nightowl.refusal(environ={"GITHUB_TOKEN": "x", "GITHUB_API_URL": "api.github.com"})
    assert told == "GITHUB_API_URL: 'api.github.com' is no address; write one such as https://api.github.com"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--check", "--dry-run"), "--dry-run and --check: choose one; both change nothing"),
        (("--stack", "nowhere"), "there is no stack 'nowhere'"),
        (("--stack", "local"), "--stack: local is not on EKS"),
    ],
)
def test_wrong_options_are_told(
    nightowl: Command, github: FakeSettings, arguments: tuple[str, ...], message: str
) -> None:
    assert message in nightowl.refusal(*arguments)
    assert github.changes == []


UNKNOWN_NAME = "the job test gives its check a name that is known only when it runs"


@pytest.mark.parametrize(
    ("jobs", "message"),
    [
        ("jobs: {}", "has no jobs"),
        ("jobs: { test: { strategy: { matrix: { python: [a], os: [b] } } } }", UNKNOWN_NAME),
        ("jobs: { test: { strategy: { matrix: { include: [{ python: a }] } } } }", UNKNOWN_NAME),
        ("jobs: { test: { strategy: { matrix: '${{ fromJSON(vars.MATRIX) }}' } } }", UNKNOWN_NAME),
        ("jobs: { test: { name: 'on ${{ matrix.os }}' } }", UNKNOWN_NAME),
        ("jobs: { test: { uses: ./.github/workflows/x.yml } }", UNKNOWN_NAME),
    ],
)
def test_a_ci_workflow_whose_checks_have_no_fixed_name_is_refused(
    nightowl: Command, github: FakeSettings, jobs: str, message: str
) -> None:
    (nightowl.project / ".github/workflows/ci.yml").write_text(f"name: ci\n{jobs}\n")
    assert message in nightowl.refusal(*REVIEWED)
    assert github.changes == []


def test_the_command_ends_with_the_code_of_its_failure_and_no_traceback(
    nightowl: Command, github: FakeSettings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    github.admin = False
    monkeypatch.setenv("GITHUB_TOKEN", CREDENTIAL)
    monkeypatch.setenv("GITHUB_API_URL", github.url)
    monkeypatch.setattr("sys.argv", ["nightowl", "github", "--check"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert capfd.readouterr().err.startswith("nightowl: the token's user is no administrator")
    assert CliRunner().invoke(cli.app, ["github", "--help"]).exit_code == 0
