"""Comments, issues and pull requests on GitHub."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from infra.ci.actions_run import ActionsRun
from infra.ci.github import APPROVAL_NOTE, LONGEST_BODY, connect
from infra.ci.github import GithubRepository as Hub
from infra.errors import UsageError
from infra.github.client import GithubError
from tests.ci.fake_github import BOT, FakeGithub

MARKER = "nightowl:preview:dev"
STACK_FILE = "stacks/Pulumi.dev.yaml"
WRONG = "of-another-run"


@pytest.fixture
def github() -> Iterator[FakeGithub]:
    with FakeGithub() as server:
        server.add_pull(7)
        server.push("main", {STACK_FILE: "image: old\n"})
        yield server


@pytest.fixture
def hub(github: FakeGithub) -> Hub:
    return connect(github.run())


# Comments


def test_the_first_call_comments_and_the_second_edits_in_place(github: FakeGithub, hub: Hub) -> None:
    first = hub.upsert_comment(7, MARKER, "3 changes")
    second = hub.upsert_comment(7, MARKER, "4 changes")

    (comment,) = github.comments_on(7)
    assert comment.body == f"<!-- {MARKER} -->\n4 changes"
    assert first == second == f"https://github.com/example/nightowl/issues/7#issuecomment-{comment.id}"


def test_an_unchanged_comment_is_left_alone(github: FakeGithub, hub: Hub) -> None:
    hub.upsert_comment(7, MARKER, "3 changes")
    before = github.writes()
    hub.upsert_comment(7, MARKER, "3 changes")

    assert github.writes() == before


def test_a_comment_beyond_the_first_page_is_found(github: FakeGithub, hub: Hub) -> None:
    github.page_size = 10
    for number in range(35):
        github.add_comment(7, f"me too {number}")
    github.add_comment(7, f"<!-- {MARKER} -->\nold", user=BOT)

    hub.upsert_comment(7, MARKER, "new")

    assert len(github.comments_on(7)) == 36
    assert github.comments_on(7)[-1].body.endswith("new")


def test_each_marker_and_each_pull_request_has_its_own_comment(github: FakeGithub, hub: Hub) -> None:
    github.add_pull(8)
    for number, marker in ((7, MARKER), (7, f"{MARKER}-2"), (8, MARKER)):
        hub.upsert_comment(number, marker, "text")

    assert (len(github.comments_on(7)), len(github.comments_on(8))) == (2, 1)


def test_a_stranger_who_writes_the_marker_is_not_edited(github: FakeGithub, hub: Hub) -> None:
    stranger = github.add_comment(7, f"<!-- {MARKER} -->\nmine", user="mallory", association="CONTRIBUTOR")
    hub.upsert_comment(7, MARKER, "text")

    assert stranger.body.endswith("mine")
    assert len(github.comments_on(7)) == 2


def test_a_comment_that_quotes_the_marker_is_not_edited(github: FakeGithub, hub: Hub) -> None:
    quote = github.add_comment(7, f"> <!-- {MARKER} -->\nwhat does this mean?", association="OWNER")
    hub.upsert_comment(7, MARKER, "text")

    assert quote.body.startswith(">")


def test_two_comments_of_two_runs_at_once_become_one(github: FakeGithub, hub: Hub) -> None:
    for text in ("first", "second"):
        github.add_comment(7, f"<!-- {MARKER} -->\n{text}", user=BOT)
    hub.upsert_comment(7, MARKER, "third")

    assert [comment.body.splitlines()[1] for comment in github.comments_on(7)] == ["third"]


def test_a_comment_longer_than_github_takes_is_cut(github: FakeGithub, hub: Hub) -> None:
    hub.upsert_comment(7, MARKER, "x" * 70_000)

    (comment,) = github.comments_on(7)
    assert len(comment.body) == LONGEST_BODY
    assert comment.body.endswith("_The rest was cut: GitHub takes 65,536 characters._")


# Issues


def test_drift_opens_one_issue_edits_it_and_closes_it(github: FakeGithub, hub: Hub) -> None:
    first = hub.upsert_issue("nightowl:drift:dev", "dev drifted", "1 change", "drift")
    second = hub.upsert_issue("nightowl:drift:dev", "dev drifted", "2 changes", "drift")

    (issue,) = github.open_issues()
    assert first == second == f"https://github.com/example/nightowl/issues/{issue.number}"
    assert (issue.labels, issue.body) == (["drift"], "<!-- nightowl:drift:dev -->\n2 changes")

    assert hub.close_issue("nightowl:drift:dev", "No drift any more.", "drift")
    assert github.open_issues() == []
    assert [comment.body for comment in github.comments_on(issue.number)] == ["No drift any more."]


def test_closing_an_issue_that_is_not_open_does_nothing(github: FakeGithub, hub: Hub) -> None:
    hub.upsert_issue("nightowl:drift:prod", "prod drifted", "1 change", "drift")
    before = github.writes()

    assert not hub.close_issue("nightowl:drift:dev", "No drift.", "drift")
    assert github.writes() == before


def test_an_issue_without_the_label_is_somebody_elses(github: FakeGithub, hub: Hub) -> None:
    other = github.add_issue("dev drifted", "<!-- nightowl:drift:dev -->\nmine")
    hub.upsert_issue("nightowl:drift:dev", "dev drifted", "1 change", "drift")

    assert (other.body or "").endswith("mine")
    assert len(github.open_issues()) == 2


def test_two_issues_of_two_runs_at_once_become_one(github: FakeGithub, hub: Hub) -> None:
    first = github.add_issue("drift", "<!-- nightowl:drift:dev -->\na", ("drift",), user=BOT)
    github.add_issue("drift", "<!-- nightowl:drift:dev -->\nb", ("drift",), user=BOT)
    hub.upsert_issue("nightowl:drift:dev", "drift", "c", "drift")

    assert github.open_issues() == [first]


# Pull requests


def propose(hub: Hub, text: str = "image: new\n", **more: Any) -> str:
    return hub.propose("nightowl/record-dev", {STACK_FILE: text}, "Record dev", "web is new", **more)


def test_a_proposal_is_one_signed_commit_on_main_and_one_pull_request(github: FakeGithub, hub: Hub) -> None:
    url = propose(hub)

    (pull,) = [pull for pull in github.open_pulls() if pull.user == BOT]
    assert url == f"https://github.com/example/nightowl/pull/{pull.number}"
    assert (pull.title, pull.head, pull.base) == ("Record dev", "nightowl/record-dev", "main")
    commit = github.commits[github.branches["nightowl/record-dev"]]
    assert (commit.message, commit.parents, commit.signed) == ("Record dev", (github.branches["main"],), True)
    assert dict(commit.files) == {"README.md": "# Example\n", STACK_FILE: "image: new\n"}


def test_a_proposal_tells_how_its_checks_are_started(github: FakeGithub, hub: Hub) -> None:
    propose(hub)

    assert APPROVAL_NOTE in (github.open_pulls()[-1].body or "")
    assert "Approve workflows to run" in APPROVAL_NOTE


def test_a_later_proposal_replaces_the_commit_and_edits_the_pull_request(github: FakeGithub, hub: Hub) -> None:
    first = propose(hub)
    github.push("main", {"README.md": "# Changed\n"})

    assert propose(hub, "image: newer\n") == first
    commit = github.commits[github.branches["nightowl/record-dev"]]
    assert commit.parents == (github.branches["main"],)
    assert commit.files[STACK_FILE] == "image: newer\n"
    assert len(github.open_pulls()) == 2  # of them one of a person


def test_the_same_proposal_again_writes_nothing(github: FakeGithub, hub: Hub) -> None:
    propose(hub)
    before = github.branches["nightowl/record-dev"]
    writes = len(github.writes())
    propose(hub)

    assert github.branches["nightowl/record-dev"] == before
    assert github.writes()[writes:] == [("POST", "/git/trees")]  # the look at what the commit would hold


def test_the_pull_request_is_never_closed_on_the_way(github: FakeGithub, hub: Hub) -> None:
    propose(hub)
    github.push("main", {"README.md": "# Changed\n"})
    propose(hub, "image: newer\n")

    assert github.open_pulls()[-1].title == "Record dev"


def test_files_that_main_has_already_are_not_proposed(github: FakeGithub, hub: Hub) -> None:
    assert propose(hub, "image: old\n") == ""
    assert github.writes() == []


def test_a_proposal_from_an_earlier_commit_does_not_undo_a_later_one(github: FakeGithub, hub: Hub) -> None:
    start = github.branches["main"]
    github.push("main", {STACK_FILE: "image: old\nmore: 1\n"})
    propose(hub, start=start)

    assert github.commits[github.branches["nightowl/record-dev"]].parents == (start,)


def test_a_branch_that_another_run_makes_meanwhile_is_taken_over(github: FakeGithub, hub: Hub) -> None:
    def other_run(method: str, path: str) -> None:
        if (method, path) == ("POST", "/git/refs"):
            github.branches.setdefault("nightowl/record-dev", github.push("elsewhere", {"other": "1"}))

    github.before = other_run
    propose(hub)

    assert github.file(STACK_FILE, "nightowl/record-dev") == "image: new\n"


def test_a_pull_request_that_another_run_opens_meanwhile_is_edited(github: FakeGithub, hub: Hub) -> None:
    def other_run(method: str, path: str) -> None:
        if (method, path) == ("POST", "/pulls") and 99 not in github.issues:
            github.add_pull(99, head="nightowl/record-dev")

    github.before = other_run

    assert propose(hub).endswith("/pull/99")
    assert github.issues[99].title == "Record dev"


def test_a_proposal_is_withdrawn_with_a_comment(github: FakeGithub, hub: Hub) -> None:
    number = int(propose(hub).rpartition("/")[2])

    assert hub.withdraw("nightowl/record-dev", "main has it already.")
    assert github.issues[number].state == "closed"
    assert [comment.body for comment in github.comments_on(number)] == ["main has it already."]
    assert not hub.withdraw("nightowl/record-dev", "again")


def test_the_setting_that_forbids_pull_requests_is_named(github: FakeGithub, hub: Hub) -> None:
    github.actions_may_propose = False

    with pytest.raises(GithubError, match=r"403.*'Allow GitHub Actions to create and approve pull requests'"):
        propose(hub)


def test_a_pull_request_tells_what_the_caller_decides_by(github: FakeGithub, hub: Hub) -> None:
    updated = datetime(2026, 11, 19, 8, 30, tzinfo=UTC)
    github.add_pull(8, labels=("ephemeral", "bug"), head_repository="mallory/nightowl", updated=updated)

    state = hub.pull_request(8)

    assert (state.open, state.labels, state.updated) == (True, ("ephemeral", "bug"), updated)
    assert state.head_repository == "mallory/nightowl"


def test_a_pull_request_whose_fork_is_gone_has_no_head_repository(github: FakeGithub, hub: Hub) -> None:
    github.add_pull(8, state="closed", head_repository=None)

    assert (hub.pull_request(8).open, hub.pull_request(8).head_repository) == (False, "")


def test_a_file_is_read_at_a_commit(github: FakeGithub, hub: Hub) -> None:
    before = hub.head("main")
    github.push("main", {STACK_FILE: "image: newer\n"})

    assert hub.file(STACK_FILE, before) == "image: old\n"
    assert hub.file(STACK_FILE, "main") == "image: newer\n"
    assert hub.file("stacks/Pulumi.none.yaml", "main") is None


# Failures


@pytest.mark.parametrize(
    ("status", "answer", "told"),
    [
        (401, {"message": "Bad credentials"}, r"GITHUB_TOKEN"),
        (403, {"message": "Resource not accessible by integration"}, r"`permissions: pull-requests: write`"),
        (404, {"message": "Not Found"}, r"may not see it.*`permissions: pull-requests: write`"),
        (
            422,
            {"message": "Validation Failed", "errors": [{"resource": "IssueComment", "field": "body", "code": "bad"}]},
            r"Validation Failed: body bad",
        ),
        (410, {"message": "This issue was deleted"}, r"This issue was deleted"),
        (500, "<html>Unicorn!</html>", r"Unicorn.*look at its status page"),
        (503, {"message": "Service unavailable"}, r"look at its status page"),
    ],
)
def test_a_refusal_names_its_status_what_was_asked_and_the_remedy(
    github: FakeGithub, hub: Hub, status: int, answer: object, told: str
) -> None:
    github.fail("POST", "/issues/7/comments", status, answer)

    with pytest.raises(
        GithubError, match=rf"comment on #7 in example/nightowl: GitHub .*\({status}: .*{told}"
    ) as failure:
        hub.upsert_comment(7, MARKER, "text")
    assert failure.value.status == status
    assert "\n" not in str(failure.value)


def test_a_fault_that_passes_is_waited_for(github: FakeGithub, hub: Hub) -> None:
    github.fail("POST", "/issues/7/comments", 502, times=2)
    github.fail("GET", "/issues/7/comments", 500, times=1)
    hub.upsert_comment(7, MARKER, "text")

    assert len(github.comments_on(7)) == 1


def test_an_edit_is_tried_again_too(github: FakeGithub, hub: Hub) -> None:
    hub.upsert_comment(7, MARKER, "text")
    github.fail("PATCH", "/issues/comments", 502, times=1)
    hub.upsert_comment(7, MARKER, "more")

    assert github.comments_on(7)[0].body.endswith("more")


def test_a_secondary_limit_is_waited_for_as_long_as_github_says(github: FakeGithub, hub: Hub) -> None:
    answer = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
    github.fail("POST", "/issues/7/comments", 403, answer, {"Retry-After": "0"}, times=1)
    hub.upsert_comment(7, MARKER, "text")

    assert len(github.comments_on(7)) == 1


def test_a_limit_that_lasts_is_told_with_its_end(github: FakeGithub, hub: Hub) -> None:
    end = datetime.now(UTC) + timedelta(minutes=40)
    answer = {"message": "API rate limit exceeded for installation ID 4711."}
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(end.timestamp()))}
    github.fail("GET", "/issues/7/comments", 403, answer, headers)

    with pytest.raises(GithubError, match=rf"rate limit exceeded.*run this again after {end:%H:%M} UTC"):
        hub.upsert_comment(7, MARKER, "text")


def test_a_wrong_token_is_told(github: FakeGithub) -> None:
    hub = connect(github.run(token=WRONG))

    with pytest.raises(GithubError, match=r"401: Bad credentials.*the token is wrong or has expired") as failure:
        hub.head("main")
    assert WRONG not in str(failure.value)


def test_another_repository_is_not_found(github: FakeGithub) -> None:
    hub = connect(github.run(repository="example/other"))

    with pytest.raises(GithubError, match=r"branch main in example/other: GitHub refuses it \(404: Not Found\)"):
        hub.head("main")


def test_no_network_is_one_sentence() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    hub = connect(ActionsRun(repository="example/nightowl", token=WRONG, api_url=url))

    with pytest.raises(GithubError, match="read the branch main in example/nightowl: GitHub does not answer"):
        hub.head("main")


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"repository": "example/nightowl"}, "GITHUB_TOKEN is not set"),
        ({"token": "x"}, "GITHUB_REPOSITORY is not set"),
        ({"token": "x", "repository": "nightowl"}, "'nightowl' is not a repository; write OWNER/NAME"),
    ],
)
def test_what_the_environment_lacks_is_named(given: dict[str, Any], missing: str) -> None:
    with pytest.raises(UsageError, match=missing):
        connect(ActionsRun(**given))


def test_no_message_has_the_token(github: FakeGithub) -> None:
    assert github.token not in repr(github.run())


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem_of(key: rsa.RSAPrivateKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def test_an_app_opens_pull_requests_whose_checks_nobody_has_to_start(
    github: FakeGithub, tmp_path: Path, key: rsa.RSAPrivateKey
) -> None:
    github.app, github.app_key = "Iv23lion", key.public_key()
    run = replace(github.run(tmp_path), token="", app="Iv23lion", app_key=pem_of(key))
    hub = connect(run)
    hub.propose("nightowl/record-dev", {"stacks/Pulumi.dev.yaml": "a: 1\n"}, "Record", "What runs.")
    assert github.app_permissions == {"contents": "write", "pull_requests": "write"}, "no more than a proposal needs"
    assert github.open_pulls()[-1].body == "What runs.\n"


def test_an_app_that_is_not_installed_or_has_another_key_is_told_with_the_remedy(
    github: FakeGithub, tmp_path: Path, key: rsa.RSAPrivateKey
) -> None:
    github.app, github.app_key = "Iv23lion", key.public_key()
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for app, private in (("Iv23lion", other), ("another", key)):
        with pytest.raises(GithubError, match=f"refused to let the App {app} into example/nightowl .* install it on"):
            connect(replace(github.run(tmp_path), app=app, app_key=pem_of(private)))
    with pytest.raises(UsageError, match="NIGHTOWL_APP_KEY is no private key in PEM"):
        connect(replace(github.run(tmp_path), app="Iv23lion", app_key="not a key"))
    with pytest.raises(UsageError, match="gh secret set NIGHTOWL_APP_KEY --env proposals"):
        connect(replace(github.run(tmp_path), app="Iv23lion"))


def test_the_key_of_an_app_is_in_no_text_of_a_run() -> None:
    assert "key-of-the-app" not in repr(ActionsRun(app="Iv23lion", app_key="key-of-the-app"))
