"""The controller that registers pods in target groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from infra.iam import Document, Statement, policy_document
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.identity.pod_identity import PodIdentity, PodIdentityArgs
from infra.platforms.eks.load_balancer.target import CLUSTER_TAG
from infra.platforms.eks.nodes.placement import system_selector, system_tolerations, zone_spread
from infra.versions import LOAD_BALANCER_CONTROLLER, LOAD_BALANCER_DEFINITIONS

NAMESPACE = "kube-system"
RELEASE = "aws-load-balancer-controller"
"""Name of the release, its Deployment and its service account."""

READINESS_GATE_LABELS = {"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"}
"""On a namespace: new pods behind a binding are ready only once the load balancer finds them healthy."""

REPLICAS = 2
LONGEST_BACKOFF = "1m"
"""A binding that failed is tried again after at most this long; by default it can be 16 m 40 s, in which no pod of a
rollout becomes ready (aws-load-balancer-controller issue 3622)."""
INSTALL_TIMEOUT_SECONDS = 600


@dataclass(frozen=True, kw_only=True)
class ControllerArgs:
    """Where it runs.

    `cluster_name` is the name as the made cluster tells it. `system_groups` are the node groups that it runs
    on.
    """

    context: AwsContext
    cluster_name: pulumi.Input[str]
    vpc_id: pulumi.Input[str]
    kubernetes: k8s.Provider
    system_groups: Sequence[pulumi.Resource]


class LoadBalancerController(pulumi.ComponentResource):
    """AWS Load Balancer Controller, installed for TargetGroupBindings only, with its kinds and a role cut to that.

    A binding depends on `release`: the controller puts a finalizer on it, and must live until it took it off again.
    """

    release: k8s.helm.v3.Release

    def __init__(self, name: str, args: ControllerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:LoadBalancerController", name, None, opts)
        identity = self._make_identity(name, args)
        definitions = self._make_definitions(name, args)
        self.release = self._make_release(name, args, identity, definitions)
        self.register_outputs({})

    def _make_identity(self, name: str, args: ControllerArgs) -> PodIdentity:
        return PodIdentity(
            name,
            PodIdentityArgs(
                context=args.context,
                cluster_name=args.cluster_name,
                namespace=NAMESPACE,
                service_account=RELEASE,
                policies={"targets": controller_policy(args.context)},
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_definitions(self, name: str, args: ControllerArgs) -> k8s.yaml.v2.ConfigFile:
        """Make the kinds that the controller serves, in the version of its chart: another version renews them first.

        The plug-in makes them, out of sight of what protects the rest of a stack (`live/protection.py`), and with a
        kind all its bindings go, and with these every pod from behind the load balancers.
        """
        return k8s.yaml.v2.ConfigFile(
            f"{name}-definitions",
            file=LOAD_BALANCER_DEFINITIONS,
            opts=pulumi.ResourceOptions(parent=self, provider=args.kubernetes, protect=args.context.protect),
        )

    def _make_release(
        self, name: str, args: ControllerArgs, identity: PodIdentity, definitions: k8s.yaml.v2.ConfigFile
    ) -> k8s.helm.v3.Release:
        return k8s.helm.v3.Release(
            name,
            name=RELEASE,
            namespace=NAMESPACE,
            chart=LOAD_BALANCER_CONTROLLER.chart,
            version=LOAD_BALANCER_CONTROLLER.version,
            repository_opts=k8s.helm.v3.RepositoryOptsArgs(repo=LOAD_BALANCER_CONTROLLER.repository),
            values=controller_values(cluster_name=args.context.name, region=args.context.region, vpc_id=args.vpc_id),
            skip_crds=True,
            # A first install that fails is taken back, or the next attempt would find the name in use.
            atomic=True,
            timeout=INSTALL_TIMEOUT_SECONDS,
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=args.kubernetes,
                # Its pods need a node, and get their role when they are admitted: one made before the association would
                # run with the node's. On the way down both must last until the last binding is undone.
                depends_on=[identity.association, definitions, *args.system_groups],
            ),
        )


def controller_policy(context: AwsContext) -> Document:
    """What the controller may do: look, and register and deregister targets of this cluster.

    The least for bindings to IP targets with all fields written out and no `networking` (read in the code of v3.5.0;
    the notes of v3.6.0 name no change).
    """
    groups = f"arn:{context.partition}:elasticloadbalancing:{context.region}:{context.account_id}:targetgroup/*/*"
    return policy_document(
        Statement(
            sid="Look",
            # None of these has a resource-level permission.
            actions=[
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeVpcs",
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetHealth",
            ],
            resources=["*"],
        ),
        Statement(
            sid="Register",
            actions=["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"],
            resources=[groups],
            # Another cluster's groups stay out of reach.
            conditions={"StringEquals": {f"aws:ResourceTag/{CLUSTER_TAG}": context.name}},
        ),
    )


def controller_values(*, cluster_name: str, region: str, vpc_id: pulumi.Input[str]) -> dict[str, Any]:
    """Return the values of the chart: everything off that is not TargetGroupBinding.

    Keys: its values.yaml of 3.5.0; the notes of 3.6.0 name no change.
    The webhook's certificate is kept over upgrades (`keepTLSSecret`): Helm finds the Secret, because the release is
    rendered where the cluster can be asked. It is made once, in the cluster, so that no private key is in the state.
    """
    return {
        "clusterName": cluster_name,
        # The metadata service, which it would ask for both, is out of a pod's reach.
        "region": region,
        "vpcId": vpc_id,
        "serviceAccount": {"create": True, "name": RELEASE},
        "keepTLSSecret": True,
        **_only_target_group_bindings(),
        **_survives_a_zone(),
        "nodeSelector": system_selector(),
        "tolerations": system_tolerations(),
        # The VPC's resolver: it calls nothing but AWS, and so need not wait for the cluster's DNS.
        "dnsPolicy": "Default",
        "targetgroupbindingMaxExponentialBackoffDelay": LONGEST_BACKOFF,
        "defaultTargetType": "ip",
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": {
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "allowPrivilegeEscalation": False,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def _only_target_group_bindings() -> dict[str, Any]:
    return {
        # On, it would refuse every Service of other charts while the controller is down.
        "enableServiceMutatorWebhook": False,
        "controllerConfig": {
            "featureGates": {
                "EnableServiceController": False,
                "ALBGatewayAPI": False,
                "NLBGatewayAPI": False,
                "GatewayListenerSet": False,
            }
        },
        "enableShield": False,
        "enableWaf": False,
        "enableWafv2": False,
        "enableBackendSecurityGroup": False,
        # The Ingress controller cannot be switched off: it is left with nothing to do. Empty would mean every Ingress.
        "ingressClass": "nightowl-unused",
        "createIngressClassResource": False,
        "ingressClassParams": {"create": False},
        "disableIngressClassAnnotation": True,
        "disableIngressGroupNameAnnotation": True,
        "webhookConfig": {"disableIngressValidation": True},
        # Should the controller be down, pods come up without a readiness gate. The other choice would stop every new
        # pod, in a flood too.
        "podMutatorWebhookConfig": {"failurePolicy": "Ignore"},
    }


def _survives_a_zone() -> dict[str, Any]:
    return {
        "replicaCount": REPLICAS,
        "podDisruptionBudget": {"maxUnavailable": 1},
        "topologySpreadConstraints": zone_spread({"app.kubernetes.io/name": RELEASE}),
    }
