"""The connection to GitHub, with each failure told in a sentence that names the remedy."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

from github import Auth, Github
from github.GithubException import GithubException, RateLimitExceededExceedsMaxWait, RateLimitExceededException
from github.GithubRetry import GithubRetry
from github.Repository import Repository

from infra.errors import NightowlError, UsageError
from infra.settings.eks.delivery import MAIN_BRANCH

DEFAULT_API_URL = "https://api.github.com"
SIGN_IN_REMEDY = 'export GITHUB_TOKEN="$(gh auth token)"'
REQUEST_TIMEOUT_SECONDS = 30
RATE_LIMIT_WAIT_SECONDS = 60
RETRIES = 2
ITEMS_PER_PAGE = 100
"""The most that GitHub gives in one page of a list."""

_REPOSITORY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")


Json = Mapping[str, Any]
"""An object of GitHub's REST API, as its documentation describes it."""


class GithubSetupError(NightowlError):
    """GitHub refused a request, or could not be reached."""


@dataclass(frozen=True)
class RepositoryApi:
    """The REST API below /repos/OWNER/NAME, for what PyGithub has no method for."""

    repository: Repository

    def get(self, path: str, what: str) -> Any:
        """Read what is at `path`. `what` says in a message what was asked.

        Raises:
            GithubSetupError: GitHub refuses it.
        """
        with asking(what):
            return self._request("GET", path, parameters={"per_page": ITEMS_PER_PAGE})

    def find(self, path: str, what: str) -> Any | None:
        """Read what is at `path`, or return None where GitHub has nothing there (404).

        Raises:
            GithubSetupError: GitHub refuses it.
        """
        with asking(what):
            try:
                return self._request("GET", path, parameters={"per_page": ITEMS_PER_PAGE})
            except GithubException as error:
                if error.status == HTTPStatus.NOT_FOUND:
                    return None
                raise

    def send(self, verb: str, path: str, what: str, body: Mapping[str, Any] | None = None) -> Any:
        """Change what is at `path`, and return GitHub's answer.

        Raises:
            GithubSetupError: GitHub refuses it.
        """
        with asking(what):
            return self._request(verb, path, body=body)

    def _request(
        self,
        verb: str,
        path: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        _, answer = self.repository.requester.requestJsonAndCheck(
            verb,
            f"{self.repository.url}/{path}",
            parameters=None if parameters is None else dict(parameters),
            input=None if body is None else dict(body),
        )
        return answer


def connect(environ: Mapping[str, str]) -> Github:
    """Make a client with the token of GITHUB_TOKEN or GH_TOKEN, for GITHUB_API_URL (default: github.com's).

    A POST is not repeated: GitHub may have done it before it failed.

    Raises:
        UsageError: there is no token, or the address is none.
    """
    token = environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN")
    if not token:
        raise UsageError(f"neither GITHUB_TOKEN nor GH_TOKEN is set; {SIGN_IN_REMEDY}")
    address = environ.get("GITHUB_API_URL") or DEFAULT_API_URL
    if not re.fullmatch(r"https?://[^/\s]+(?:/\S*)?", address):
        raise UsageError(f"GITHUB_API_URL: {address!r} is no address; write one such as {DEFAULT_API_URL}")
    return Github(
        auth=Auth.Token(token),
        base_url=address.rstrip("/"),
        timeout=REQUEST_TIMEOUT_SECONDS,
        per_page=ITEMS_PER_PAGE,
        retry=GithubRetry(
            total=RETRIES,
            backoff_factor=0.2,
            max_rate_limit_wait=RATE_LIMIT_WAIT_SECONDS,
            allowed_methods=GithubRetry.DEFAULT_ALLOWED_METHODS,
        ),
        seconds_between_requests=None,
        seconds_between_writes=None,  # some thirty writes: far below GitHub's secondary limit of 80 a minute
    )


def open_repository(client: Github, name: str) -> Repository:
    """Find the repository `name` (owner/name), which the token's user must administer.

    Raises:
        UsageError: it is no such name, there is no such repository, it is archived, its default branch is another
            than main, or the user is no administrator of it.
        GithubSetupError: GitHub refuses to answer.
    """
    if not _REPOSITORY_NAME.fullmatch(name):
        raise UsageError(f"--repository: {name!r} is no repository; write OWNER/NAME, such as example/nightowl")
    with asking(f"read the repository {name}"):
        try:
            repository = client.get_repo(name)
        except GithubException as error:
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
def asking(what: str) -> Generator[None]:
    """Raise a failure of the requests inside as one sentence that begins with `what` was asked.

    Raises:
        GithubSetupError: in place of PyGithub's and requests' exceptions.
    """
    try:
        yield
    except (RateLimitExceededException, RateLimitExceededExceedsMaxWait):
        raise GithubSetupError(
            f"cannot {what}: GitHub's limit of requests is used up; run this again in an hour"
        ) from None
    except GithubException as error:
        raise GithubSetupError(f"cannot {what}: {_reason(error)}") from None
    except OSError as error:  # requests' exceptions are OSErrors
        raise GithubSetupError(
            f"cannot {what}: GitHub does not answer ({type(error).__name__}); check the network and GITHUB_API_URL, "
            "and run this again"
        ) from None


def _reason(error: GithubException) -> str:
    message = _message(error)
    if "billing plan" in message or "Upgrade to GitHub" in message:
        return (
            f"GitHub's plan does not have this for a private repository ({error.status}: {message}); make the "
            "repository public or take a plan that has it (required reviewers of private repositories: Enterprise)"
        )
    if error.status == HTTPStatus.UNAUTHORIZED:
        return f"GitHub refuses the token (401: {message}); {SIGN_IN_REMEDY}"
    if error.status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
        needed = (error.headers or {}).get("x-accepted-github-permissions")
        permission = f"the permission {needed}" if needed else "the scope repo, or the permission Administration: write"
        return f"GitHub refuses it ({error.status}: {message}); the token needs {permission}"
    if error.status == HTTPStatus.CONFLICT:
        return (
            f"GitHub refuses it (409: {message}); the organization decides it: ask its owner to allow it under "
            "Settings > Actions > General"
        )
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"GitHub has trouble ({error.status}: {message}); run the same command again"
    return f"GitHub refuses it ({error.status}: {message})"


def _message(error: GithubException) -> str:
    data = cast(object, error.data)
    if not isinstance(data, Mapping):
        return error.message or "no reason given"
    answer = cast(Mapping[str, object], data)
    errors = answer.get("errors")
    details = [_detail(item) for item in cast(list[object], errors)] if isinstance(errors, list) else []
    return ": ".join([str(answer.get("message") or "no reason given"), *filter(None, details)]).rstrip(".")


def _detail(item: object) -> str:
    if not isinstance(item, Mapping):
        return str(item)
    fields = cast(Mapping[str, object], item)
    return str(fields.get("message") or " ".join(str(fields[key]) for key in ("field", "code") if key in fields))
