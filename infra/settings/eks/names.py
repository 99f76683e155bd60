"""The fixed names of what an EKS stack makes, all from the stack's own name, and whether AWS takes them.

What has no fixed name gets one from the engine: the program's name for it, a dash and seven random characters.
"""

from __future__ import annotations

from collections.abc import Iterator

from infra.settings.eks import limits
from infra.settings.eks.delivery import (
    ROLE_KINDS,
    DeliverySettings,
    boundary_name,
    pipeline_boundary_name,
    repository_name,
    role_name,
    runner_name,
)
from infra.settings.eks.limits import NameLimit
from infra.settings.names import check_name

KEY_USES = ("secrets", "logs", "volumes")
"""What the keys of a stack are for."""
PULL_REQUESTS = "pr-"
"""How the names of stacks begin that the role of pull requests may change."""
_LONGEST_PART = "delivery-10"
"""Of the names of a pipeline role's policies (`infra.platforms.eks.pipeline.permissions`)."""


def cluster_name(project: str, stack: str) -> str:
    """Name the cluster of a stack; the name is the stem of most other names too."""
    return f"{project}-{stack}"


def key_alias(cluster: str, use: str) -> str:
    """Name the key of a stack for a use."""
    return f"alias/{cluster}-{use}"


def control_plane_log_group(cluster: str) -> str:
    """Name the log group to which EKS writes."""
    return f"/aws/eks/{cluster}/cluster"


def flow_log_group(cluster: str) -> str:
    """Name the log group of the VPC's flow logs."""
    return f"/aws/vpc/{cluster}/flow-logs"


def firewall_log_group(cluster: str) -> str:
    """Name the firewall's log group; AWS WAF logs only to groups whose names begin like this."""
    return f"aws-waf-logs-{cluster}"


def runner_log_group(stack: str) -> str:
    """Name the log group of the builds inside the VPC."""
    return f"/aws/codebuild/{runner_name(stack)}"


def secrets_folder(stack: str) -> str:
    """Return how the names of a stack's secrets begin in AWS Secrets Manager: `dev/`."""
    return f"{stack}/"


def role_path(project: str, stack: str) -> str:
    """Return the path of the roles that a stack makes: `/nightowl/dev/`.

    By the path a policy tells them from every other role of the account. The pipeline's own roles have the path `/`, so
    that no permission for the stack's roles reaches them.
    """
    return f"/{project}/{stack}/"


def stack_name_errors(
    project: str, stack: str, delivery: DeliverySettings | None = None, *, of_pull_request: bool = False
) -> Iterator[str]:
    """Find what is wrong with the name of a stack that lives in an AWS account, one line each.

    Other stack files name a stack by it (`promotesFrom`), so it has the form of every other name; and AWS must take all
    that is made of it.
    """
    try:
        check_name(stack)
    except ValueError as error:
        yield f"stack {stack[:60]}: the name {error}; make the stack under another name"
        return
    if stack.startswith(PULL_REQUESTS) and not of_pull_request:
        yield (
            f"stack {stack}: names that begin with {PULL_REQUESTS} are for stacks of pull requests, whose role could "
            "change this one; make the stack under another name"
        )
        return
    for limit, name in fixed_names(project, stack, delivery or DeliverySettings()):
        flaw = limit.flaw(name)
        if flaw:
            yield f"stack {stack}: {name} {flaw}; make the stack under another name"
            return


def fixed_names(project: str, stack: str, delivery: DeliverySettings) -> Iterator[tuple[NameLimit, str]]:
    """List the fixed names of a stack, each with what its service takes."""
    cluster = cluster_name(project, stack)
    yield limits.EKS_CLUSTER, cluster
    yield limits.IAM_PATH, role_path(project, stack)
    yield from ((limits.KMS_ALIAS, key_alias(cluster, use)) for use in KEY_USES)
    for group in (control_plane_log_group(cluster), flow_log_group(cluster), firewall_log_group(cluster)):
        yield limits.LOG_GROUP, group
    if delivery.github is not None:
        for kind in ROLE_KINDS:
            yield limits.IAM_ROLE, role_name(stack, kind)
            yield limits.IAM_POLICY, f"{role_name(stack, kind)}-{_LONGEST_PART}"
        yield limits.IAM_POLICY, boundary_name(stack)
        yield limits.IAM_POLICY, pipeline_boundary_name(stack)
    if delivery.runner:
        yield limits.CODEBUILD_PROJECT, runner_name(stack)
        yield limits.LOG_GROUP, runner_log_group(stack)
    for app in delivery.images:
        yield limits.ECR_REPOSITORY, repository_name(stack, app)
        yield limits.ECR_REPOSITORY, repository_name(stack, app, pull_request=True)
