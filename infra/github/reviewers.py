"""The people and teams who approve deployments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from github import Github
from github.GithubException import GithubException

from infra.errors import UsageError
from infra.github.client import github_errors

MOST_REVIEWERS = 6
"""Of one environment (docs.github.com, Deployments and environments, Required reviewers)."""


@dataclass(frozen=True, kw_only=True, order=True)
class Reviewer:
    """Someone whom GitHub asks before a job of an environment runs; one approval is enough."""

    kind: str
    """User or Team, as GitHub writes it."""
    id: int
    name: str
    """The login, or the slug of the team."""
    organization: str = field(default="", compare=False)
    """Of a team, where it is known."""

    @property
    def mention(self) -> str:
        """How a CODEOWNERS file names them."""
        return f"@{self.organization}/{self.name}" if self.kind == "Team" else f"@{self.name}"


def several(reviewers: Sequence[Reviewer]) -> bool:
    """Whether somebody else can approve what one of them has made: they are two, or a team."""
    return len(reviewers) > 1 or any(item.kind == "Team" for item in reviewers)


def find_reviewers(client: Github, names: Sequence[str]) -> tuple[Reviewer, ...]:
    """Look up LOGINs, and teams written ORGANIZATION/TEAM, in the order given and each once.

    Raises:
        UsageError: GitHub knows no such user or team, or they are more than an environment can have.
    """
    wanted = list(dict.fromkeys(names))
    if len(wanted) > MOST_REVIEWERS:
        raise UsageError(
            f"--reviewer: {len(wanted)} are more than the {MOST_REVIEWERS} that an environment can have; name a team: "
            "--reviewer ORGANIZATION/TEAM"
        )
    return tuple(_find(client, name) for name in wanted)


def _find(client: Github, name: str) -> Reviewer:
    organization, slash, team = name.partition("/")
    with github_errors(f"look up the reviewer {name}"):
        try:
            if slash:
                found = client.get_organization(organization).get_team_by_slug(team)
                return Reviewer(kind="Team", id=found.id, name=found.slug, organization=organization)
            user = client.get_user(name)
            return Reviewer(kind="User", id=user.id, name=user.login)
        except GithubException as error:
            if error.status == HTTPStatus.NOT_FOUND:
                raise UsageError(
                    f"--reviewer: GitHub has no {'team' if slash else 'user'} {name!r}; write a LOGIN or "
                    "ORGANIZATION/TEAM (a team needs a token with read:org)"
                ) from None
            raise
