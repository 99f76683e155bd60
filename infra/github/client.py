"""The client of GitHub's REST API: how it signs in, what it repeats, and how each failure becomes a sentence."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, cast

from github import Auth, Github
from github.GithubException import GithubException, RateLimitExceededExceedsMaxWait, RateLimitExceededException
from github.GithubRetry import GithubRetry
from github.Repository import Repository
from urllib3.util.retry import Retry

from infra.errors import NightowlError, UsageError
from infra.settings.eks.delivery import MAIN_BRANCH

DEFAULT_API_URL = "https://api.github.com"
SIGN_IN_REMEDY = 'export GITHUB_TOKEN="$(gh auth token)"'
TIMEOUT_SECONDS = 30
RETRIES = 4
"""After a failure that may pass: status 5xx, a broken connection, a rate limit."""
BACKOFF_SECONDS = 1.0
"""Waits of 0, 2, 4 and 8 s between the tries."""
LONGEST_LIMIT_WAIT_SECONDS = 120
"""A rate limit that lasts longer fails the command. GitHub asks for one minute at a secondary limit."""
ITEMS_PER_PAGE = 100
"""The most that GitHub gives in one page of a list."""

_REPOSITORY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")


Json = Mapping[str, Any]
"""An object of GitHub's REST API, as its documentation describes it."""


class GithubError(NightowlError):
    """GitHub refused a request, or could not be reached. The message has what was asked and the remedy."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


def client_options(api_url: str) -> dict[str, Any]:
    """Return the options of every client of PyGithub: one policy of retries for all requests.

    POST and PATCH are repeated too. What GitHub made although its answer was lost is found by its marker or its name;
    the worst that a second POST can do is to fail because the thing is there.
    """
    return {
        "base_url": api_url.rstrip("/"),
        "timeout": TIMEOUT_SECONDS,
        "user_agent": "nightowl",
        "per_page": ITEMS_PER_PAGE,
        "retry": GithubRetry(
            total=RETRIES,
            backoff_factor=BACKOFF_SECONDS,
            max_rate_limit_wait=LONGEST_LIMIT_WAIT_SECONDS,
            raise_on_status=False,  # the last answer says more than the number of tries
            allowed_methods=Retry.DEFAULT_ALLOWED_METHODS | {"POST", "PATCH"},
        ),
        # PyGithub pauses between requests for programs that send many. A command here sends some thirty writes at
        # most, far below GitHub's secondary limit of 80 a minute.
        "seconds_between_requests": None,
        "seconds_between_writes": None,
    }


def connect(environ: Mapping[str, str]) -> Github:
    """Return a client with the token of GITHUB_TOKEN or GH_TOKEN, for GITHUB_API_URL (default: github.com's).

    Raises:
        UsageError: there is no token, or the address is none.
    """
    token = environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN")
    if not token:
        raise UsageError(f"neither GITHUB_TOKEN nor GH_TOKEN is set; {SIGN_IN_REMEDY}")
    address = environ.get("GITHUB_API_URL") or DEFAULT_API_URL
    if not re.fullmatch(r"https?://[^/\s]+(?:/\S*)?", address):
        raise UsageError(f"GITHUB_API_URL: {address!r} is no address; write one such as {DEFAULT_API_URL}")
    return Github(auth=Auth.Token(token), **client_options(address))


@dataclass(frozen=True)
class RepositoryApi:
    """The REST API below /repos/OWNER/NAME, for what PyGithub has no method for. Every method raises GithubError."""

    repository: Repository

    def get(self, path: str, what: str) -> Any:
        """Return what is at `path`. `what` says in a message what was asked."""
        with github_errors(what):
            return self._request("GET", path, parameters={"per_page": ITEMS_PER_PAGE})

    def find(self, path: str, what: str) -> Any | None:
        """Return what is at `path`, or None where GitHub has nothing there (404)."""
        try:
            return self.get(path, what)
        except GithubError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def send(self, verb: str, path: str, what: str, body: Mapping[str, Any] | None = None) -> Any:
        """Change what is at `path`, and return GitHub's answer."""
        with github_errors(what):
            return self._request(verb, path, input=None if body is None else dict(body))

    def _request(self, verb: str, path: str, **options: Any) -> Any:
        return self.repository.requester.requestJsonAndCheck(verb, f"{self.repository.url}/{path}", **options)[1]


def open_repository(client: Github, name: str) -> Repository:
    """Return the repository `name` (owner/name), which the token's user must administer.

    Raises:
        UsageError: it is no such name, there is no such repository, it is archived, its default branch is another
            than main, or the user is no administrator of it.
        GithubError: GitHub refuses to answer.
    """
    if not _REPOSITORY_NAME.fullmatch(name):
        raise UsageError(f"--repository: {name!r} is no repository; write OWNER/NAME, such as example/nightowl")
    try:
        with github_errors(f"read the repository {name}"):
            repository = client.get_repo(name)
    except GithubError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            raise UsageError(
                f"there is no repository {name}, or the token cannot see it; check the name, or: {SIGN_IN_REMEDY}"
            ) from None
        raise
    full_name = repository.full_name
    if repository.archived:
        raise UsageError(f"{full_name} is archived, and its settings cannot be changed; unarchive it first")
    if not repository.permissions.admin:
        raise UsageError(
            f"the token's user is no administrator of {full_name}; ask one to run this, or to give you the role Admin"
        )
    if repository.default_branch != MAIN_BRANCH:
        raise UsageError(
            f"the default branch of {full_name} is {repository.default_branch}, and the workflows deploy from "
            f"{MAIN_BRANCH}; rename it under Settings > General > Default branch"
        )
    return repository


@contextmanager
def github_errors(what: str, job_permission: str = "") -> Generator[None]:
    """Raise a failure of the requests inside as one sentence that begins with `what` was asked.

    With `job_permission` (such as `issues: write`) the token is that of a job, which the remedy then speaks of.

    Raises:
        GithubError: in place of PyGithub's and requests' exceptions.
    """
    try:
        yield
    except GithubException as error:
        raise GithubError(f"cannot {what}: {_reason(error, job_permission)}", error.status) from None
    except OSError as error:  # requests' exceptions are OSErrors
        raise GithubError(
            f"cannot {what}: GitHub does not answer ({type(error).__name__}); check the network and GITHUB_API_URL, "
            "and run this again"
        ) from None


def message_of(error: GithubException) -> str:
    """Return what GitHub says: its message and, for a request that does not fit (422), the fault of each field."""
    data = cast(object, error.data)
    if not isinstance(data, Mapping):
        return " ".join(str(data or error.message or "no reason given").split())[:200]
    answer = cast(Json, data)
    details: list[Any] = answer.get("errors") or []
    text = answer.get("message") or answer.get("data") or "no reason given"
    return " ".join(": ".join([str(text), *filter(None, map(_detail, details))]).split())[:400].rstrip(".")


def _reason(error: GithubException, job_permission: str) -> str:
    message = message_of(error)
    verdict = "GitHub refuses it"
    if _is_limit(error):
        verdict, remedy = "GitHub's limit of requests is used up", f"run this again {_when(error)}"
    elif "billing plan" in message or "Upgrade to GitHub" in message:
        verdict = "GitHub's plan does not have this for a private repository"
        remedy = (
            "make the repository public or take a plan that has it (required reviewers of private repositories: "
            "Enterprise)"
        )
    elif "not permitted to create or approve pull requests" in message:
        remedy = (
            "switch on Settings > Actions > General > 'Allow GitHub Actions to create and approve pull requests' of "
            "the repository (and of its organization), then run this again"
        )
    elif error.status == HTTPStatus.UNAUTHORIZED:
        verdict = "GitHub refuses the token"
        job = "the token is wrong or has expired: pass github.token to the step as GITHUB_TOKEN"
        remedy = job if job_permission else SIGN_IN_REMEDY
    elif error.status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
        remedy = _permission_remedy(error, job_permission)
    elif error.status == HTTPStatus.CONFLICT and not job_permission:
        remedy = "the organization decides it: ask its owner to allow it under Settings > Actions > General"
    elif error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        verdict, remedy = "GitHub has trouble", "look at its status page and run the same command again"
    else:
        remedy = "the request does not fit the state of the repository: look at it and run this again"
    return f"{verdict} ({error.status}: {message}); {remedy}"


def _is_limit(error: GithubException) -> bool:
    """Whether requests are limited. GithubRetry reads the body of each 403, so the last try of a limit has none."""
    limits = (RateLimitExceededException, RateLimitExceededExceedsMaxWait)
    return isinstance(error, limits) or (error.status == HTTPStatus.FORBIDDEN and not error.data)


def _permission_remedy(error: GithubException, job_permission: str) -> str:
    if job_permission:
        unseen = "there is no such thing, or the token may not see it: " if error.status == HTTPStatus.NOT_FOUND else ""
        return f"{unseen}give the job `permissions: {job_permission}`"
    needed = (error.headers or {}).get("x-accepted-github-permissions")
    permission = f"the permission {needed}" if needed else "the scope repo, or the permission Administration: write"
    return f"the token needs {permission}"


def _detail(item: object) -> str:
    if not isinstance(item, Mapping):
        return str(item)
    fields = cast(Json, item)
    return str(fields.get("message") or " ".join(str(fields[key]) for key in ("field", "code") if key in fields))


def _when(error: GithubException) -> str:
    reset = {key.lower(): value for key, value in (error.headers or {}).items()}.get("x-ratelimit-reset", "")
    return f"after {datetime.fromtimestamp(int(reset), UTC):%H:%M} UTC" if reset.isdigit() else "in an hour"
