"""What costs more each month than anybody decided."""

from __future__ import annotations

from infra.values import document, mapping, mappings, number, text, within
from policies.facts.aws import (
    AWS_PROVIDER,
    ENDPOINT,
    LAUNCH_TEMPLATE,
    LOG_GROUP,
    NAT,
    REPOSITORY,
    ROUTE_TABLE,
    SUBNET,
    VPC,
)
from policies.facts.objects import STORAGE_CLASS
from policies.facts.stack import Resource, Stack
from policies.rule import HIGH, LOW, MEDIUM, Family, Messages

LIFECYCLE_POLICY = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
ELASTIC_IP = "aws:ec2/eip:Eip"
OWNER_TAGS = {"owner", "team", "environment", "env", "stack", "project"}

family = Family("Cost", __doc__)


@family.rule("log-group-expires", HIGH, LOG_GROUP, "CKV_AWS_66")
def _log_expires(group: Resource) -> Messages:
    """A log that never expires costs more every month: twelve clusters came to 900 $ a month.

    Set retention_in_days.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html
    """
    if not number(group.props, "retentionInDays"):
        yield "retentionInDays is not set, which stands for ever"


@family.rule("node-disks-are-gp3", LOW, LAUNCH_TEMPLATE, "EBS user guide")
def _disks_are_gp3(template: Resource) -> Messages:
    """A gp2 disk costs a quarter more and is slow until its credits return.

    Set ebs.volume_type to gp3.
    https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
    """
    for device in mappings(template.props, "blockDeviceMappings"):
        if mapping(device.get("ebs")) and text(device, "ebs", "volumeType") in {"", "gp2", "standard"}:
            yield f"{text(device, 'deviceName')}: ebs.volumeType is {text(device, 'ebs', 'volumeType') or 'not set'}"


@family.rule("volumes-are-gp3", MEDIUM, STORAGE_CLASS, "EKS version notes 1.30")
def _volumes_are_gp3(storage: Resource) -> Messages:
    """Claims stay Pending with a provisioner that is gone, or get slow disks at a higher price.

    Set provisioner to ebs.csi.aws.com and parameters.type to gp3.
    https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
    """
    provisioner = text(storage.props, "provisioner")
    if provisioner == "kubernetes.io/aws-ebs":
        yield "provisioner is kubernetes.io/aws-ebs, which Kubernetes no longer has"
    elif provisioner == "ebs.csi.aws.com" and text(storage.props, "parameters", "type") in {"gp2", "standard"}:
        yield f"parameters.type is {text(storage.props, 'parameters', 'type')}"


@family.stack_rule("images-come-past-the-nat-gateway", MEDIUM, VPC, "EKS best practices: cost optimization")
def _images_come_past_the_nat(vpc: Resource, stack: Stack) -> Messages:
    """Image layers come from S3: each gigabyte through a NAT gateway is paid for, past it none.

    Add an aws.ec2.VpcEndpoint of type Gateway for s3 with the private route tables.
    https://docs.aws.amazon.com/eks/latest/best-practices/cost-opt-networking.html
    """
    subnets = [subnet for nat in stack.of_type(NAT) for subnet in stack.dependencies(nat, "subnetId", SUBNET)]
    has_nat = any(vpc in stack.dependencies(subnet, "vpcId", VPC) for subnet in subnets)
    endpoints = stack.dependents(vpc, "vpcId", ENDPOINT)
    of_s3 = [one for one in endpoints if text(one.props, "serviceName").endswith(".s3")]
    gateways = [one for one in of_s3 if text(one.props, "vpcEndpointType") in {"", "Gateway"}]
    key = "routeTableIds"
    if has_nat and not any(stack.dependencies(one, key, ROUTE_TABLE) or one.props.get(key) for one in gateways):
        yield "pays for every image layer that nodes pull, as it has no gateway endpoint of S3"


@family.stack_rule("images-expire", LOW, REPOSITORY, "Security Hub ECR.3")
def _images_expire(repository: Resource, stack: Stack) -> Messages:
    """Every image that was ever built is kept and paid for.

    Add an aws.ecr.LifecyclePolicy.
    https://docs.aws.amazon.com/securityhub/latest/userguide/ecr-controls.html
    """
    if not stack.dependents(repository, "repository", LIFECYCLE_POLICY):
        yield "has no LifecyclePolicy"


@family.stack_rule("provider-tags-everything", MEDIUM, AWS_PROVIDER, "Security Hub tagging", "Pulumi best practices")
def _tags_everything(provider: Resource, stack: Stack) -> Messages:
    """Nobody can tell what a line of the bill is for, or whether it may be deleted.

    Set default_tags on the aws.Provider with owner, environment or stack.
    https://www.pulumi.com/registry/packages/aws/api-docs/provider/
    """
    # A provider that only looks things up makes nothing that could be tagged.
    if not any(other.provider == provider.urn for other in stack.resources):
        return
    tags = mapping(within(document(provider.props, "defaultTags"), "tags"))
    if not OWNER_TAGS & {key.lower().rpartition(":")[2] for key in tags}:
        yield "defaultTags names neither owner, environment nor stack"


@family.stack_rule("address-is-used", LOW, ELASTIC_IP, "Security Hub EC2.12")
def _addresses_are_used(address: Resource, stack: Stack) -> Messages:
    """An address that nothing uses is paid for by the hour and looks like something in use.

    Attach it or remove it.
    https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html
    """
    used = any(address.urn in urns for other in stack.resources for urns in other.property_dependencies.values())
    attached = any(address.props.get(key) for key in ("instance", "networkInterface"))
    if not used and not attached:
        yield "is attached to nothing, and paid for by the hour"
