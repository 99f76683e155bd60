"""The image repositories of a stack."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.iam import Document, Statement, policy_document
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.names import repository_name

KEPT_IMAGES = 200
"""Of an app: at three deployments a day the last two months can be rolled back to."""
UNTAGGED_DAYS = 14
PULL_REQUEST_DAYS = 14
PULL_ACTIONS = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


@dataclass(frozen=True, kw_only=True)
class RegistryArgs:
    """The apps whose images are kept, and who reads them.

    `pull_requests` tells whether images of pull requests are kept too, apart from the others. `nodes` is the ARN of the
    role of the nodes, `pushers` are those of the pipeline's roles, `readers` those of the next environment's.
    """

    context: AwsContext
    apps: Sequence[str]
    pull_requests: bool
    nodes: pulumi.Input[str]
    pushers: Sequence[pulumi.Input[str]]
    readers: Sequence[str]


class Registry(pulumi.ComponentResource):
    """A repository per app: tags never move, every image is scanned, old ones go, and only the nodes pull.

    Encrypted with the account's own KMS key for ECR: with a key of the stack, a destroyed stack's images could not even
    be read before they are deleted.
    """

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:Registry", name, None, opts)
        self._args = args
        for app in args.apps:
            self._make_repository(app, pull_request=False)
            if args.pull_requests:
                self._make_repository(app, pull_request=True)
        self.register_outputs({})

    def _make_repository(self, app: str, *, pull_request: bool) -> None:
        args, context = self._args, self._args.context
        # No other environment takes what a pull request has built.
        readers: Sequence[str] = () if pull_request else args.readers
        # No app's name has a dot, so no other app has this name.
        name = f"pr.{app}" if pull_request else app
        repository = aws.ecr.Repository(
            name,
            name=repository_name(context.name, app, pull_request=pull_request),
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration=aws.ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
            encryption_configurations=[aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type="KMS")],
            # What is in it can be built again, unless the stack is to be kept.
            force_delete=pull_request or not context.protect,
            opts=pulumi.ResourceOptions(parent=self, protect=context.protect and not pull_request),
        )
        aws.ecr.LifecyclePolicy(
            name,
            repository=repository.name,
            policy=json.dumps(lifecycle(pull_request=pull_request)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.ecr.RepositoryPolicy(
            name,
            repository=repository.name,
            policy=pulumi.Output.json_dumps(repository_policy(nodes=args.nodes, pushers=args.pushers, readers=readers)),
            opts=pulumi.ResourceOptions(parent=self),
        )


def lifecycle(*, pull_request: bool) -> Mapping[str, Any]:
    """Keep the newest images, and drop what lost its tag (ECR user guide, "Lifecycle policy parameters").

    Nobody goes back to images of pull requests: those are kept for some days only.
    """
    if pull_request:
        return {"rules": [_expire(1, f"Keep for {PULL_REQUEST_DAYS} days", "any", _older_than(PULL_REQUEST_DAYS))]}
    newest = {"countType": "imageCountMoreThan", "countNumber": KEPT_IMAGES}
    return {
        "rules": [
            _expire(1, f"Drop untagged images after {UNTAGGED_DAYS} days", "untagged", _older_than(UNTAGGED_DAYS)),
            _expire(2, f"Keep the newest {KEPT_IMAGES}", "any", newest),
        ]
    }


def repository_policy(
    *, nodes: pulumi.Input[str], pushers: Sequence[pulumi.Input[str]], readers: Sequence[str]
) -> Document:
    """Let the nodes pull, and the next environment copy; nobody else of the account pulls, whatever IAM allows."""
    statements = [
        Statement(sid="NodesPull", actions=PULL_ACTIONS, principals={"AWS": [nodes]}),
        Statement(
            sid="NobodyElsePulls",
            effect="Deny",
            actions=PULL_ACTIONS,
            principals={"AWS": ["*"]},
            conditions={"ArnNotEquals": {"aws:PrincipalArn": [nodes, *pushers, *readers]}},
        ),
    ]
    if readers:
        statements.append(
            Statement(
                sid="NextEnvironmentCopies",
                actions=("ecr:BatchCheckLayerAvailability", "ecr:DescribeImages", *PULL_ACTIONS),
                # ECR refuses a policy whose principal does not exist, and the next environment is made after this one.
                principals={"AWS": sorted({_account_root(reader) for reader in readers})},
                conditions={"ArnEquals": {"aws:PrincipalArn": list(readers)}},
            )
        )
    return policy_document(*statements)


def _account_root(role_arn: str) -> str:
    return f"{role_arn.partition(':role/')[0]}:root"


def _older_than(days: int) -> Mapping[str, Any]:
    return {"countType": "sinceImagePushed", "countUnit": "days", "countNumber": days}


def _expire(priority: int, description: str, tag_status: str, count: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "rulePriority": priority,
        "description": description,
        "selection": {"tagStatus": tag_status, **count},
        "action": {"type": "expire"},
    }
