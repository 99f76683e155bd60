"""Decides whether STS hands out a role for a token of GitHub Actions, for tests.

AssumeRoleWithWebIdentity goes in two steps. First STS judges the token by the account's identity provider: the issuer
is the provider's, the one audience is among the provider's, and there is a subject (IAM user guide, "Creating OpenID
Connect identity providers"). Then the role's trust policy is evaluated. Of the claims it sees only those that STS makes
condition keys of (IAM user guide, "Available keys for AWS OIDC federation"); a key without a claim matches nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.platforms.eks.iam_evaluator import Call, allows

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
OTHERS_AUDIENCE = "https://github.com/example"
"""What GitHub writes where a job asks for no audience. Others of the account may have registered it."""
CONDITION_KEYS = frozenset(
    {
        "actor",
        "actor_id",
        "aud",
        "enterprise_id",
        "environment",
        "job_workflow_ref",
        "ref",
        "repository",
        "repository_id",
        "sub",
        "workflow",
    }
)
"""Claims that become condition keys: `aud` and `sub` of every provider, the others of GitHub's since January 2026."""


@dataclass(frozen=True, kw_only=True)
class Provider:
    """An identity provider of an account, as `nightowl bootstrap` leaves one that others use too."""

    account_id: str
    issuer: str = ISSUER
    audiences: frozenset[str] = frozenset({AUDIENCE, OTHERS_AUDIENCE})

    @property
    def arn(self) -> str:
        """By which a trust policy names it."""
        return f"arn:aws:iam::{self.account_id}:oidc-provider/{self.issuer}"


def may_assume(trust: Mapping[str, Any], token: Mapping[str, Any], provider: Provider) -> bool:
    """Tell whether who holds `token` gets the role that `trust` is of, by `provider` of the role's account."""
    return _is_accepted(token, provider) and allows(
        trust,
        Call(
            action="sts:AssumeRoleWithWebIdentity",
            principal=provider.arn,
            context={f"{provider.issuer}:{claim}": value for claim, value in token.items() if claim in CONDITION_KEYS},
        ),
    )


def _is_accepted(token: Mapping[str, Any], provider: Provider) -> bool:
    audience = token.get("aud")
    # GitHub sends one text. A list is refused here even where each of its members would do.
    return (
        token.get("iss") == f"https://{provider.issuer}"
        and isinstance(audience, str)
        and audience in provider.audiences
        and bool(token.get("sub"))
    )
