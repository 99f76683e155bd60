"""How GitHub writes this repository into the tokens of its workflows.

A role trusts the subject of a token letter by letter, and GitHub has two forms: `repo:OWNER/NAME:...`, and for
repositories made, renamed or transferred since 2026-07-15, or opted in, `repo:OWNER@OWNER_ID/NAME@ID:...`. So it is
asked, never guessed. Reference: docs.github.com/en/rest/actions/oidc and /actions/reference/security/oidc.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infra.errors import UsageError
from infra.github.client import Json, RepositoryApi
from infra.settings.eks.delivery import MAIN_BRANCH

DEFAULT_CLAIMS = ["repo", "context"]
"""The template that GitHub's default is the same as."""

PREVIEW_CONTEXTS = ("pull_request", f"ref:refs/heads/{MAIN_BRANCH}")
"""The end of a subject for the jobs that only look: in pull requests, and at night on main."""


@dataclass(frozen=True, kw_only=True)
class SubjectFormat:
    """With what the subjects of this repository's tokens begin."""

    prefixes: tuple[str, ...]
    """What a token can begin with today. Two where GitHub's answer leaves open which."""
    known: tuple[str, ...]
    """Every form that means this very repository, such as the one before a change-over."""

    def subjects(self, contexts: Sequence[str], listed: Sequence[str] = ()) -> tuple[str, ...]:
        """Write the subjects of jobs in `contexts`, letter by letter.

        Those of `listed` that say the same in another form of this repository stay, so that a stack file can list
        both forms while a repository changes over.
        """
        wanted = [f"{prefix}:{context}" for prefix in self.prefixes for context in contexts]
        same = {f"{prefix}:{context}" for prefix in self.known for context in contexts}
        kept = [subject for subject in listed if subject in same]
        return (*kept, *(subject for subject in wanted if subject not in kept))


def subject_format(api: RepositoryApi) -> SubjectFormat:
    """Ask GitHub for the form of the subjects.

    Raises:
        UsageError: the repository has a template of its own, whose subjects the roles' trust could not match.
    """
    repository = api.repository
    plain = f"repo:{repository.full_name}"
    immutable = f"repo:{repository.owner.login}@{repository.owner.id}/{repository.name}@{repository.id}"
    answer: Json = api.find("actions/oidc/customization/sub", "read how GitHub writes the subjects of tokens") or {}
    if not answer.get("use_default", True) and answer.get("include_claim_keys") != DEFAULT_CLAIMS:
        claims = ", ".join(answer.get("include_claim_keys") or ["those of the organization"])
        raise UsageError(
            f"the tokens of {repository.full_name} have a subject of its own making ({claims}), which the trust of the "
            f"roles cannot match; go back to GitHub's: gh api -X PUT repos/{repository.full_name}/actions/oidc/"
            "customization/sub -F use_default=true"
        )
    declared_immutable = bool(answer.get("use_immutable_subject"))
    by_flag = immutable if declared_immutable else plain
    prefix = str(answer.get("sub_claim_prefix") or by_flag)
    if prefix not in (plain, immutable):
        raise UsageError(
            f"GitHub begins the subjects of {repository.full_name} with {prefix!r}, and not with {plain!r} or "
            f"{immutable!r}; the trust of the roles takes these two only"
        )
    # Seen in 2026: the flag says one form and the prefix the other. Both name this repository and no other: the trust
    # compares its id too.
    return SubjectFormat(prefixes=tuple(dict.fromkeys((prefix, by_flag))), known=(plain, immutable))
