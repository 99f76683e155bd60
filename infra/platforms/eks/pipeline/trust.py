"""Who may take a role of the pipeline: jobs by their tokens of GitHub Actions, and the builds that a job starts."""

from __future__ import annotations

from infra.iam import Document, Statement, policy_document, service_trust
from infra.platforms.eks.names import GITHUB_ISSUER, identity_provider_arn, runner_arn
from infra.platforms.eks.pipeline.permissions.scope import Scope
from infra.settings.eks.delivery import MAIN_BRANCH, GithubSettings, RoleKind

AUDIENCE = "sts.amazonaws.com"
"""For whom the token is made out (GitHub documentation, "Configuring OpenID Connect in Amazon Web Services")."""


def pipeline_trust(github: GithubSettings, scope: Scope, kind: RoleKind) -> Document:
    """Let jobs take a role whose tokens have one of its subjects; deployments run on the main branch, or in a build.

    Every comparison is of whole texts. The id keeps out a repository that is made anew under the same name;
    `environment` and `ref` hold whatever template the subject is made by. STS knows these claims as condition keys
    since January 2026 (AWS What's New).
    """
    claims: dict[str, str | list[str]] = {
        "aud": AUDIENCE,
        "sub": list(github.subjects(kind)),
        "repository_id": github.repository_id,
    }
    if kind == "deploy":
        claims |= {"environment": github.environment, "ref": f"refs/heads/{MAIN_BRANCH}"}
    document = policy_document(
        Statement(
            sid="JobsTakeRole",
            actions=["sts:AssumeRoleWithWebIdentity"],
            principals={"Federated": [identity_provider_arn(scope.account_id)]},
            conditions={"StringEquals": {f"{GITHUB_ISSUER}:{claim}": value for claim, value in claims.items()}},
        )
    )
    if kind == "deploy" and scope.runner:
        build = service_trust(
            "codebuild.amazonaws.com",
            account_id=scope.account_id,
            source_arn=runner_arn(scope.account_id, scope.region, scope.name),
        )
        document["Statement"] += build["Statement"]
    return document
