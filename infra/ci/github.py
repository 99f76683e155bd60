"""GitHub, as far as delivery needs it: one comment per subject, one issue per subject, one pull request per branch.

Built on PyGithub. What a stranger wrote is never edited: a comment counts as this tool's own only where a bot or
somebody with write access made it, an issue only where it has the label, which takes as much.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from github import Auth, Github, GithubIntegration
from github.GithubException import GithubException, UnknownObjectException
from github.GitRef import GitRef
from github.InputGitTreeElement import InputGitTreeElement
from github.Issue import Issue
from github.IssueComment import IssueComment
from github.PullRequest import PullRequest
from github.Repository import Repository
from jwt.exceptions import InvalidKeyError

from infra.ci.actions_run import ActionsRun
from infra.errors import UsageError
from infra.github.client import GithubError, client_options, github_errors, message_of
from infra.settings.eks.delivery import MAIN_BRANCH

LONGEST_BODY = 65_536
"""Characters of a comment, an issue or a pull request; GitHub refuses longer ones with status 422."""

APPROVAL_NOTE = (
    "A workflow opened this pull request, so GitHub holds its checks back until a person with write access starts "
    "them: press **Approve workflows to run** below."
)
"""GitHub's documentation, "Triggering a workflow", "Triggering a workflow from a workflow", since 2026."""

APP_PERMISSIONS = {"contents": "write", "pull_requests": "write"}

_TRUSTED = ("OWNER", "MEMBER", "COLLABORATOR")
_BLOB_MODE = "100644"
_CUT = "\n\n_The rest was cut: GitHub takes 65,536 characters._"


@dataclass(frozen=True, kw_only=True)
class PullState:
    """A pull request. `updated` is in UTC; `head_repository` is `owner/name`, empty when the fork is gone."""

    number: int
    open: bool
    labels: tuple[str, ...]
    updated: datetime
    head_repository: str


class GithubRepository:
    """The comments, issues and proposals of one repository. Every method raises GithubError."""

    def __init__(self, repository: Repository, run: ActionsRun) -> None:
        self._repository = repository
        self._full_name = run.repository
        self._is_app = bool(run.app)

    def upsert_comment(self, number: int, marker: str, body: str) -> str:
        """Write the one comment with `marker` on an issue or a pull request, or edit it in place; return its URL.

        The marker is a name such as `nightowl:preview:dev`, kept in the comment out of sight. Where two runs made a
        comment each, the later one goes.
        """
        text = _marked(marker, body)
        with self._errors(f"comment on #{number}", "pull-requests: write"):
            issue = self._repository.get_issue(number)
            comments = [comment for comment in issue.get_comments() if _is_ours(comment, marker)]
            if not comments:
                return issue.create_comment(text).html_url
            comment, *others = comments
            if comment.body != text:
                comment.edit(text)
            for other in others:
                other.delete()
            return comment.html_url

    def upsert_issue(self, marker: str, title: str, body: str, label: str) -> str:
        """Open the one issue with `marker` and `label`, or edit the open one in place; return its URL."""
        text = _marked(marker, body)
        with self._errors("write an issue", "issues: write"):
            found = self._open_issues(marker, label)
            if not found:
                return self._repository.create_issue(title, body=text, labels=[label]).html_url
            issue, *others = found
            if (issue.title, issue.body) != (title, text):
                issue.edit(title=title, body=text)
            for other in others:
                _close(other, f"The same as #{issue.number}.")
            return issue.html_url

    def close_issue(self, marker: str, comment: str, label: str) -> bool:
        """Close the open issue with `marker` and `label`, with a comment; return whether there was one."""
        with self._errors("close an issue", "issues: write"):
            found = self._open_issues(marker, label)
            for issue in found:
                _close(issue, comment)
            return bool(found)

    def head(self, branch: str) -> str:
        """The commit at the head of a branch."""
        with self._errors(f"read the branch {branch}", "contents: read"):
            return self._branch(branch).object.sha

    def file(self, path: str, ref: str) -> str | None:
        """The text of a file at a commit, a branch or a tag; None where there is no such file."""
        with self._errors(f"read {path}", "contents: read"):
            return self._file(path, ref)

    def propose(self, branch: str, files: Mapping[str, str], title: str, body: str, *, start: str | None = None) -> str:
        """Propose `files` (path to text) by one pull request from `branch` to main; return its URL.

        The branch becomes one commit on `start`, by default the head of main; what it held before is gone. The commit
        is made through the API without an author, so GitHub signs it, and the branch moves in one step: a branch that
        equalled main for a moment would close its pull request. Where `files` are in `start` already, nothing is
        done and the answer is empty.
        """
        commit = start or self.head(MAIN_BRANCH)
        with self._errors(f"commit to {branch}", "contents: write"):
            changed = {path: text for path, text in files.items() if self._file(path, commit) != text}
            if not changed:
                return ""
            self._commit(branch, commit, changed, title)
        with self._errors(f"propose {branch}", "pull-requests: write"):
            note = "" if self._is_app else f"\n{APPROVAL_NOTE}\n"
            return self._propose(branch, title, _fitting(f"{body.rstrip()}\n{note}"))

    def withdraw(self, branch: str, comment: str) -> bool:
        """Close the open pull request from `branch`, with a comment; return whether there was one."""
        with self._errors(f"close the pull request of {branch}", "pull-requests: write"):
            pull = self._open_pull(branch)
            if pull is None:
                return False
            pull.create_issue_comment(comment)
            pull.edit(state="closed")
            return True

    def pull_request(self, number: int) -> PullState:
        """Look at a pull request."""
        with self._errors(f"read the pull request #{number}", "pull-requests: read"):
            pull = self._repository.get_pull(number)
            head = cast(Any, pull.head.repo)  # null once the fork was deleted, which PyGithub's types leave out
            return PullState(
                number=number,
                open=pull.state == "open",
                labels=tuple(label.name for label in pull.labels),
                updated=(pull.updated_at or pull.created_at).astimezone(UTC),
                head_repository="" if head is None else str(head.full_name),
            )

    def _file(self, path: str, ref: str) -> str | None:
        try:
            found = self._repository.get_contents(path, ref=ref)
        except UnknownObjectException:
            return None
        return None if isinstance(found, list) else found.decoded_content.decode()

    def _commit(self, branch: str, start: str, files: Mapping[str, str], message: str) -> None:
        parent = self._repository.get_git_commit(start)
        entries = [InputGitTreeElement(path, _BLOB_MODE, "blob", content=text) for path, text in files.items()]
        tree = self._repository.create_git_tree(entries, base_tree=parent.tree)
        current = self._branch_or_none(branch)
        if current is not None and self._holds(current.object.sha, tree.sha, parent.sha):
            return
        commit = self._repository.create_git_commit(message, tree, [parent])
        if current is None:
            self._make_branch(branch, commit.sha)
        else:
            current.edit(commit.sha, force=True)

    def _branch(self, branch: str) -> GitRef:
        # Complete, and not lazy: a reference is read at git/ref/ and edited at git/refs/, which its answer has.
        reference = self._repository.get_git_ref(f"heads/{branch}")
        reference.complete()
        return reference

    def _branch_or_none(self, branch: str) -> GitRef | None:
        try:
            return self._branch(branch)
        except UnknownObjectException:
            return None

    def _holds(self, commit: str, tree: str, parent: str) -> bool:
        """Whether a commit is what would be made: a new one would only make the checks wait for a person again."""
        found = self._repository.get_git_commit(commit)
        return found.tree.sha == tree and [one.sha for one in found.parents] == [parent]

    def _make_branch(self, branch: str, commit: str) -> None:
        try:
            self._repository.create_git_ref(f"refs/heads/{branch}", commit)
        except GithubException as error:
            if "already exists" not in message_of(error):
                raise
            self._branch(branch).edit(commit, force=True)  # another run was quicker

    def _propose(self, branch: str, title: str, body: str) -> str:
        pull = self._open_pull(branch)
        if pull is None:
            try:
                return self._repository.create_pull(MAIN_BRANCH, branch, title=title, body=body).html_url
            except GithubException as error:
                pull = self._open_pull(branch) if "already exists" in message_of(error) else None
                if pull is None:
                    raise
        if (pull.title, pull.body) != (title, body):
            pull.edit(title=title, body=body)
        return pull.html_url

    def _open_pull(self, branch: str) -> PullRequest | None:
        owner = self._full_name.partition("/")[0]
        pulls = self._repository.get_pulls(state="open", base=MAIN_BRANCH, head=f"{owner}:{branch}")
        return next(iter(pulls), None)

    def _open_issues(self, marker: str, label: str) -> list[Issue]:
        # Only who may triage can set a label, so nobody else can put an issue in the way of this one.
        issues = self._repository.get_issues(state="open", labels=[label], sort="created", direction="asc")
        return [issue for issue in issues if _has_marker(issue.body, marker)]

    def _errors(self, what: str, permission: str) -> AbstractContextManager[None]:
        return github_errors(f"{what} in {self._full_name}", permission)


def connect(run: ActionsRun) -> GithubRepository:
    """Connect to the repository of a run, by its token or as its App. Only an App sends a request at once.

    Raises:
        UsageError: the run has no repository, no token, or no key of its App.
        GithubError: the App is not installed on the repository, or its key is another's.
    """
    run.require_github()
    options = client_options(run.api_url)
    auth = _app_auth(run, options) if run.app else Auth.Token(run.token)
    return GithubRepository(Github(auth=auth, lazy=True, **options).get_repo(run.repository), run)


def _app_auth(run: ActionsRun, options: Mapping[str, Any]) -> Auth.Auth:
    """Return a token of the App for this repository, for an hour, with the rights that a proposal needs."""
    owner, _, name = run.repository.partition("/")
    try:
        with github_errors(f"sign in as the App {run.app}"):
            try:
                integration = GithubIntegration(auth=Auth.AppAuth(run.app, run.app_key), **options)
                found = integration.get_repo_installation(owner, name)
                return Auth.Token(integration.get_access_token(found.id, permissions=APP_PERMISSIONS).token)
            except GithubException as error:
                raise GithubError(
                    f"GitHub refused to let the App {run.app} into {run.repository} ({error.status}: "
                    f"{message_of(error)}); install it on this repository with Contents and Pull requests: read and "
                    "write, and look whether NIGHTOWL_APP_KEY is a key of it",
                    error.status,
                ) from None
    except (InvalidKeyError, ValueError):
        raise UsageError("NIGHTOWL_APP_KEY is no private key in PEM; make one on the page of the App") from None


def _marked(marker: str, body: str) -> str:
    return _fitting(f"<!-- {marker} -->\n{body}")


def _fitting(text: str) -> str:
    return text if len(text) <= LONGEST_BODY else text[: LONGEST_BODY - len(_CUT)] + _CUT


def _has_marker(body: str | None, marker: str) -> bool:
    return (body or "").startswith(f"<!-- {marker} -->")


def _is_ours(comment: IssueComment, marker: str) -> bool:
    return _has_marker(comment.body, marker) and (comment.user.type == "Bot" or comment.author_association in _TRUSTED)


def _close(issue: Issue, comment: str) -> None:
    issue.create_comment(comment)
    issue.edit(state="closed")
