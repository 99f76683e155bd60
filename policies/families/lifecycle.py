"""The order of making and taking away, and what must not be taken away at all."""

from __future__ import annotations

from infra.values import is_true, text
from policies.facts.aws import ACCESS_POLICY, ADDON, AWS_PROVIDER, BUCKETS, CLUSTER, KEY, NODE_GROUP, VPC
from policies.facts.eks import addons
from policies.facts.helm import LOAD_BALANCER_CONTROLLER, releases
from policies.facts.objects import INGRESS, RELEASE, SERVICE, TARGET_GROUP_BINDING
from policies.facts.spellings import with_patches
from policies.facts.stack import Resource, Stack
from policies.facts.unknown import is_set
from policies.rule import HIGH, LOW, MEDIUM, Family, Messages

KUBERNETES_PROVIDER = "pulumi:providers:kubernetes"
EKS_COMPONENT = "eks:index:Cluster"
KARPENTER_POOL = "kubernetes:karpenter.sh/v1:NodePool"

BEFORE_NODES = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
"""Add-ons without which a node is not ready, or its pods get no credentials."""
AFTER_NODES = ("coredns", "metrics-server")
"""Add-ons that are Deployments: they are degraded until there is a node."""

family = Family("Lifecycle", __doc__)


@family.rule("what-cannot-be-remade-is-protected", HIGH, (CLUSTER, VPC, KEY, *BUCKETS), "Pulumi best practices")
def _is_protected(resource: Resource) -> Messages:
    """A renamed setting replaces the VPC, or a destroy in the wrong stack takes the keys of all data.

    Set protect=True in the resource options, and take it off only to remove the resource.
    https://www.pulumi.com/docs/iac/concepts/resources/options/protect/
    """
    if not resource.protect:
        yield "is not protected: `pulumi destroy`, or a change that replaces it, takes it away without asking"


@family.rule("bucket-is-not-emptied", MEDIUM, BUCKETS, "Pulumi best practices")
def _bucket_is_not_emptied(bucket: Resource) -> Messages:
    """A destroy takes the logs along that would tell why.

    Leave force_destroy off.
    https://www.pulumi.com/registry/packages/aws/api-docs/s3/bucket/
    """
    if is_true(bucket.props, "forceDestroy"):
        yield "forceDestroy is on: it goes with all that is in it"


@family.stack_rule("networking-comes-before-nodes", HIGH, NODE_GROUP, "EKS user guide: add-ons")
def _networking_comes_first(group: Resource, stack: Stack) -> Messages:
    """Nodes never become ready or pods start without credentials; at the end interfaces leak.

    Let node groups depend on the vpc-cni, kube-proxy and eks-pod-identity-agent add-ons.
    https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html
    """
    for name in BEFORE_NODES:
        for addon in addons(stack, name):
            if not stack.waits_for(group, addon):
                yield f"does not wait for the add-on {name}"


@family.stack_rule("addon-deployments-come-after-nodes", HIGH, ADDON, "EKS user guide: add-ons")
def _deployments_come_after(addon: Resource, stack: Stack) -> Messages:
    """The add-on has no node to run on, and the update fails after 20 minutes.

    Let coredns and metrics-server depend on a node group.
    https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html
    """
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
    return not idle and bool(stack.dependencies(provider, "kubeconfig", CLUSTER))


@family.stack_rule("kubernetes-provider-waits-for-access", HIGH, KUBERNETES_PROVIDER, "EKS user guide: access entries")
def _provider_waits_for_access(provider: Resource, stack: Stack) -> Messages:
    """A destroy takes the access away first and is then refused: the objects stay in the state.

    Let the Kubernetes provider depend on the access policy association of whoever deploys.
    https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
    """
    granted = stack.of_type(ACCESS_POLICY)
    if _reaches_a_cluster(provider, stack) and granted and not any(stack.waits_for(provider, one) for one in granted):
        yield "does not wait for an access policy, so its objects are refused when they are made or deleted"


@family.stack_rule("kubernetes-provider-keeps-its-identity", HIGH, KUBERNETES_PROVIDER, "pulumi-kubernetes issue 4019")
def _provider_keeps_its_identity(provider: Resource, stack: Stack) -> Messages:
    """A new certificate or endpoint text replaces the provider, and with it every object.

    Set cluster_identifier to the cluster's name.
    https://www.pulumi.com/registry/packages/kubernetes/api-docs/provider/
    """
    if _reaches_a_cluster(provider, stack) and not is_set(provider.props, "clusterIdentifier"):
        yield "clusterIdentifier is not set: a new kubeconfig text replaces every object of the cluster"


@family.stack_rule(
    "controller-outlives-its-objects", HIGH, (INGRESS, TARGET_GROUP_BINDING), "AWS Load Balancer Controller issue 1629"
)
def _controller_outlives_its_objects(made: Resource, stack: Stack) -> Messages:
    """The controller goes first, the finalizer stays, and the namespace is Terminating for ever.

    Let the object depend on the Helm release of the load balancer controller.
    https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/installation/
    """
    for release in releases(stack, LOAD_BALANCER_CONTROLLER):
        if not stack.waits_for(made, release):
            yield f"does not wait for {release.label}, which must be there to take its finalizer off"


@family.stack_rule(
    "service-makes-no-load-balancer", MEDIUM, with_patches(SERVICE), "AWS Load Balancer Controller issue 2643"
)
def _service_makes_no_load_balancer(service: Resource, stack: Stack) -> Messages:
    """Load balancers and security groups that no state knows keep the VPC from being deleted.

    Make the load balancer in the program and register pods with a TargetGroupBinding.
    https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/targetgroupbinding/targetgroupbinding/
    """
    if stack.of_type(CLUSTER) and text(service.props, "spec", "type") == "LoadBalancer":
        yield "spec.type is LoadBalancer: what the controller makes for it is not in the state and outlives the VPC"


@family.stack_rule("karpenter-outlives-its-pools", HIGH, KARPENTER_POOL, "Karpenter issue 4223")
def _karpenter_outlives_its_pools(pool: Resource, stack: Stack) -> Messages:
    """The controller goes first, its finalizers hang, and the machines stay and are paid for.

    Let each NodePool depend on the Helm release of Karpenter.
    https://karpenter.sh/docs/concepts/disruption/
    """
    for release in releases(stack, "karpenter"):
        if not stack.waits_for(pool, release):
            yield f"does not wait for {release.label}, so the controller goes first and its machines stay"


@family.rule("node-group-can-be-replaced", MEDIUM, NODE_GROUP, "terraform-aws-eks issue 2905")
def _group_can_be_replaced(group: Resource) -> Messages:
    """All old nodes go before the first new one is there.

    Leave node_group_name out, so that Pulumi names it, or use node_group_name_prefix.
    https://www.pulumi.com/docs/iac/concepts/resources/names/
    """
    if group.props.get("nodeGroupName"):
        yield "nodeGroupName is fixed, so a replacement must delete the old nodes before there are new ones"


@family.stack_rule("provider-is-for-one-account", MEDIUM, AWS_PROVIDER, "Pulumi best practices")
def _provider_is_for_one_account(provider: Resource, stack: Stack) -> Messages:
    """With the credentials of another account the stack is made there a second time.

    Set allowed_account_ids on the aws.Provider.
    https://www.pulumi.com/registry/packages/aws/api-docs/provider/
    """
    makes = any(other.provider == provider.urn for other in stack.resources)
    if makes and not is_set(provider.props, "allowedAccountIds"):
        yield "allowedAccountIds is not set: with the wrong credentials the stack goes to the wrong account"


@family.rule("release-is-pinned", MEDIUM, RELEASE, "Pulumi best practices")
def _release_is_pinned(release: Resource) -> Messages:
    """The same program installs another chart tomorrow.

    Set version to one release of the chart.
    https://www.pulumi.com/registry/packages/kubernetes/api-docs/helm/v3/release/
    """
    if not is_set(release.props, "version") and not text(release.props, "chart").startswith((".", "/")):
        yield "version is not set, so the day of the update decides what is installed"


@family.rule("release-is-waited-for", LOW, RELEASE, "Pulumi best practices")
def _release_waits(release: Resource) -> Messages:
    """What needs the controller starts before its webhook answers, and is refused.

    Leave skip_await out.
    https://www.pulumi.com/registry/packages/kubernetes/api-docs/helm/v3/release/
    """
    if is_true(release.props, "skipAwait"):
        yield "skipAwait is on: what needs it starts before it runs"
