"""The order of making and taking away, and what must not be taken away at all."""

from __future__ import annotations

from collections.abc import Iterator

from policies.aws_secrets import BUCKETS, KEY
from policies.cluster import ACCESS_POLICY, ADDON, CLUSTER, RELEASE, addons, releases
from policies.load_balancing import CONTROLLER
from policies.network import NODE_GROUP, VPC
from policies.rule import ResourceRule, Rule, Severity, StackRule
from policies.spellings import with_patches
from policies.stack import Resource, Stack
from policies.values import is_set, is_true, text

KUBERNETES_PROVIDER = "pulumi:providers:kubernetes"
AWS_PROVIDER = "pulumi:providers:aws"
EKS_COMPONENT = "eks:index:Cluster"
INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
BINDING = "kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding"
SERVICE = "kubernetes:core/v1:Service"
KARPENTER_POOL = "kubernetes:karpenter.sh/v1:NodePool"

BEFORE_NODES = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
"""Add-ons without which a node is not ready, or its pods get no credentials."""
AFTER_NODES = ("coredns", "metrics-server")
"""Add-ons that are Deployments: they are degraded until there is a node."""

CONTROLLER_DOCS = "https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/"


def _is_protected(resource: Resource) -> Iterator[str]:
    if not resource.protect:
        yield "is not protected: `pulumi destroy`, or a change that replaces it, takes it away without asking"


def _bucket_is_not_emptied(bucket: Resource) -> Iterator[str]:
    if is_true(bucket.props, "forceDestroy"):
        yield "forceDestroy is on: it goes with all that is in it"


def _networking_comes_first(group: Resource, stack: Stack) -> Iterator[str]:
    for name in BEFORE_NODES:
        for addon in addons(stack, name):
            if not stack.waits_for(group, addon):
                yield f"does not wait for the add-on {name}"


def _deployments_come_after(addon: Resource, stack: Stack) -> Iterator[str]:
    name = text(addon.props, "addonName")
    groups = stack.of_type(NODE_GROUP)
    if name in AFTER_NODES and groups and not any(stack.waits_for(addon, group) for group in groups):
        yield f"{name} waits for no node group, so it is degraded for 20 minutes and then fails"


def _reaches_a_cluster(provider: Resource, stack: Stack) -> bool:
    """Return whether `provider` makes objects of the program in a cluster of the stack.

    The one that `pulumi_eks.Cluster` always makes for itself (pulumi-eks' nodejs/eks/cluster.ts) takes no options.
    """
    component = stack.get(provider.parent)
    idle = (
        component is not None
        and component.type == EKS_COMPONENT
        and all(stack.is_inside(other, component) for other in stack.resources if other.provider == provider.urn)
    )
    return not idle and bool(stack.taken(provider, "kubeconfig", CLUSTER))


def _provider_waits_for_access(provider: Resource, stack: Stack) -> Iterator[str]:
    granted = stack.of_type(ACCESS_POLICY)
    if _reaches_a_cluster(provider, stack) and granted and not any(stack.waits_for(provider, one) for one in granted):
        yield "does not wait for an access policy, so its objects are refused when they are made or deleted"


def _provider_keeps_its_identity(provider: Resource, stack: Stack) -> Iterator[str]:
    if _reaches_a_cluster(provider, stack) and not is_set(provider.props, "clusterIdentifier"):
        yield "clusterIdentifier is not set: a new kubeconfig text replaces every object of the cluster"


def _controller_outlives_its_objects(made: Resource, stack: Stack) -> Iterator[str]:
    for release in releases(stack, CONTROLLER):
        if not stack.waits_for(made, release):
            yield f"does not wait for {release.label}, which must be there to take its finalizer off"


def _service_makes_no_load_balancer(service: Resource, stack: Stack) -> Iterator[str]:
    if stack.of_type(CLUSTER) and text(service.props, "spec", "type") == "LoadBalancer":
        yield "spec.type is LoadBalancer: what the controller makes for it is not in the state and outlives the VPC"


def _karpenter_outlives_its_pools(pool: Resource, stack: Stack) -> Iterator[str]:
    for release in releases(stack, "karpenter"):
        if not stack.waits_for(pool, release):
            yield f"does not wait for {release.label}, so the controller goes first and its machines stay"


def _group_can_be_replaced(group: Resource) -> Iterator[str]:
    if group.props.get("nodeGroupName"):
        yield "nodeGroupName is fixed, so a replacement must delete the old nodes before there are new ones"


def _provider_is_for_one_account(provider: Resource, stack: Stack) -> Iterator[str]:
    makes = any(other.provider == provider.urn for other in stack.resources)
    if makes and not is_set(provider.props, "allowedAccountIds"):
        yield "allowedAccountIds is not set: with the wrong credentials the stack goes to the wrong account"


def _release_is_pinned(release: Resource) -> Iterator[str]:
    if not is_set(release.props, "version") and not text(release.props, "chart").startswith((".", "/")):
        yield "version is not set, so the day of the update decides what is installed"


def _release_waits(release: Resource) -> Iterator[str]:
    if is_true(release.props, "skipAwait"):
        yield "skipAwait is on: what needs it starts before it runs"


RULES: tuple[Rule, ...] = (
    ResourceRule(
        name="what-cannot-be-remade-is-protected",
        severity=Severity.HIGH,
        types=(CLUSTER, VPC, KEY, *BUCKETS),
        controls=("C11", "P34"),
        frameworks=("Pulumi best practices",),
        protects_from="A renamed setting replaces the VPC, or a destroy in the wrong stack takes the keys of all data.",
        remediation="Set protect=True in the resource options, and take it off only to remove the resource.",
        url="https://www.pulumi.com/docs/iac/concepts/resources/options/protect/",
        check=_is_protected,
    ),
    ResourceRule(
        name="bucket-is-not-emptied",
        severity=Severity.MEDIUM,
        types=BUCKETS,
        controls=("C75",),
        frameworks=("Pulumi best practices",),
        protects_from="A destroy takes the logs along that would tell why.",
        remediation="Leave force_destroy off.",
        url="https://www.pulumi.com/registry/packages/aws/api-docs/s3/bucket/",
        check=_bucket_is_not_emptied,
    ),
    StackRule(
        name="networking-comes-before-nodes",
        severity=Severity.HIGH,
        types=(NODE_GROUP,),
        controls=("P9", "P3", "P22"),
        frameworks=("EKS user guide: add-ons",),
        protects_from="Nodes never become ready or pods start without credentials; at the end interfaces leak.",
        remediation="Let node groups depend on the vpc-cni, kube-proxy and eks-pod-identity-agent add-ons.",
        url="https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html",
        check=_networking_comes_first,
    ),
    StackRule(
        name="addon-deployments-come-after-nodes",
        severity=Severity.HIGH,
        types=(ADDON,),
        controls=("P10",),
        frameworks=("EKS user guide: add-ons",),
        protects_from="The add-on has no node to run on, and the update fails after 20 minutes.",
        remediation="Let coredns and metrics-server depend on a node group.",
        url="https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html",
        check=_deployments_come_after,
    ),
    StackRule(
        name="kubernetes-provider-waits-for-access",
        severity=Severity.HIGH,
        types=(KUBERNETES_PROVIDER,),
        controls=("P5", "P6"),
        frameworks=("EKS user guide: access entries",),
        protects_from="A destroy takes the access away first and is then refused: the objects stay in the state.",
        remediation="Let the Kubernetes provider depend on the access policy association of whoever deploys.",
        url="https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html",
        check=_provider_waits_for_access,
    ),
    StackRule(
        name="kubernetes-provider-keeps-its-identity",
        severity=Severity.HIGH,
        types=(KUBERNETES_PROVIDER,),
        controls=("P8",),
        frameworks=("pulumi-kubernetes issue 4019",),
        protects_from="A new certificate or endpoint text replaces the provider, and with it every object.",
        remediation="Set cluster_identifier to the cluster's name.",
        url="https://www.pulumi.com/registry/packages/kubernetes/api-docs/provider/",
        check=_provider_keeps_its_identity,
    ),
    StackRule(
        name="controller-outlives-its-objects",
        severity=Severity.HIGH,
        types=(INGRESS, BINDING),
        controls=("P2",),
        frameworks=("AWS Load Balancer Controller issue 1629",),
        protects_from="The controller goes first, the finalizer stays, and the namespace is Terminating for ever.",
        remediation="Let the object depend on the Helm release of the load balancer controller.",
        url=f"{CONTROLLER_DOCS}deploy/installation/",
        check=_controller_outlives_its_objects,
    ),
    StackRule(
        name="service-makes-no-load-balancer",
        severity=Severity.MEDIUM,
        types=with_patches(SERVICE),
        controls=("P1",),
        frameworks=("AWS Load Balancer Controller issue 2643",),
        protects_from="Load balancers and security groups that no state knows keep the VPC from being deleted.",
        remediation="Make the load balancer in the program and register pods with a TargetGroupBinding.",
        url=f"{CONTROLLER_DOCS}guide/targetgroupbinding/targetgroupbinding/",
        check=_service_makes_no_load_balancer,
    ),
    StackRule(
        name="karpenter-outlives-its-pools",
        severity=Severity.HIGH,
        types=(KARPENTER_POOL,),
        controls=("P4",),
        frameworks=("Karpenter issue 4223",),
        protects_from="The controller goes first, its finalizers hang, and the machines stay and are paid for.",
        remediation="Let each NodePool depend on the Helm release of Karpenter.",
        url="https://karpenter.sh/docs/concepts/disruption/",
        check=_karpenter_outlives_its_pools,
    ),
    ResourceRule(
        name="node-group-can-be-replaced",
        severity=Severity.MEDIUM,
        types=(NODE_GROUP,),
        controls=("P27",),
        frameworks=("terraform-aws-eks issue 2905",),
        protects_from="All old nodes go before the first new one is there.",
        remediation="Leave node_group_name out, so that Pulumi names it, or use node_group_name_prefix.",
        url="https://www.pulumi.com/docs/iac/concepts/resources/names/",
        check=_group_can_be_replaced,
    ),
    StackRule(
        name="provider-is-for-one-account",
        severity=Severity.MEDIUM,
        types=(AWS_PROVIDER,),
        controls=(),
        frameworks=("Pulumi best practices",),
        protects_from="With the credentials of another account the stack is made there a second time.",
        remediation="Set allowed_account_ids on the aws.Provider.",
        url="https://www.pulumi.com/registry/packages/aws/api-docs/provider/",
        check=_provider_is_for_one_account,
    ),
    ResourceRule(
        name="release-is-pinned",
        severity=Severity.MEDIUM,
        types=(RELEASE,),
        controls=("C12",),
        frameworks=("Pulumi best practices",),
        protects_from="The same program installs another chart tomorrow.",
        remediation="Set version to one release of the chart.",
        url="https://www.pulumi.com/registry/packages/kubernetes/api-docs/helm/v3/release/",
        check=_release_is_pinned,
    ),
    ResourceRule(
        name="release-is-waited-for",
        severity=Severity.LOW,
        types=(RELEASE,),
        controls=("P18",),
        frameworks=("Pulumi best practices",),
        protects_from="What needs the controller starts before its webhook answers, and is refused.",
        remediation="Leave skip_await out.",
        url="https://www.pulumi.com/registry/packages/kubernetes/api-docs/helm/v3/release/",
        check=_release_waits,
    ),
)
