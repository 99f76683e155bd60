"""The roles that GitHub takes, and the boundary that no role of the stack gets across."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from infra.iam import Document, Statement, policy_document, service_trust
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.names import (
    GITHUB_ISSUER,
    app_boundary_name,
    boundary_name,
    identity_provider_arn,
    pipeline_boundary_name,
    role_name,
    runner_arn,
)
from infra.platforms.eks.pipeline.boundary import boundary_document, pipeline_boundary_document
from infra.platforms.eks.pipeline.permissions.deploy import deploy_documents
from infra.platforms.eks.pipeline.permissions.ephemeral import ephemeral_documents
from infra.platforms.eks.pipeline.permissions.preview import preview_documents
from infra.platforms.eks.pipeline.permissions.scope import Scope
from infra.settings.eks.delivery import MAIN_BRANCH, ROLE_KINDS, DeliverySettings, GithubSettings, RoleKind

AUDIENCE = "sts.amazonaws.com"
"""For whom the token is made out (GitHub documentation, "Configuring OpenID Connect in Amazon Web Services")."""
SESSION_SECONDS: Mapping[RoleKind, int] = {"deploy": 7200, "preview": 3600, "ephemeral": 3600}
"""How long a job may act with one token. A first deployment takes 14 minutes, one that replaces every node an hour."""

DESCRIPTIONS: Mapping[RoleKind, str] = {
    "deploy": "Deploys the stack from GitHub",
    "preview": "Looks at the stack from GitHub",
    "ephemeral": "Makes stacks of pull requests from GitHub",
}


class Delivery(pulumi.ComponentResource):
    """The permissions boundary of the stack's roles, and the roles of the pipeline inside one of their own.

    The roles cannot change anything in this component: an administrator deploys a change of it
    (docs/decisions/0011-the-pipeline-cannot-change-its-own-rights.md).
    """

    boundary_arn: pulumi.Output[str]
    roles: Mapping[RoleKind, aws.iam.Role]

    def __init__(
        self, name: str, *, github: GithubSettings, scope: Scope, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("nightowl:eks:Delivery", name, None, opts)
        self._github, self._scope = github, scope
        self.boundary_arn = self._make_boundary(
            "boundary",
            boundary_name(scope.name),
            f"The most that a role of {scope.name} can do",
            boundary_document(scope),
        )
        self._pipeline_boundary_arn = self._make_boundary(
            "pipeline-boundary",
            pipeline_boundary_name(scope.name),
            f"The most that GitHub can do with {scope.name}",
            pipeline_boundary_document(scope),
        )
        self.roles = {kind: self._make_role(kind) for kind in ROLE_KINDS if github.subjects(kind)}
        self.register_outputs({"roles": {kind: role.arn for kind, role in self.roles.items()}})

    def bound_apps(self, document: Document) -> pulumi.Output[str]:
        """Make the boundary of the roles of pods with `permissions`, and return its ARN."""
        name = self._scope.name
        return self._make_boundary(
            "app-boundary", app_boundary_name(name), f"The most that an app of {name} can do", document
        )

    def permit(self, types: frozenset[str]) -> None:
        """Grant the roles what a stack of these resource types needs, once all of them are known."""
        documents: dict[RoleKind, Mapping[str, Document]] = {
            "deploy": deploy_documents(types, self._scope),
            "preview": preview_documents(types, self._scope),
        }
        if "ephemeral" in self.roles:
            documents["ephemeral"] = ephemeral_documents(self._scope)
        for kind, of_kind in documents.items():
            for part, document in of_kind.items():
                self._attach(kind, part, document)

    def _make_boundary(self, name: str, fixed_name: str, description: str, document: Document) -> pulumi.Output[str]:
        policy = aws.iam.Policy(
            name,
            name=fixed_name,
            description=description,
            policy=pulumi.Output.json_dumps(document),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return policy.arn

    def _make_role(self, kind: RoleKind) -> aws.iam.Role:
        return aws.iam.Role(
            kind,
            name=role_name(self._scope.name, kind),
            assume_role_policy=pulumi.Output.json_dumps(pipeline_trust(self._github, self._scope, kind)),
            permissions_boundary=self._pipeline_boundary_arn,
            max_session_duration=SESSION_SECONDS[kind],
            description=f"{DESCRIPTIONS[kind]}: {self._github.repository}",
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _attach(self, kind: RoleKind, part: str, document: Document) -> None:
        policy = aws.iam.Policy(
            f"{kind}-{part}",
            name=f"{role_name(self._scope.name, kind)}-{part}",
            description=f"{DESCRIPTIONS[kind]}: {part}",
            policy=pulumi.Output.json_dumps(document),
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.iam.RolePolicyAttachment(
            f"{kind}-{part}",
            role=self.roles[kind].name,
            policy_arn=policy.arn,
            opts=pulumi.ResourceOptions(parent=self),
        )


def make_scope(
    context: AwsContext,
    delivery: DeliverySettings,
    *,
    domain: str | None,
    file_systems: bool = False,
    permissions: bool = False,
) -> Scope:
    """Return what the documents of the roles name: the stack, and where it lives."""
    return Scope(
        account_id=context.account_id,
        region=context.region,
        project=context.project,
        stack=context.stack,
        backend_bucket=delivery.bucket,
        domain=domain,
        promotes_from=delivery.promotes_from,
        guests=delivery.github is not None and bool(delivery.github.ephemeral),
        runner=delivery.runner,
        shared_secrets=delivery.secrets,
        file_systems=file_systems,
        own_code=_own_code(delivery),
        permissions=permissions,
    )


def _own_code(delivery: DeliverySettings) -> tuple[Statement, ...]:
    return tuple(
        Statement(
            sid=f"OwnCode{number}",
            actions=permission.actions,
            resources=[_literally(resource) for resource in permission.resources],
            conditions={
                operator: {_literally(key): [_literally(value) for value in values] for key, values in keys.items()}
                for operator, keys in permission.conditions.items()
            },
        )
        for number, permission in enumerate(delivery.permissions, start=1)
    )


def _literally(text: str) -> str:
    """Write a text so that its braces, which IAM knows too, stand for no word of the scope."""
    return text.replace("{", "{{").replace("}", "}}")


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
