"""`nightowl:delivery`: how a pipeline deploys an EKS stack, and where its images come from."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Literal, get_args
from urllib.parse import parse_qs

from pydantic import AfterValidator, BeforeValidator

from infra.settings.app.permissions import StatementSettings
from infra.settings.eks import limits
from infra.settings.eks.cluster import RoleArn
from infra.settings.model import FieldError, Model, Rule, repeated
from infra.settings.names import Name
from infra.settings.scalars import Notation, Switch, form

RoleKind = Literal["deploy", "preview", "ephemeral"]
"""What a pipeline's role is for: deployments, previews and drift checks, and the stacks of pull requests."""
ROLE_KINDS: tuple[RoleKind, ...] = get_args(RoleKind)
MAIN_BRANCH = "main"
"""The branch from which deployments run."""

_SUBJECT = re.compile(r"repo:(?P<owner>[^/:@]+)(?:@(?P<owner_id>\d+))?/(?P<name>[^/:@]+)(?:@(?P<id>\d+))?:(?P<what>.+)")
"""Old and immutable form (GitHub changelog of 2026-04-23: repositories made from 2026-07-15 on get the latter)."""
_ENVIRONMENT = re.compile(r"environment:(?P<name>[^:]+)")
"""GitHub writes a colon in a name as %3A."""
_BRANCH = re.compile(r"ref:refs/heads/[^:\s~^\\\[]+")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
"""Without dots, which the certificate of S3 does not cover (S3 user guide, "Bucket naming rules")."""
_PIPELINE_ROLE = re.compile(r"arn:aws:iam::\d{12}:role/nightowl-[a-z0-9-]+-(deploy|preview|ephemeral)")


def _check_subject(value: str) -> str:
    if re.search(r"[*?]|\$\{", value):
        raise ValueError("has a wildcard, which would let in more than one place; write each subject in full")
    if not value.isprintable() or value != value.strip() or not _SUBJECT.fullmatch(value):
        raise ValueError("is not the subject of a GitHub token, such as repo:owner/name:environment:prod")
    return value


def _check_backend(value: str) -> str:
    bucket, question, query = value.removeprefix("s3://").partition("?")
    if not value.startswith("s3://") or not _BUCKET.fullmatch(bucket) or not question:
        raise ValueError("is not where `nightowl bootstrap` keeps the state; write s3://BUCKET?region=REGION&awssdk=v2")
    parameters = parse_qs(query, keep_blank_values=True)
    unknown = sorted(parameters.keys() - {"region", "awssdk"})
    if unknown:
        raise ValueError(f"has the parameter {unknown[0][:40]}; only region and awssdk are taken")
    if len(parameters.get("region", [])) != 1:
        raise ValueError("does not say in one region=REGION where the bucket is")
    if parameters.get("awssdk", ["v2"]) != ["v2"]:
        raise ValueError("asks for another AWS SDK; write awssdk=v2")
    return value


_check_repository = form(
    r"(?a)[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}/(?!\.{1,2}$)[\w.-]{1,100}",
    "is not a repository on GitHub; write owner/name",
)
Repository = Annotated[str, AfterValidator(_check_repository), Notation("owner/name")]
"""Owner and name as GitHub takes them: 39 and 100 characters."""
_check_repository_id = form(
    r"(?a)[1-9]\d{0,18}", "is not a repository's id: digits in quotes, as `gh api repos/OWNER/NAME --jq .id` tells them"
)
RepositoryId = Annotated[str, BeforeValidator(_check_repository_id), Notation("digits in quotes")]
Subject = Annotated[str, AfterValidator(_check_subject), Notation("subject")]
Backend = Annotated[str, AfterValidator(_check_backend), Notation("S3 URL")]
_check_secrets_folder = form(
    r"(?a)[A-Za-z0-9_+=.@-][A-Za-z0-9/_+=.@-]{0,126}/",
    "is not how names of secrets begin, up to a slash, such as shared/",
)
SecretsFolder = Annotated[str, AfterValidator(_check_secrets_folder), Notation("beginning of names")]
"""What Secrets Manager takes in a name (API, CreateSecret), up to a slash."""


class GithubSettings(Model):
    """Which workflows of which repository may take the roles of this stack.

    Subjects are the `sub` of GitHub's tokens, verbatim. Repositories made, renamed or transferred since July 2026 have
    the form `repo:OWNER@OWNER_ID/NAME@ID:...`, older ones `repo:OWNER/NAME:...`; while one changes, list both.
    """

    repository: Repository
    """The repository, as its owner and its name are written on GitHub."""
    repository_id: RepositoryId
    """Its id, which outlives a new name and which no other repository gets: `gh api repos/OWNER/NAME --jq .id`."""
    deploy: tuple[Subject, ...]
    """Subjects that may deploy. Each names the same one environment of this repository."""
    preview: tuple[Subject, ...]
    """Subjects that may look: pull requests, and the branch from which drift is checked."""
    ephemeral: tuple[Subject, ...] = ()
    """Subjects that may make stacks of pull requests beside this one, by an environment of their own. None: nobody."""

    @property
    def environment(self) -> str:
        """The GitHub environment of deployments."""
        return self.environments("deploy")[0]

    def subjects(self, kind: RoleKind) -> tuple[str, ...]:
        """List the subjects that may take the role of a kind."""
        subjects: tuple[str, ...] = getattr(self, kind)
        return subjects

    def environments(self, kind: RoleKind) -> tuple[str, ...]:
        """List the GitHub environments that the subjects of a kind name, each once."""
        found = (_environment(subject) for subject in self.subjects(kind))
        return tuple(dict.fromkeys(name for name in found if name is not None))

    def _rules(self) -> Iterator[Rule]:
        for kind in ROLE_KINDS:
            yield functools.partial(self._subject_errors, kind)

    def _subject_errors(self, kind: RoleKind) -> Iterator[FieldError]:
        subjects = self.subjects(kind)
        if kind != "ephemeral" and not subjects:
            yield FieldError(kind, "is empty, so no workflow could; name a subject")
        before = ROLE_KINDS[: ROLE_KINDS.index(kind)]
        for index, subject in enumerate(subjects):
            message = self._repository_error(subject) or self._place_error(kind, subject)
            listed = next((one for one in before if subject in self.subjects(one)), None)
            if listed is not None or subject in subjects[:index]:
                message = f"{subject} is listed in {listed or kind} too; a subject has one place"
            if message:
                yield FieldError((kind, index), message)

    def _repository_error(self, subject: str) -> str | None:
        match = _parsed(subject)
        if f"{match['owner']}/{match['name']}" != self.repository:
            return f"{subject} is of another repository than {self.repository}"
        if (match["owner_id"] is None) != (match["id"] is None):
            return f"{subject} has one id only; write repo:OWNER@OWNER_ID/NAME@ID:..., or leave both out"
        if match["id"] not in (None, self.repository_id):
            return f"{subject} names the repository's id {match['id']}, but repositoryId is {self.repository_id}"
        return None

    def _place_error(self, kind: RoleKind, subject: str) -> str | None:
        environment, what = _environment(subject), _what(subject)
        if environment is None and kind != "preview":
            return f"{subject} names no environment; end it with :environment:NAME"
        if environment is None:
            is_known = what == "pull_request" or _BRANCH.fullmatch(what)
            kinds = ":pull_request, :ref:refs/heads/BRANCH and :environment:NAME"
            return None if is_known else f"{subject} ends with none of {kinds}"
        if kind == "deploy":
            first = self.environments("deploy")[0]
            return None if environment == first else f"{subject} names another environment than {first}; choose one"
        # GitHub does not tell capitals from small letters in the names of environments.
        taken = {name.casefold() for name in self.environments("deploy")}
        if environment.casefold() in taken:
            return f"{subject} names the environment of deploy; choose another"
        return None


class DeliverySettings(Model):
    """How a pipeline deploys this stack; leave it out to deploy by hand only."""

    backend: Backend | None = None
    """Where the state lies; `nightowl bootstrap` writes it here."""
    github: GithubSettings | None = None
    """Who may take the roles that this stack makes for GitHub Actions. None: it makes no roles."""
    promotes_from: Name | None = None
    """The stack from which this one copies the images of its apps with `build`. None: they are built for it."""
    readers: tuple[RoleArn, ...] = ()
    """Roles that may copy images from here: the deploy role of the next environment."""
    secrets: tuple[SecretsFolder, ...] = ()
    """How names of secrets begin that the stack's apps and pull requests may read, besides its name and a slash."""

    permissions: tuple[StatementSettings, ...] = ()
    """What the roles for GitHub may do besides, for what the stack's own Pulumi code makes. The role of previews gets
    the actions that read."""
    runner: Switch = False
    """Whether AWS CodeBuild deploys, inside the VPC, from where a private API server is reached."""

    @property
    def bucket(self) -> str | None:
        """The bucket of the state."""
        return None if self.backend is None else self.backend.removeprefix("s3://").partition("?")[0]

    def _rules(self) -> Iterator[Rule]:
        yield lambda: (
            FieldError(("readers", index), f"{self.readers[index]} is listed twice") for index in repeated(self.readers)
        )
        yield self._permission_errors
        yield self._runner_github_errors
        yield self._runner_backend_errors

    def _permission_errors(self) -> Iterator[FieldError]:
        if self.permissions and self.github is None:
            yield FieldError("permissions", "goes with github, whose roles get them")

    def _runner_github_errors(self) -> Iterator[FieldError]:
        if self.runner and self.github is None:
            yield FieldError("runner", "goes with github, which says whose jobs start it")

    def _runner_backend_errors(self) -> Iterator[FieldError]:
        if self.runner and self.backend is None:
            yield FieldError("runner", "goes with backend, which holds what it runs; `nightowl bootstrap` writes it")


def role_errors(delivery: DeliverySettings, access: Mapping[str, str]) -> Iterator[FieldError]:
    """Find roles of the pipeline in `access`, the roles that the cluster's access lists, with the key of the list."""
    if delivery.github is not None:
        for role, listed in access.items():
            if _PIPELINE_ROLE.fullmatch(role):
                message = f"holds {role}, a role of the pipeline, which gets its access from delivery.github; remove it"
                yield FieldError(("cluster", "access", listed), message)


def build_errors(builds: Collection[str]) -> Iterator[FieldError]:
    """Find apps with `build` whose names no repository can have; locations are below the sections' root."""
    for app in builds:
        if "--" in app:
            rule = f"{limits.ECR_REPOSITORY.of} {limits.ECR_REPOSITORY.rule}"
            message = f"is for an app whose name has two dashes in a row, and {rule}; rename the app"
            yield FieldError(("apps", app, "build"), message)


def reader_errors(delivery: DeliverySettings, builds: Collection[str]) -> Iterator[FieldError]:
    """Find readers of a stack that keeps no images; locations are below the sections' root."""
    if delivery.readers and not builds:
        message = "has nothing to read, as no app has 'build'; name the folder of an image there, or remove readers"
        yield FieldError(("delivery", "readers"), message)


def backend_errors(delivery: DeliverySettings, region: str) -> Iterator[FieldError]:
    """Find a state in another region than the stack's; locations are below the sections' root."""
    if delivery.backend is None:
        return
    of_state = parse_qs(delivery.backend.partition("?")[2])["region"][0]
    if of_state != region:
        message = f"names region {of_state[:40]}, but the stack lives in {region}; `nightowl bootstrap` writes it"
        yield FieldError(("delivery", "backend"), message)


def _environment(subject: str) -> str | None:
    match = _ENVIRONMENT.fullmatch(_what(subject))
    return match["name"] if match else None


def _what(subject: str) -> str:
    """What in the repository a subject names: `environment:prod`."""
    return _parsed(subject)["what"] or ""


def _parsed(subject: str) -> Mapping[str, str | None]:
    match = _SUBJECT.fullmatch(subject)
    return match.groupdict() if match else {"owner": "", "owner_id": None, "name": "", "id": None, "what": ""}
