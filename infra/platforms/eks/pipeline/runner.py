"""Deployments from inside the VPC, from where the private API server is reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.iam import Document, allow, policy_document
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.names import runner_folder, runner_log_group, runner_name
from infra.platforms.eks.network.network import Network
from infra.platforms.eks.pipeline.pipeline import Delivery

HTTPS_PORT = 443
IMAGE = "aws/codebuild/amazonlinux-aarch64-standard:4.0"
"""AWS's own image for ARM, with Python and the AWS command line (CodeBuild user guide, "Docker images provided by
CodeBuild")."""
SIZE = "BUILD_GENERAL1_MEDIUM"
"""4 CPUs and 8 GiB: the AWS provider alone takes more than one."""
TIMEOUT_MINUTES = 90
BUILDSPEC = """\
version: 0.2
env:
  variables:
    GITHUB_ACTIONS: "true"
    GITHUB_STEP_SUMMARY: /tmp/summary.md
phases:
  build:
    commands:
      - aws s3api get-object --bucket {bucket} --key {folder}/source.tar --version-id "$NIGHTOWL_SOURCE" source.tar
      - mkdir source
      - tar -xf source.tar -C source
      - cd source
      - make install
      - .venv/bin/nightowl ci tools
      - case "$NIGHTOWL_COMMAND" in
          deploy) .venv/bin/nightowl ci deploy -s {stack} --images "$NIGHTOWL_IMAGES" ;;
          recover) .venv/bin/nightowl ci recover -s {stack} ;;
          *) false ;;
        esac
  post_build:
    commands:
      - test ! -s /tmp/summary.md || aws s3 cp --only-show-errors /tmp/summary.md s3://{bucket}/{folder}/summary.md
"""
"""Its commands are the project's own: a build brings what they run, by version of an object, and which of the two."""


@dataclass(frozen=True, kw_only=True)
class RunnerArgs:
    """Where it stands, and as whom it works.

    `bucket` is that of the state, where what a build runs is put. It works as the role of `delivery` that deploys.
    """

    context: AwsContext
    bucket: str
    delivery: Delivery
    network: Network
    cluster_security_group_id: pulumi.Input[str]
    logs_key_arn: pulumi.Input[str]
    log_retention_days: int


class Runner(pulumi.ComponentResource):
    """A CodeBuild project that the role that deploys starts, and that works as this same role: billed by the minute.

    It knows nothing of GitHub, and GitHub nothing of it: no webhook, no connection, no label that a workflow could ask
    for. Who has not the deploy role starts nothing (docs/decisions/0013-a-runner-inside-the-vpc.md). Nothing reaches
    it from outside.
    """

    def __init__(self, name: str, args: RunnerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:Runner", name, None, opts)
        self._args = args
        self._role = args.delivery.roles["deploy"]
        self._subnet_ids = list(args.network.private_subnet_ids.values())
        log = self._make_log()
        group, ways = self._make_security_group()
        rights = self._make_rights(group)
        self._make_project(log, group, wait_for=[rights, *ways, *args.network.private_routes])
        self.register_outputs({})

    def _make_log(self) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            "runner",
            name=runner_log_group(self._args.context.name),
            kms_key_id=self._args.logs_key_arn,
            retention_in_days=self._args.log_retention_days,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_security_group(self) -> tuple[aws.ec2.SecurityGroup, Sequence[pulumi.Resource]]:
        child = pulumi.ResourceOptions(parent=self)
        group = aws.ec2.SecurityGroup(
            "runner",
            vpc_id=self._args.network.vpc_id,
            description="Deployments from inside the VPC: nothing in, HTTPS out",
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
            description="AWS, package registries and the API server",
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

    def _make_rights(self, group: aws.ec2.SecurityGroup) -> aws.iam.RolePolicy:
        args = self._args
        document = runner_policy(args.context, subnet_ids=self._subnet_ids, security_group_id=group.id)
        return aws.iam.RolePolicy(
            "runner",
            name="runner",
            role=self._role.name,
            policy=pulumi.Output.json_dumps(document),
            # A right of the pipeline's role, which no pipeline changes (`infra.ci.own_rights`).
            opts=pulumi.ResourceOptions(parent=args.delivery),
        )

    def _make_project(
        self, log: aws.cloudwatch.LogGroup, group: aws.ec2.SecurityGroup, *, wait_for: Sequence[pulumi.Resource]
    ) -> None:
        args, context = self._args, self._args.context
        commands = BUILDSPEC.format(bucket=args.bucket, folder=runner_folder(context.name), stack=context.stack)
        aws.codebuild.Project(
            "runner",
            name=runner_name(context.name),
            description=f"Deploys {context.name} from inside its VPC",
            service_role=self._role.arn,
            build_timeout=TIMEOUT_MINUTES,
            artifacts=aws.codebuild.ProjectArtifactsArgs(type="NO_ARTIFACTS"),
            environment=aws.codebuild.ProjectEnvironmentArgs(type="ARM_CONTAINER", compute_type=SIZE, image=IMAGE),
            source=aws.codebuild.ProjectSourceArgs(type="NO_SOURCE", buildspec=commands),
            vpc_config=aws.codebuild.ProjectVpcConfigArgs(
                vpc_id=args.network.vpc_id, subnets=self._subnet_ids, security_group_ids=[group.id]
            ),
            logs_config=aws.codebuild.ProjectLogsConfigArgs(
                cloudwatch_logs=aws.codebuild.ProjectLogsConfigCloudwatchLogsArgs(status="ENABLED", group_name=log.name)
            ),
            # It takes its role when it is made, and fails if the role cannot make network interfaces yet.
            opts=pulumi.ResourceOptions(parent=self, depends_on=wait_for),
        )


def runner_policy(
    context: AwsContext, *, subnet_ids: Sequence[pulumi.Input[str]], security_group_id: pulumi.Input[str]
) -> Document:
    """What CodeBuild does in the role's name: write the log of a build, and stand in the subnets.

    The actions on network interfaces are those of the CodeBuild user guide, "Allow CodeBuild access to AWS services
    required to create a VPC network interface".
    """
    interfaces = context.arn("ec2", "network-interface/*")
    subnets = [pulumi.Output.concat(context.arn("ec2", "subnet/"), subnet) for subnet in subnet_ids]
    group = pulumi.Output.concat(context.arn("ec2", "security-group/"), security_group_id)
    log = context.arn("logs", f"log-group:{runner_log_group(context.name)}:log-stream:*")
    return policy_document(
        allow("WriteLog", "logs:CreateLogStream PutLogEvents", log),
        allow(
            "Look",
            # None of these has a resource-level permission.
            "ec2:DescribeDhcpOptions DescribeNetworkInterfaces DescribeSecurityGroups DescribeSubnets DescribeVpcs",
            when={"StringEquals": {"aws:RequestedRegion": context.region}},
        ),
        allow("StandInTheSubnets", "ec2:CreateNetworkInterface", interfaces, *subnets, group),
        allow(
            "LeaveTheSubnets",
            "ec2:DeleteNetworkInterface",
            interfaces,
            when={"ArnEquals": {"ec2:Subnet": subnets}},
        ),
        allow(
            "LendInterfaces",
            "ec2:CreateNetworkInterfacePermission",
            interfaces,
            when={
                "ArnEquals": {"ec2:Subnet": subnets},
                "StringEquals": {"ec2:AuthorizedService": "codebuild.amazonaws.com"},
            },
        ),
    )
