"""All rows, those of AWS CodeBuild, and the look-ups that every program makes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from infra.errors import NightowlError
from infra.platforms.eks.pipeline.permissions.ec2 import EC2
from infra.platforms.eks.pipeline.permissions.eks import EKS
from infra.platforms.eks.pipeline.permissions.grants import Grant, Table, read, write
from infra.platforms.eks.pipeline.permissions.iam import IAM, SERVICE_ROLE
from infra.platforms.eks.pipeline.permissions.storage import STORAGE
from infra.platforms.eks.pipeline.permissions.traffic import TRAFFIC

_PROJECT = "arn:aws:codebuild:{here}:project/{runner}"

CODEBUILD: Table = {
    # The project that deploys the stack from inside its VPC.
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

SECTIONS: dict[str, Table] = {
    "cluster": EKS,
    "delivery": CODEBUILD,
    "identity": IAM,
    "network": EC2,
    "storage": STORAGE,
    "traffic": TRAFFIC,
}
"""Rows by the document that they go into."""

LOOK_UPS = (
    # The zones of the region. Who the caller is needs no permission (STS API, GetCallerIdentity).
    read("ec2:DescribeAvailabilityZones"),
    # Which machines these zones have. Takes no resource.
    read("ec2:DescribeInstanceTypeOfferings DescribeInstanceTypes"),
    # Whether somebody made the role of EC2 Auto Scaling, which decides whether the stack makes it. The list takes no
    # resource.
    read("iam:ListRoles"),
    read("iam:GetRole", SERVICE_ROLE),
)
"""What every program asks before it makes anything. The look-ups of one type are in its row."""


class UnknownTypeError(NightowlError):
    """The program makes a type for which nobody has written down what it needs."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"the pipeline's permissions have no row for {kind}; add one below infra/platforms/eks/pipeline/permissions"
        )


def has_row(kind: str) -> bool:
    """Return whether it is known what a type takes."""
    return any(kind in table for table in SECTIONS.values())


def rows(types: Iterable[str]) -> dict[str, list[Sequence[Grant]]]:
    """Pick the rows of `types` by section, each in the order of the types' names; every section is there.

    Raises:
        UnknownTypeError: a type has no row.
    """
    picked: dict[str, list[Sequence[Grant]]] = {section: [] for section in SECTIONS}
    for kind in sorted(types):
        section = next((name for name, table in SECTIONS.items() if kind in table), None)
        if section is None:
            raise UnknownTypeError(kind)
        picked[section].append(SECTIONS[section][kind])
    return picked
