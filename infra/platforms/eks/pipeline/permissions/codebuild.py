"""Rows of AWS CodeBuild: the project that deploys the stack from inside its VPC."""

from __future__ import annotations

from infra.platforms.eks.pipeline.permissions.grants import Table, read, write

_PROJECT = "arn:aws:codebuild:{here}:project/{runner}"

CODEBUILD: Table = {
    "aws:codebuild/project:Project": (
        read("codebuild:BatchGetProjects", _PROJECT),
        write("codebuild:CreateProject UpdateProject DeleteProject BatchGetBuilds StopBuild", _PROJECT),
        # A build works as the role that starts it; the role's trust names this project and no other.
        write(
            "iam:PassRole",
            "{deploy_role}",
            when={"StringEquals": {"iam:PassedToService": "codebuild.amazonaws.com"}},
        ),
        # The request brings no commands (CodeBuild user guide, "AWS CodeBuild condition keys").
        write("codebuild:StartBuild", _PROJECT, when={"Null": {"codebuild:source.buildspec": "true"}}),
        write("logs:GetLogEvents", "arn:aws:logs:{here}:log-group:/aws/codebuild/{runner}:log-stream:*"),
    ),
}
