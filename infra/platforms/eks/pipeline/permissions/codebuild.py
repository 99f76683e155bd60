"""Rows of AWS CodeBuild: the project that deploys the stack from inside its VPC."""

from __future__ import annotations

from infra.platforms.eks.pipeline.permissions.rights import Grant, Table, TypeRights

_PROJECT = ("arn:{partition}:codebuild:{here}:project/{runner}",)

CODEBUILD: Table = {
    "aws:codebuild/project:Project": TypeRights(
        read=("codebuild:BatchGetProjects",),
        create=("codebuild:CreateProject",),
        update=("codebuild:UpdateProject",),
        delete=("codebuild:DeleteProject",),
        on=_PROJECT,
        read_on=_PROJECT,
        also_write=(
            Grant(
                # A build works as the role that starts it; the role's trust names this project and no other.
                actions=("iam:PassRole",),
                resources=("{deploy_role}",),
                conditions={"StringEquals": {"iam:PassedToService": ("codebuild.amazonaws.com",)}},
            ),
            Grant(
                actions=("codebuild:StartBuild",),
                resources=_PROJECT,
                # The request brings no commands (CodeBuild user guide, "AWS CodeBuild condition keys").
                conditions={"Null": {"codebuild:source.buildspec": ("true",)}},
            ),
            Grant(actions=("codebuild:BatchGetBuilds", "codebuild:StopBuild"), resources=_PROJECT),
            Grant(
                actions=("logs:GetLogEvents",),
                resources=("arn:{partition}:logs:{here}:log-group:/aws/codebuild/{runner}:log-stream:*",),
            ),
        ),
    ),
}
