"""GitHub's REST API on loopback, as far as delivery uses it.

Paths, fields, status codes and messages follow GitHub's REST documentation (version 2022-11-28):
- rest/issues/issues, rest/issues/comments: issues, comments on issues and on pull requests
- rest/pulls/pulls: pull requests
- rest/git/refs, rest/git/commits, rest/git/trees: branches, commits and trees. A reference is read at `git/ref/`
  and changed at `git/refs/`, and nothing answers at the other one.
- rest/repos/contents: files
- rest/apps/apps: the installation of an App and its tokens
- rest/using-the-rest-api/using-pagination-in-the-rest-api: `per_page`, `page` and the Link header
- rest/using-the-rest-api/troubleshooting-the-rest-api and rate-limits-for-the-rest-api: 401, 403, 404, 422

What GitHub does besides, and a mistake would meet: a pull request whose branch comes to equal its base is closed, and a
bot's commits without an author are signed (about-commit-signature-verification, "Signature verification for bots").
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

import jwt

from infra.ci.actions_run import ActionsRun

Json = dict[str, Any]
BOT = "github-actions[bot]"
BEARER = "github-token-of-the-run"
DOCUMENTATION = "https://docs.github.com/rest"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@dataclass
class Comment:
    id: int
    number: int
    body: str
    user: str = BOT
    association: str = "NONE"


@dataclass
class Issue:
    """An issue; a pull request is one too, and `head` and `base` are its branches."""

    number: int
    title: str
    body: str | None
    labels: list[str] = field(default_factory=list)
    state: str = "open"
    user: str = BOT
    updated: datetime = NOW
    head: str | None = None
    base: str | None = None
    head_repository: str | None = None


@dataclass(frozen=True)
class Commit:
    sha: str
    message: str
    files: Mapping[str, str]
    parents: tuple[str, ...] = ()
    author: Mapping[str, str] | None = None

    @property
    def tree(self) -> str:
        return _sha("tree", json.dumps(dict(sorted(self.files.items()))))

    @property
    def signed(self) -> bool:
        """Whether GitHub signs it: a bot's commit with nobody else's name on it."""
        return self.author is None


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    body: Any


@dataclass
class Failure:
    method: str
    path: re.Pattern[str]
    status: int
    answer: Any
    headers: Mapping[str, str]
    times: int


@dataclass
class RefusedError(Exception):
    status: int
    message: str
    errors: list[Any] = field(default_factory=list)


class FakeGithub:
    """One repository. Use it as a context manager; `run()` is a run of Actions that talks to it."""

    def __init__(self, repository: str = "example/nightowl", token: str = BEARER) -> None:
        self.repository = repository
        self.token = token
        self.page_size = 100
        self.app = ""
        """The client id of an App that is installed; `app_key` is its public key."""
        self.app_key: Any = None
        self.app_permissions: Json = {}
        """What its last token may do."""
        self.issues: dict[int, Issue] = {}
        self.comments: dict[int, Comment] = {}
        self.commits: dict[str, Commit] = {}
        self.trees: dict[str, Mapping[str, str]] = {}
        self.branches: dict[str, str] = {}
        self.requests: list[Request] = []
        self.actions_may_propose = True
        """The repository's setting "Allow GitHub Actions to create and approve pull requests"."""
        self.before: Callable[[str, str], None] = lambda method, path: None
        """Called before a request is answered, with its method and path: the place for what others do meanwhile."""
        self._failures: list[Failure] = []
        self._lock = threading.RLock()
        self._numbers = iter(range(1, 10_000))
        self._ids = iter(range(1001, 100_000))
        self.push("main", {"README.md": "# Example\n"}, "Begin")

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def environment(self) -> dict[str, str]:
        """The variables that GitHub Actions sets for a step."""
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": self.repository,
            "GITHUB_RUN_ID": "4711",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_SHA": self.branches["main"],
            "GITHUB_TOKEN": self.token,
        }

    def run(self, folder: Path | None = None, **changed: Any) -> ActionsRun:
        """A run that talks to this server; `folder` takes its outputs and its summary."""
        environment = self.environment()
        files = {} if folder is None else {"output": folder / "output", "summary": folder / "summary.md"}
        return ActionsRun(
            **{
                "repository": self.repository,
                "token": self.token,
                "api_url": self.url,
                "sha": environment["GITHUB_SHA"],
                "run_id": environment["GITHUB_RUN_ID"],
                **files,
                **changed,
            }
        )

    # What others do in the repository.

    def push(self, branch: str, files: Mapping[str, str], message: str = "Change") -> str:
        """Commit `files` on top of a branch, and give the commit."""
        parent = self.branches.get(branch)
        before = self.commits[parent].files if parent else {}
        commit = self._commit(message, {**before, **files}, (parent,) if parent else ())
        self.branches[branch] = commit.sha
        return commit.sha

    def add_pull(
        self,
        number: int,
        *,
        labels: tuple[str, ...] = (),
        state: str = "open",
        head_repository: str | None = "",
        updated: datetime = NOW,
        head: str = "feature",
    ) -> Issue:
        """Open a pull request of a person. `head_repository` is this one when empty; None: the fork is gone."""
        self.issues[number] = Issue(
            number=number,
            title=f"Change {number}",
            body=None,
            labels=list(labels),
            state=state,
            user="octocat",
            updated=updated,
            head=head,
            base="main",
            head_repository=self.repository if head_repository == "" else head_repository,
        )
        return self.issues[number]

    def add_issue(self, title: str, body: str, labels: tuple[str, ...] = (), user: str = "octocat") -> Issue:
        number = self._next_number()
        self.issues[number] = Issue(number=number, title=title, body=body, labels=list(labels), user=user)
        return self.issues[number]

    def add_comment(self, number: int, body: str, user: str = "octocat", association: str = "NONE") -> Comment:
        comment = Comment(next(self._ids), number, body, user, association)
        self.comments[comment.id] = comment
        return comment

    def fail(
        self,
        method: str,
        path: str,
        status: int,
        answer: Any = None,
        headers: Mapping[str, str] | None = None,
        times: int = 1_000,
    ) -> None:
        """Answer requests whose path below the repository matches `path` with a failure, `times` times."""
        body = {"message": "Failure", "documentation_url": DOCUMENTATION} if answer is None else answer
        self._failures.append(Failure(method, re.compile(path), status, body, headers or {}, times))

    # What a test asserts on.

    def comments_on(self, number: int) -> list[Comment]:
        return [comment for comment in self.comments.values() if comment.number == number]

    def open_issues(self) -> list[Issue]:
        return [issue for issue in self.issues.values() if issue.state == "open" and issue.head is None]

    def open_pulls(self) -> list[Issue]:
        return [issue for issue in self.issues.values() if issue.state == "open" and issue.head is not None]

    def file(self, path: str, branch: str = "main") -> str | None:
        return self.commits[self.branches[branch]].files.get(path)

    def writes(self) -> list[tuple[str, str]]:
        """The requests that change something."""
        return [(request.method, request.path) for request in self.requests if request.method != "GET"]

    # The API.

    def answer(self, method: str, url: str, headers: Mapping[str, str], body: Any) -> tuple[int, Any, dict[str, str]]:
        parts = urlsplit(url)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        prefix = f"/repos/{self.repository}"
        path = unquote(parts.path).removeprefix(prefix)
        self.before(method, path)
        with self._lock:
            self.requests.append(Request(method, path, query, body))
            failure = self._failure(method, path)
            if failure is not None:
                return failure.status, failure.answer, dict(failure.headers)
            if self._is_of_app(path):
                return *self._answer_app(path, headers.get("Authorization", ""), body or {}), {}
            if headers.get("Authorization", "").split()[-1:] != [self.token]:
                return 401, _error(401, "Bad credentials"), {}
            if not unquote(parts.path).startswith(prefix):
                return 404, _error(404, "Not Found"), {}
            try:
                status, found = self._route(method, path, query, body)
            except RefusedError as refusal:
                return refusal.status, _error(refusal.status, refusal.message, refusal.errors), {}
            if isinstance(found, list):
                return status, *self._page(found, url, query)
            return status, found, {}

    def _is_of_app(self, path: str) -> bool:
        return path == "/installation" or path.startswith("/app/")

    def _answer_app(self, path: str, authorization: str, body: Json) -> tuple[int, Any]:
        """Answer an App that signs what it asks with its own key."""
        try:
            claims = jwt.decode(authorization.rsplit(maxsplit=1)[-1], self.app_key, algorithms=["RS256"])
        except jwt.InvalidTokenError:
            return 401, _error(401, "A JSON web token could not be decoded")
        if claims["iss"] != self.app:
            return 404, _error(404, "Not Found")
        if path == "/installation":
            return 200, {"id": 99, "app_id": 7, "account": _user("example"), "permissions": {"contents": "write"}}
        self.app_permissions = body["permissions"]
        return 201, {"token": self.token, "expires_at": "2099-01-01T00:00:00Z", "permissions": body["permissions"]}

    def _failure(self, method: str, path: str) -> Failure | None:
        for failure in self._failures:
            if failure.times and failure.method == method and failure.path.search(path):
                failure.times -= 1
                return failure
        return None

    def _page(self, found: list[Json], url: str, query: Mapping[str, str]) -> tuple[list[Json], dict[str, str]]:
        size = min(int(query.get("per_page", "30")), self.page_size)
        page = int(query.get("page", "1"))
        last = max(1, -(-len(found) // size))
        base = f"{self.url}{urlsplit(url).path}?per_page={size}"
        links = [(page + 1, "next"), (last, "last")] if page < last else []
        links += [(page - 1, "prev"), (1, "first")] if page > 1 else []
        kept = "".join(f"&{key}={value}" for key, value in query.items() if key not in ("page", "per_page"))
        header = ", ".join(f'<{base}{kept}&page={number}>; rel="{name}"' for number, name in links)
        return found[(page - 1) * size : page * size], {"Link": header} if header else {}

    def _route(self, method: str, path: str, query: Mapping[str, str], body: Any) -> tuple[int, Any]:
        for route_method, pattern, handler in _ROUTES:
            match = re.fullmatch(pattern, path)
            if match and route_method == method:
                return handler(self, *match.groups(), query=query, body=body or {})
        raise RefusedError(404, "Not Found")

    def get_repository(self, **_: Any) -> tuple[int, Any]:
        name = self.repository.partition("/")[2]
        return 200, {"id": 123456789, "name": name, "full_name": self.repository, "default_branch": "main"}

    def list_issues(self, *, query: Mapping[str, str], **_: Any) -> tuple[int, Any]:
        labels = [label for label in query.get("labels", "").split(",") if label]
        state = query.get("state", "open")
        issues = [
            issue
            for issue in self.issues.values()
            if state in ("all", issue.state) and all(label in issue.labels for label in labels)
        ]
        return 200, [self._issue(issue) for issue in sorted(issues, key=lambda issue: issue.number)]

    def create_issue(self, *, body: Json, **_: Any) -> tuple[int, Any]:
        issue = self.add_issue(body["title"], _checked(body.get("body", "")), tuple(body.get("labels", ())), user=BOT)
        return 201, self._issue(issue)

    def get_issue(self, number: str, **_: Any) -> tuple[int, Any]:
        return 200, self._issue(self._known_issue(number))

    def edit_issue(self, number: str, *, body: Json, **_: Any) -> tuple[int, Any]:
        issue = self._known_issue(number)
        _edit(issue, body)
        return 200, self._issue(issue)

    def list_comments(self, number: str, **_: Any) -> tuple[int, Any]:
        self._known_issue(number)
        return 200, [self._comment(comment) for comment in self.comments_on(int(number))]

    def create_comment(self, number: str, *, body: Json, **_: Any) -> tuple[int, Any]:
        self._known_issue(number)
        return 201, self._comment(self.add_comment(int(number), _checked(body["body"]), user=BOT))

    def edit_comment(self, identity: str, *, body: Json, **_: Any) -> tuple[int, Any]:
        comment = self._known_comment(identity)
        comment.body = _checked(body["body"])
        return 200, self._comment(comment)

    def delete_comment(self, identity: str, **_: Any) -> tuple[int, Any]:
        del self.comments[self._known_comment(identity).id]
        return 204, None

    def list_pulls(self, *, query: dict[str, Any], **_: Any) -> tuple[int, Any]:
        state = query.get("state", "open")
        pulls = [pull for pull in self.issues.values() if pull.head is not None and state in ("all", pull.state)]
        if "head" in query:
            owner, _, head = query["head"].partition(":")
            pulls = [
                pull for pull in pulls if pull.head == head and (pull.head_repository or "").startswith(f"{owner}/")
            ]
        if "base" in query:
            pulls = [pull for pull in pulls if pull.base == query["base"]]
        return 200, [self._pull(pull) for pull in pulls]

    def create_pull(self, *, body: Json, **_: Any) -> tuple[int, Any]:
        if not self.actions_may_propose:
            raise RefusedError(403, "GitHub Actions is not permitted to create or approve pull requests.")
        head, base = body["head"], body["base"]
        for branch, name in ((head, "head"), (base, "base")):
            if branch not in self.branches:
                raise RefusedError(
                    422, "Validation Failed", [{"resource": "PullRequest", "field": name, "code": "invalid"}]
                )
        owner = self.repository.partition("/")[0]
        if any((pull.head, pull.base) == (head, base) for pull in self.open_pulls()):
            message = f"A pull request already exists for {owner}:{head}."
            raise RefusedError(422, "Validation Failed", [_problem(message)])
        if self.branches[head] == self.branches[base]:
            raise RefusedError(422, "Validation Failed", [_problem(f"No commits between {base} and {head}")])
        number = self._next_number()
        self.issues[number] = Issue(
            number=number,
            title=body["title"],
            body=_checked(body.get("body", "")),
            head=head,
            base=base,
            head_repository=self.repository,
        )
        return 201, self._pull(self.issues[number])

    def get_pull(self, number: str, **_: Any) -> tuple[int, Any]:
        return 200, self._pull(self._known_pull(number))

    def edit_pull(self, number: str, *, body: Json, **_: Any) -> tuple[int, Any]:
        pull = self._known_pull(number)
        _edit(pull, body)
        return 200, self._pull(pull)

    def get_reference(self, branch: str, **_: Any) -> tuple[int, Any]:
        if branch not in self.branches:
            raise RefusedError(404, "Not Found")
        return 200, self._reference(branch)

    def create_reference(self, *, body: Json, **_: Any) -> tuple[int, Any]:
        branch = body["ref"].removeprefix("refs/heads/")
        if branch in self.branches:
            raise RefusedError(422, "Reference already exists")
        self._known_commit(body["sha"])
        self.branches[branch] = body["sha"]
        return 201, self._reference(branch)

    def edit_reference(self, branch: str, *, body: Json, **_: Any) -> tuple[int, Any]:
        if branch not in self.branches:
            raise RefusedError(422, "Reference does not exist")
        commit = self._known_commit(body["sha"])
        if not body.get("force") and self.branches[branch] not in self._history(commit.sha):
            raise RefusedError(422, "Update is not a fast forward")
        self.branches[branch] = commit.sha
        for pull in self.open_pulls():
            if pull.head == branch and commit.sha in self._history(self.branches[pull.base or "main"]):
                pull.state = "closed"
        return 200, self._reference(branch)

    def get_commit(self, sha: str, **_: Any) -> tuple[int, Any]:
        return 200, self._commit_object(self._known_commit(sha))

    def create_commit(self, *, body: Json, **_: Any) -> tuple[int, Any]:
        if body["tree"] not in self.trees:
            raise RefusedError(422, "Tree SHA does not exist")
        author = body.get("author") or body.get("committer")
        commit = self._commit(body["message"], self.trees[body["tree"]], tuple(body["parents"]), author)
        return 201, self._commit_object(commit)

    def create_tree(self, *, body: Json, **_: Any) -> tuple[int, Any]:
        base = body.get("base_tree")
        if base is not None and base not in self.trees:
            raise RefusedError(422, "base_tree is not a valid tree oid")
        files = {**self.trees.get(base or "", {}), **{entry["path"]: entry["content"] for entry in body["tree"]}}
        tree = self._keep_tree(files)
        return 201, {"sha": tree, "url": self._at(f"git/trees/{tree}"), "tree": [], "truncated": False}

    def get_content(self, path: str, *, query: Mapping[str, str], **_: Any) -> tuple[int, Any]:
        ref = query.get("ref", "main")
        sha = self.branches.get(ref, ref)
        if sha not in self.commits:
            raise RefusedError(404, f"No commit found for the ref {ref}")
        text = self.commits[sha].files.get(path)
        if text is None:
            raise RefusedError(404, "Not Found")
        data = text.encode()
        return 200, {
            "type": "file",
            "encoding": "base64",
            "size": len(data),
            "name": path.rpartition("/")[2],
            "path": path,
            "content": base64.encodebytes(data).decode(),
            "sha": _sha("blob", text),
            "url": self._at(f"contents/{path}?ref={ref}"),
            "html_url": f"https://github.com/{self.repository}/blob/{ref}/{path}",
        }

    # Objects as the API writes them.

    def _issue(self, issue: Issue) -> Json:
        page = "issues" if issue.head is None else "pull"
        shown = {
            "id": 5_000 + issue.number,
            "number": issue.number,
            "title": issue.title,
            "body": issue.body,
            "state": issue.state,
            "labels": [{"id": 1, "name": label, "color": "ededed", "default": False} for label in issue.labels],
            "user": _user(issue.user),
            "created_at": _time(issue.updated),
            "updated_at": _time(issue.updated),
            "url": self._at(f"issues/{issue.number}"),
            "comments_url": self._at(f"issues/{issue.number}/comments"),
            "html_url": f"https://github.com/{self.repository}/{page}/{issue.number}",
        }
        return shown if issue.head is None else {**shown, "pull_request": {"url": self._at(f"pulls/{issue.number}")}}

    def _pull(self, pull: Issue) -> Json:
        repository = pull.head_repository
        return {
            **{key: value for key, value in self._issue(pull).items() if key != "pull_request"},
            "url": self._at(f"pulls/{pull.number}"),
            "issue_url": self._at(f"issues/{pull.number}"),
            "merged": False,
            "draft": False,
            "head": {
                "label": f"{(repository or 'unknown').partition('/')[0]}:{pull.head}",
                "ref": pull.head,
                "sha": self.branches.get(pull.head or "", "0" * 40),
                "repo": None if repository is None else {"id": 2, "name": "nightowl", "full_name": repository},
            },
            "base": {
                "label": f"{self.repository.partition('/')[0]}:{pull.base}",
                "ref": pull.base,
                "sha": self.branches["main"],
                "repo": {"id": 123456789, "name": "nightowl", "full_name": self.repository},
            },
        }

    def _comment(self, comment: Comment) -> Json:
        return {
            "id": comment.id,
            "body": comment.body,
            "user": _user(comment.user),
            "author_association": comment.association,
            "created_at": _time(NOW),
            "updated_at": _time(NOW),
            "url": self._at(f"issues/comments/{comment.id}"),
            "issue_url": self._at(f"issues/{comment.number}"),
            "html_url": f"https://github.com/{self.repository}/issues/{comment.number}#issuecomment-{comment.id}",
        }

    def _reference(self, branch: str) -> Json:
        sha = self.branches[branch]
        return {
            "ref": f"refs/heads/{branch}",
            "node_id": "REF_1",
            "url": self._at(f"git/refs/heads/{branch}"),
            "object": {"type": "commit", "sha": sha, "url": self._at(f"git/commits/{sha}")},
        }

    def _commit_object(self, commit: Commit) -> Json:
        return {
            "sha": commit.sha,
            "url": self._at(f"git/commits/{commit.sha}"),
            "message": commit.message,
            "tree": {"sha": commit.tree, "url": self._at(f"git/trees/{commit.tree}")},
            "parents": [{"sha": sha, "url": self._at(f"git/commits/{sha}")} for sha in commit.parents],
            "verification": {"verified": commit.signed, "reason": "valid" if commit.signed else "unsigned"},
        }

    # What lies behind.

    def _at(self, path: str) -> str:
        return f"{self.url}/repos/{self.repository}/{path}"

    def _next_number(self) -> int:
        return next(number for number in self._numbers if number not in self.issues)

    def _known_issue(self, number: str) -> Issue:
        if int(number) not in self.issues:
            raise RefusedError(404, "Not Found")
        return self.issues[int(number)]

    def _known_pull(self, number: str) -> Issue:
        issue = self._known_issue(number)
        if issue.head is None:
            raise RefusedError(404, "Not Found")
        return issue

    def _known_comment(self, identity: str) -> Comment:
        if int(identity) not in self.comments:
            raise RefusedError(404, "Not Found")
        return self.comments[int(identity)]

    def _known_commit(self, sha: str) -> Commit:
        if sha not in self.commits:
            raise RefusedError(422, "Object does not exist")
        return self.commits[sha]

    def _commit(
        self, message: str, files: Mapping[str, str], parents: tuple[str, ...], author: Json | None = None
    ) -> Commit:
        sha = _sha("commit", f"{message} {self._keep_tree(files)} {parents} {len(self.commits)}")
        self.commits[sha] = Commit(sha, message, dict(files), parents, author)
        return self.commits[sha]

    def _keep_tree(self, files: Mapping[str, str]) -> str:
        tree = Commit("", "", files).tree
        self.trees[tree] = dict(files)
        return tree

    def _history(self, sha: str) -> set[str]:
        return {sha}.union(*(self._history(parent) for parent in self.commits[sha].parents))


_ROUTES: list[tuple[str, str, Callable[..., tuple[int, Any]]]] = [
    ("GET", "", FakeGithub.get_repository),
    ("GET", "/issues", FakeGithub.list_issues),
    ("POST", "/issues", FakeGithub.create_issue),
    ("GET", r"/issues/(\d+)", FakeGithub.get_issue),
    ("PATCH", r"/issues/(\d+)", FakeGithub.edit_issue),
    ("GET", r"/issues/(\d+)/comments", FakeGithub.list_comments),
    ("POST", r"/issues/(\d+)/comments", FakeGithub.create_comment),
    ("PATCH", r"/issues/comments/(\d+)", FakeGithub.edit_comment),
    ("DELETE", r"/issues/comments/(\d+)", FakeGithub.delete_comment),
    ("GET", "/pulls", FakeGithub.list_pulls),
    ("POST", "/pulls", FakeGithub.create_pull),
    ("GET", r"/pulls/(\d+)", FakeGithub.get_pull),
    ("PATCH", r"/pulls/(\d+)", FakeGithub.edit_pull),
    ("GET", "/git/ref/heads/(.+)", FakeGithub.get_reference),
    ("POST", "/git/refs", FakeGithub.create_reference),
    ("PATCH", "/git/refs/heads/(.+)", FakeGithub.edit_reference),
    ("GET", "/git/commits/([0-9a-f]+)", FakeGithub.get_commit),
    ("POST", "/git/commits", FakeGithub.create_commit),
    ("POST", "/git/trees", FakeGithub.create_tree),
    ("GET", "/contents/(.+)", FakeGithub.get_content),
]


def _handler(github: FakeGithub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one write per answer, or each waits for an acknowledgement

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            status, answer, headers = github.answer(
                self.command, self.path, dict(self.headers.items()), json.loads(raw) if raw else None
            )
            data = (
                b"" if answer is None else answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
            )
            self.send_response(status)
            kind = "text/html" if isinstance(answer, str) else "application/json; charset=utf-8"
            for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def do_PATCH(self) -> None:
            self._serve()

        def do_DELETE(self) -> None:
            self._serve()

        def log_message(self, *_: Any) -> None:
            """Keep the test's output clean."""

    return Handler


def _error(status: int, message: str, errors: list[Any] | None = None) -> Json:
    body: Json = {"message": message, "documentation_url": DOCUMENTATION, "status": str(status)}
    return {**body, "errors": errors} if errors else body


def _problem(message: str) -> Json:
    return {"resource": "PullRequest", "code": "custom", "message": message}


def _checked(body: str) -> str:
    if len(body) > 65_536:
        raise RefusedError(422, "Validation Failed", [_problem("body is too long (maximum is 65536 characters)")])
    return body


def _edit(issue: Issue, body: Json) -> None:
    issue.title = body.get("title", issue.title)
    issue.body = _checked(body.get("body") or "") if "body" in body else issue.body
    issue.state = body.get("state", issue.state)


def _user(login: str) -> Json:
    return {"login": login, "id": 41898282 if login == BOT else 1, "type": "Bot" if login.endswith("[bot]") else "User"}


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _sha(kind: str, text: str) -> str:
    return hashlib.sha1(f"{kind} {text}".encode(), usedforsecurity=False).hexdigest()
