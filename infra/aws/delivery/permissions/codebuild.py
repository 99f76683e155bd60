"""Rows of AWS CodeBuild: the runner inside the VPC."""

from __future__ import annotations

from infra.aws.delivery.permissions.rights import Grant, Table, TypeRights, pass_role

_PROJECTS = ("arn:{partition}:codebuild:{here}:project/{name}-*",)
_CONNECTIONS = ("{connection}",)

CODEBUILD: Table = {
    "aws:codebuild/project:Project": TypeRights(
        read=("codebuild:BatchGetProjects",),
        create=("codebuild:CreateProject",),
        update=("codebuild:UpdateProject",),
        delete=("codebuild:DeleteProject",),
        on=_PROJECTS,
        read_on=_PROJECTS,
        also_write=(
            pass_role("codebuild.amazonaws.com"),
            Grant(
                # CodeBuild checks that the caller may use the connection that the project is given.
                actions=(
                    "codeconnections:GetConnection",
                    "codeconnections:PassConnection",
                    "codeconnections:UseConnection",
                ),
                resources=_CONNECTIONS,
            ),
        ),
    ),
    "aws:codebuild/webhook:Webhook": TypeRights(
        read=("codebuild:BatchGetProjects",),
        create=("codebuild:CreateWebhook",),
        update=("codebuild:UpdateWebhook",),
        delete=("codebuild:DeleteWebhook",),
        on=_PROJECTS,
        read_on=_PROJECTS,
    ),
}
