"""How long AWS and Kubernetes take to make one resource of a type.

Each figure names where it was seen, and when. They are typical, not promised: a plan is an estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.addons import ADDONS
from infra.addons.addon import LIKE_OTHER_DAEMONS, RELEASE_SECONDS, RELEASE_SOURCE, RUN_1_36
from infra.plan.graph import Resource
from infra.values import within


@dataclass(frozen=True)
class Duration:
    """Seconds from the request until Pulumi goes on, and the source of the figure."""

    seconds: float
    source: str


PROVIDER_WAITS = "waits of terraform-provider-aws 5.100, tried against an emulator (2026-11)"
POD_START = "5 s with the image present (p99 of the Kubernetes SLO), 20 s to pull it (an own estimate)"
TARGET_HEALTHY = "20 s for two health checks (infra/platforms/eks/load_balancer/target.py)"
API_CALL = "one AWS call and its confirmation: 1 to 3 s in every log read"
RUN_OF_A_CERTIFICATE = "terraform apply of 2026-09-19 in us-east-2 (a public course, terraform-aws-mastery, demo 20)"
OBJECT = "mutating call p99 1 s (Kubernetes SLO)"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"

MEASURED = {
    "aws:acm/certificate:Certificate": Duration(8, f"4 s: {RUN_OF_A_CERTIFICATE}; 8 s in its demo 22c"),
    "aws:acm/certificateValidation:CertificateValidation": Duration(
        1, f"0 s after its record: {RUN_OF_A_CERTIFICATE}; 1 s in its demo 22c; AWS promises no time"
    ),
    "aws:cloudwatch/logGroup:LogGroup": Duration(2, API_CALL),
    "aws:ec2/launchTemplate:LaunchTemplate": Duration(6, API_CALL),
    "aws:ec2/natGateway:NatGateway": Duration(94, f"1 m 34 s: {RUN_1_36}; 1 m 25 s to 2 m 4 s in six more logs"),
    "aws:ec2/vpc:Vpc": Duration(
        12, "6 s in the run of 2026-10; 22 s in github DevopsArtFactory/terraform-provisioning#5 (2024-10-02)"
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Duration(6, f"gateway endpoint; {API_CALL}"),
    "aws:efs/fileSystem:FileSystem": Duration(6, "an own estimate: no log was found"),
    "aws:efs/mountTarget:MountTarget": Duration(90, "1 to 2 minutes, an own estimate: no log was found"),
    "aws:eks/addon:Addon": Duration(24, LIKE_OTHER_DAEMONS),
    "aws:eks/cluster:Cluster": Duration(
        562, f"9 m 22 s: {RUN_1_36}; 10 m 6 s in terraform-aws-eks#3218 (read 2026-11-23)"
    ),
    "aws:eks/nodeGroup:NodeGroup": Duration(
        130,
        f"2 m 10 s: {RUN_1_36}; 1 m 48 s to 1 m 59 s in github DevopsArtFactory/terraform-provisioning#46 (2024-10)",
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Duration(2, API_CALL),
    "aws:iam/role:Role": Duration(2, "1 to 2 s: pulumi-eks#1819 (read 2026-11-23)"),
    "aws:kms/key:Key": Duration(13, f"12 s in a terraform-aws-eks log; 13 s: {PROVIDER_WAITS}"),
    "aws:lb/loadBalancer:LoadBalancer": Duration(174, "2 m 54 s: github DataBiosphere/azul#5780 (read 2026-11-23)"),
    "aws:route53/record:Record": Duration(
        34, f"33 and 34 s: {RUN_OF_A_CERTIFICATE}; 29 s in its demo 22c; Route 53 promises 60 s"
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Duration(55, PROVIDER_WAITS),
    "aws:wafv2/webAcl:WebAcl": Duration(3, "terraform-provider-aws#36668 (2024-04)"),
    "eks:index:Cluster": Duration(570, f"the control plane's 9 m 22 s ({RUN_1_36}), and its kubeconfig"),
    "kubernetes:apps/v1:Deployment": Duration(45, f"{POD_START}; {TARGET_HEALTHY}"),
    "kubernetes:apps/v1:DaemonSet": Duration(25, POD_START),
    STATEFUL_SET: Duration(25, POD_START),
    "kubernetes:batch/v1:Job": Duration(25, f"{POD_START}, and a command that ends at once"),
    "kubernetes:helm.sh/v3:Release": Duration(RELEASE_SECONDS, RELEASE_SOURCE),
}
"""What takes longer than one call, or was measured."""

OF_ADDONS = {addon.name: Duration(addon.seconds, addon.source) for addon in ADDONS}
"""By the name of the add-on, or of the release."""

EMPTY_NODE_GROUP = Duration(
    58, "a group with desiredSize 0 took 58 s (a public terraform apply log without a date, read 2026-11-23)"
)
INTERFACE_ENDPOINT = Duration(90, "1 to 2 minutes, an own estimate: no log was found")
AWS_CALL = Duration(2, API_CALL)
KUBERNETES_OBJECT = Duration(1, OBJECT)
NOTHING = Duration(0, "nothing is made: it groups others, or is a provider of this process")


def duration(resource: Resource) -> Duration:
    """Estimate how long `resource` takes to make. An unknown type of AWS counts as one call, any other as nothing."""
    special = _special(resource)
    if special is not None:
        return special
    if resource.type in MEASURED:
        return MEASURED[resource.type]
    if not resource.custom or resource.is_provider:
        return NOTHING
    return KUBERNETES_OBJECT if resource.type.startswith("kubernetes:") else AWS_CALL


def _special(resource: Resource) -> Duration | None:
    inputs = resource.props
    if resource.type == "aws:eks/addon:Addon":
        return OF_ADDONS.get(str(inputs.get("addonName")))
    if resource.type == "kubernetes:helm.sh/v3:Release":
        return OF_ADDONS.get(str(inputs.get("name")))
    if resource.type == "aws:eks/nodeGroup:NodeGroup" and within(inputs, "scalingConfig", "desiredSize") == 0:
        return EMPTY_NODE_GROUP
    if resource.type == "aws:ec2/vpcEndpoint:VpcEndpoint" and inputs.get("vpcEndpointType") == "Interface":
        return INTERFACE_ENDPOINT
    if resource.type == STATEFUL_SET and within(inputs, "spec", "podManagementPolicy") != "Parallel":
        one, replicas = MEASURED[STATEFUL_SET], int(within(inputs, "spec", "replicas") or 1)
        return Duration(one.seconds * replicas, f"{one.source}; for one replica after the other")
    return None
