"""A runner of GitHub Actions inside the VPC, from where the private API server is reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.aws.context import AwsContext
from infra.aws.iam import Document, Statement, policy_document, service_trust
from infra.aws.roles import PermittedRole, make_role
from infra.settings.aws.delivery import runner_label, runner_name
from infra.settings.aws.names import runner_log_group

HTTPS_PORT = 443
IMAGE = "aws/codebuild/amazonlinux-aarch64-standard:4.0"
"""AWS's own image for ARM, with Python and the AWS command line (CodeBuild user guide, "Docker images provided by
CodeBuild")."""
SIZE = "BUILD_GENERAL1_MEDIUM"
"""4 CPUs and 8 GiB: the AWS provider alone takes more than one."""
TIMEOUT_MINUTES = 90
WORKFLOWS = ("deploy", "drift", "main", "prod", "recover", "staging")
"""The workflows whose jobs it takes, by name. None of a pull request is among them."""
BUILDSPEC = "version: 0.2\nphases:\n  build:\n    commands:\n      - 'true'\n"
"""A job can ask by its label for the commands of the buildspec; without one here they would be those of its branch
(CodeBuild user guide, "Label overrides supported with the CodeBuild-hosted GitHub Actions runner")."""


@dataclass(frozen=True, kw_only=True)
class RunnerArgs:
    """Whose jobs it takes, and where it stands.

    `repository` is `owner/name` on GitHub, `connection_arn` the AWS CodeConnections connection to it, `started_by` the
    numbers of the GitHub accounts whose runs it takes. `subnet_ids` are private subnets, by zone, `routes` what leads
    out of them.
    """

    context: AwsContext
    repository: str
    connection_arn: str
    started_by: Sequence[str]
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    routes: Sequence[pulumi.Resource]
    cluster_security_group_id: pulumi.Input[str]
    logs_key_arn: pulumi.Input[str]
    log_retention_days: int


class Runner(pulumi.ComponentResource):
    """A CodeBuild project that starts a fresh machine for each job labelled with its name, and bills it by the minute.

    A job takes its role by GitHub's token, wherever it runs; the runner's own role writes its log and asks GitHub for
    jobs. What runs on it can ask as well, so the connection is for this repository only. Nothing reaches it from
    outside. It takes jobs of the workflows that deploy, in runs that people of `started_by` have started; what that
    keeps out, and what not, is told in docs/decisions/0013-a-runner-inside-the-vpc.md.
    """

    def __init__(self, name: str, args: RunnerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:aws:Runner", name, None, opts)
        self._args = args
        log = self._make_log()
        group, ways = self._make_security_group()
        role = self._make_role(group)
        project = self._make_project(log, group, role, wait_for=[*role.policies, *ways, *args.routes])
        self._make_webhook(project)
        self.register_outputs({"label": runner_label(args.context.stack)})

    def _make_log(self) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            "runner",
            name=runner_log_group(self._args.context.stack),
            kms_key_id=self._args.logs_key_arn,
            retention_in_days=self._args.log_retention_days,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_security_group(self) -> tuple[aws.ec2.SecurityGroup, Sequence[pulumi.Resource]]:
        child = pulumi.ResourceOptions(parent=self)
        group = aws.ec2.SecurityGroup(
            "runner",
            vpc_id=self._args.vpc_id,
            description="Runner of GitHub Actions: nothing in, HTTPS out",
            tags={"Name": "runner"},
            opts=child,
        )
        out = aws.vpc.SecurityGroupEgressRule(
            "runner-to-https",
            security_group_id=group.id,
            cidr_ipv4="0.0.0.0/0",
            ip_protocol="tcp",
            from_port=HTTPS_PORT,
            to_port=HTTPS_PORT,
            description="GitHub, AWS, package registries and the API server",
            opts=child,
        )
        to_cluster = aws.vpc.SecurityGroupIngressRule(
            "api-server-from-runner",
            security_group_id=self._args.cluster_security_group_id,
            referenced_security_group_id=group.id,
            ip_protocol="tcp",
            from_port=HTTPS_PORT,
            to_port=HTTPS_PORT,
            description="Requests of the pipeline to the API server",
            opts=child,
        )
        return group, [out, to_cluster]

    def _make_role(self, group: aws.ec2.SecurityGroup) -> PermittedRole:
        context = self._args.context
        return make_role(
            "runner",
            context=context,
            description=f"Runner of GitHub Actions of {context.name}",
            trust=service_trust(
                "codebuild.amazonaws.com", account_id=context.account_id, source_arn=project_arn(context)
            ),
            policies={
                "run": runner_policy(
                    context,
                    connection_arn=self._args.connection_arn,
                    repository=self._args.repository,
                    subnet_ids=self._args.subnet_ids,
                    security_group_id=group.id,
                )
            },
            parent=self,
        )

    def _make_project(
        self,
        log: aws.cloudwatch.LogGroup,
        group: aws.ec2.SecurityGroup,
        role: PermittedRole,
        *,
        wait_for: Sequence[pulumi.Resource],
    ) -> aws.codebuild.Project:
        args = self._args
        return aws.codebuild.Project(
            "runner",
            name=runner_name(args.context.stack),
            description=f"Runs the GitHub Actions of {args.repository} that deploy {args.context.name}",
            service_role=role.arn,
            # No limit of builds at once: an account with a lower quota refuses one, and a job beyond it would get an
            # error instead of a place in the queue (CodeBuild user guide, "Builds in AWS CodeBuild").
            build_timeout=TIMEOUT_MINUTES,
            artifacts=aws.codebuild.ProjectArtifactsArgs(type="NO_ARTIFACTS"),
            environment=aws.codebuild.ProjectEnvironmentArgs(type="ARM_CONTAINER", compute_type=SIZE, image=IMAGE),
            source=aws.codebuild.ProjectSourceArgs(
                type="GITHUB",
                location=f"https://github.com/{args.repository}.git",
                auth=aws.codebuild.ProjectSourceAuthArgs(type="CODECONNECTIONS", resource=args.connection_arn),
                buildspec=BUILDSPEC,
            ),
            vpc_config=aws.codebuild.ProjectVpcConfigArgs(
                vpc_id=args.vpc_id, subnets=args.subnet_ids, security_group_ids=[group.id]
            ),
            logs_config=aws.codebuild.ProjectLogsConfigArgs(
                cloudwatch_logs=aws.codebuild.ProjectLogsConfigCloudwatchLogsArgs(status="ENABLED", group_name=log.name)
            ),
            # It assumes its role when it is made, and fails if the role cannot make network interfaces yet.
            opts=pulumi.ResourceOptions(parent=self, depends_on=wait_for),
        )

    def _make_webhook(self, project: aws.codebuild.Project) -> aws.codebuild.Webhook:
        return aws.codebuild.Webhook(
            "runner",
            project_name=project.name,
            build_type="BUILD",
            filter_groups=[
                aws.codebuild.WebhookFilterGroupArgs(
                    filters=[
                        aws.codebuild.WebhookFilterGroupFilterArgs(type=type_, pattern=pattern)
                        for type_, pattern in job_filters(self._args.started_by).items()
                    ]
                )
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )


def project_arn(context: AwsContext) -> str:
    """Tell the ARN that the project will have."""
    return (
        f"arn:{context.partition}:codebuild:{context.region}:{context.account_id}:project/{runner_name(context.stack)}"
    )


def job_filters(started_by: Sequence[str]) -> Mapping[str, str]:
    """Return which jobs start a machine, by the filter's type; all of them must match.

    CodeBuild filters jobs by the name of their workflow and by the account that started the run. Of the branch it knows
    nothing: `HEAD_REF` is for pushes and pull requests (CodeBuild API, WebhookFilter).
    """
    return {
        "EVENT": "WORKFLOW_JOB_QUEUED",
        "WORKFLOW_NAME": f"^({'|'.join(WORKFLOWS)})$",
        "ACTOR_ACCOUNT_ID": f"^({'|'.join(started_by)})$",
    }


def runner_policy(
    context: AwsContext,
    *,
    connection_arn: str,
    repository: str,
    subnet_ids: Sequence[pulumi.Input[str]],
    security_group_id: pulumi.Input[str],
) -> Document:
    """What CodeBuild does in the project's name: write its log, stand in the subnets, and ask GitHub for jobs.

    The actions on network interfaces are those of the CodeBuild user guide, "Allow CodeBuild access to AWS services
    required to create a VPC network interface"; those on the connection of "GitHub and GitHub Enterprise Server access
    in CodeBuild". A token of the connection takes no condition (Service Authorization Reference, AWS CodeConnections):
    it can all that the connection can.
    """
    where = f"{context.region}:{context.account_id}"
    ec2 = f"arn:{context.partition}:ec2:{where}"
    subnets = [pulumi.Output.concat(f"{ec2}:subnet/", subnet) for subnet in subnet_ids]
    log = f"arn:{context.partition}:logs:{where}:log-group:{runner_log_group(context.stack)}"
    return policy_document(
        Statement(
            sid="WriteLog", actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[f"{log}:log-stream:*"]
        ),
        Statement(
            sid="Look",
            # None of these has a resource-level permission.
            actions=[
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ],
            resources=["*"],
            conditions={"StringEquals": {"aws:RequestedRegion": context.region}},
        ),
        Statement(
            sid="StandInTheSubnets",
            actions=["ec2:CreateNetworkInterface"],
            resources=[
                f"{ec2}:network-interface/*",
                *subnets,
                pulumi.Output.concat(f"{ec2}:security-group/", security_group_id),
            ],
        ),
        Statement(
            sid="LeaveTheSubnets",
            actions=["ec2:DeleteNetworkInterface"],
            resources=[f"{ec2}:network-interface/*"],
            conditions={"ArnEquals": {"ec2:Subnet": subnets}},
        ),
        Statement(
            sid="LendInterfaces",
            actions=["ec2:CreateNetworkInterfacePermission"],
            resources=[f"{ec2}:network-interface/*"],
            conditions={
                "ArnEquals": {"ec2:Subnet": subnets},
                "StringEquals": {"ec2:AuthorizedService": "codebuild.amazonaws.com"},
            },
        ),
        Statement(
            sid="UseConnection",
            actions=["codeconnections:UseConnection"],
            resources=[connection_arn],
            conditions={"StringEqualsIfExists": {"codeconnections:FullRepositoryId": repository}},
        ),
        Statement(
            sid="AskGitHub",
            actions=[
                "codeconnections:GetConnection",
                "codeconnections:GetConnectionToken",
            ],
            resources=[connection_arn],
        ),
    )
