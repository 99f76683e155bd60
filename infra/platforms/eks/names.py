"""The fixed names of what an EKS stack makes, all from the project's and the stack's names, and whether AWS takes them.

`cluster` is the cluster's name (`cluster_name`), the stem of the others: two projects of an account share none of them.
The commands of the pipeline know them without asking AWS. What has no fixed name gets one from the engine: the
program's name for it, a dash and seven random characters.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from infra.settings.eks import limits
from infra.settings.eks.delivery import ROLE_KINDS, DeliverySettings, GithubSettings, RoleKind
from infra.settings.eks.limits import NameLimit
from infra.settings.names import check_name
from infra.settings.problems import Problem

GITHUB_ISSUER = "token.actions.githubusercontent.com"
"""Who signs the tokens of GitHub Actions (GitHub docs, "OpenID Connect reference")."""
KEY_USES = ("secrets", "logs", "volumes", "files")
"""What the keys of a stack are for."""
PULL_REQUESTS = "pr-"
"""How the names of stacks begin that the role of pull requests may change."""
PULL_REQUEST_STACKS = f"{PULL_REQUESTS}*"
"""The stacks of labelled pull requests, and their namespaces."""
GUEST_ROLE = "guest-"
"""How the names of the roles for pods of pull requests begin, in the path of the stack that makes them."""
_LONGEST_PART = "delivery-10"
"""Of the names of a pipeline role's policies (`infra.platforms.eks.pipeline.permissions`)."""


def cluster_name(project: str, stack: str) -> str:
    """Name the cluster of a stack: `nightowl-dev`. `project` is the name in Pulumi.yaml."""
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


def runner_log_group(cluster: str) -> str:
    """Name the log group of the builds inside the VPC."""
    return f"/aws/codebuild/{runner_name(cluster)}"


def secrets_folder(stack: str) -> str:
    """Return how the names of a stack's secrets begin in AWS Secrets Manager: `dev/`."""
    return f"{stack}/"


def role_path(project: str, stack: str) -> str:
    """Return the path of the roles that a stack makes: `/nightowl/dev/`.

    By the path a policy distinguishes them from every other role of the account. The pipeline's own roles have the path
    `/`, so that no permission for the stack's roles reaches them.
    """
    return f"/{project}/{stack}/"


def role_name(cluster: str, kind: RoleKind) -> str:
    """Name the role that the pipeline takes."""
    return f"{cluster}-{kind}"


def role_arn(account_id: str, cluster: str, kind: RoleKind) -> str:
    """Return the ARN of the role that the pipeline takes."""
    return f"arn:aws:iam::{account_id}:role/{role_name(cluster, kind)}"


def pipeline_arns(github: GithubSettings | None, account_id: str, cluster: str) -> Mapping[RoleKind, str]:
    """Return the ARNs of the roles that a stack makes for GitHub, by kind."""
    if github is None:
        return {}
    return {kind: role_arn(account_id, cluster, kind) for kind in ROLE_KINDS if github.subjects(kind)}


def boundary_name(cluster: str) -> str:
    """Name the policy that bounds every role that a stack makes."""
    return f"{cluster}-boundary"


def app_boundary_name(cluster: str) -> str:
    """Name the policy that bounds the roles of pods with `permissions`."""
    return f"{cluster}-app-boundary"


def pipeline_boundary_name(cluster: str) -> str:
    """Name the policy that bounds the roles that GitHub takes."""
    return f"{cluster}-pipeline-boundary"


def identity_provider_arn(account_id: str) -> str:
    """Return the ARN of the account's identity provider for GitHub Actions, which `nightowl bootstrap` makes."""
    return f"arn:aws:iam::{account_id}:oidc-provider/{GITHUB_ISSUER}"


def runner_name(cluster: str) -> str:
    """Name the CodeBuild project that deploys a stack from inside its VPC."""
    return f"{cluster}-runner"


def runner_arn(account_id: str, region: str, cluster: str) -> str:
    """Return the ARN of that project."""
    return f"arn:aws:codebuild:{region}:{account_id}:project/{runner_name(cluster)}"


def runner_folder(cluster: str) -> str:
    """Return where in the state's bucket lies what the build runs, and what it reports."""
    return f"runner/{cluster}"


def registry_host(account_id: str, region: str) -> str:
    """Return the host name of the account's image registry."""
    return f"{account_id}.dkr.ecr.{region}.amazonaws.com"


def repository_name(cluster: str, app: str, *, pull_request: bool = False) -> str:
    """Name the repository of an app's images.

    Images of pull requests have repositories of their own: none of them ever lies where a deployment looks for one.
    """
    return f"{cluster}/pr/{app}" if pull_request else f"{cluster}/{app}"


def image_tag(tree: str) -> str:
    """Return the tag of the image built from a folder, by the hash of its git tree: the same content, the same tag."""
    return f"tree-{tree}"


def stack_name_errors(
    project: str,
    stack: str,
    delivery: DeliverySettings | None = None,
    builds: Collection[str] = (),
    *,
    of_pull_request: bool = False,
) -> Iterator[Problem]:
    """Find what is wrong with the name of a stack that lives in an AWS account.

    Other stack files name a stack by it (`promotesFrom`), so it has the form of every other name; and AWS must take all
    that is made of it. `builds` are the apps whose images it keeps.
    """
    try:
        check_name(stack)
    except ValueError as error:
        yield Problem(f"stack {stack[:60]}", f"the name {error}; make the stack under another name")
        return
    if stack.startswith(PULL_REQUESTS) and not of_pull_request:
        yield Problem(
            f"stack {stack}",
            f"names that begin with {PULL_REQUESTS} are for stacks of pull requests, whose role could change this one; "
            "make the stack under another name",
        )
        return
    for limit, name in fixed_names(project, stack, delivery or DeliverySettings(), builds):
        flaw = limit.error(name)
        if flaw:
            yield Problem(f"stack {stack}", f"{name} {flaw}; make the stack under another name")
            return


def fixed_names(
    project: str, stack: str, delivery: DeliverySettings, builds: Collection[str]
) -> Iterator[tuple[NameLimit, str]]:
    """List the fixed names of a stack, each with what its service takes."""
    cluster = cluster_name(project, stack)
    yield limits.EKS_CLUSTER, cluster
    yield limits.IAM_PATH, role_path(project, stack)
    yield from ((limits.KMS_ALIAS, key_alias(cluster, use)) for use in KEY_USES)
    for group in (control_plane_log_group(cluster), flow_log_group(cluster), firewall_log_group(cluster)):
        yield limits.LOG_GROUP, group
    if delivery.github is not None:
        for kind in ROLE_KINDS:
            yield limits.IAM_ROLE, role_name(cluster, kind)
            yield limits.IAM_POLICY, f"{role_name(cluster, kind)}-{_LONGEST_PART}"
        yield limits.IAM_POLICY, boundary_name(cluster)
        yield limits.IAM_POLICY, app_boundary_name(cluster)
        yield limits.IAM_POLICY, pipeline_boundary_name(cluster)
    if delivery.runner:
        yield limits.CODEBUILD_PROJECT, runner_name(cluster)
        yield limits.LOG_GROUP, runner_log_group(cluster)
    for app in builds:
        yield limits.ECR_REPOSITORY, repository_name(cluster, app)
        yield limits.ECR_REPOSITORY, repository_name(cluster, app, pull_request=True)
