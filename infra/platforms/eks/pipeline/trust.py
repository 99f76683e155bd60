"""Whose tokens of GitHub Actions a role trusts."""

from __future__ import annotations

from collections.abc import Sequence

from infra.iam import Document, Statement, policy_document
from infra.platforms.eks.names import GITHUB_ISSUER

AUDIENCE = "sts.amazonaws.com"
"""For whom the token is made out (GitHub documentation, "Configuring OpenID Connect in Amazon Web Services")."""


def github_trust(
    *,
    provider_arn: str,
    subjects: Sequence[str],
    repository_id: str,
    environment: str | None = None,
    ref: str | None = None,
) -> Document:
    """Let jobs take a role whose tokens have one of `subjects`, all else being equal too.

    Every comparison is of whole texts. The id keeps out a repository that is made anew under the same name;
    `environment` and `ref` (`refs/heads/main`) hold whatever template the subject is made by. STS knows these claims as
    condition keys since January 2026 (AWS What's New).
    """
    claims: dict[str, str | list[str]] = {"aud": AUDIENCE, "sub": list(subjects), "repository_id": repository_id}
    if environment is not None:
        claims["environment"] = environment
    if ref is not None:
        claims["ref"] = ref
    return policy_document(
        Statement(
            sid="JobsTakeRole",
            actions=["sts:AssumeRoleWithWebIdentity"],
            principals={"Federated": [provider_arn]},
            conditions={"StringEquals": {f"{GITHUB_ISSUER}:{claim}": value for claim, value in claims.items()}},
        )
    )
