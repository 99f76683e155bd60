"""AWS Load Balancer Controller: registers pods in target groups. Load balancers themselves are Pulumi's.

It is installed for TargetGroupBindings only, with permissions cut to that. A binding waits for it: the controller puts
a finalizer on it, and must live until it took it off again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.addons.addon import RELEASE_SECONDS, RELEASE_SOURCE, Addon, Chart, ClusterFacts, on_system_pools
from infra.iam import Statement, allow

NAME = "aws-load-balancer-controller"
CHART = Chart(
    repository="https://aws.github.io/eks-charts",
    chart="aws-load-balancer-controller",
    version="3.6.0",
    definitions="https://raw.githubusercontent.com/kubernetes-sigs/aws-load-balancer-controller/"
    "v{version}/helm/aws-load-balancer-controller/crds/crds.yaml",
)
"""The newest release whose chart was seen in the repository (aws/eks-charts,
stable/aws-load-balancer-controller/Chart.yaml; read 2026-11-26). Its release notes change nothing of what is used here;
3.7.0 asks for one more action on security groups."""
CLUSTER_TAG = "cluster"
"""On target groups: by it the controller of one cluster leaves those of others alone."""
READINESS_GATE_LABELS = {"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"}
"""On a namespace: new pods behind a binding are ready only once the load balancer finds them healthy."""
REPLICAS = 2
LONGEST_BACKOFF = "1m"
"""A binding that failed is tried again after at most this long; by default it can be 16 m 40 s, in which no pod of a
rollout becomes ready (aws-load-balancer-controller issue 3622)."""


def _permissions(cluster: ClusterFacts) -> Mapping[str, Sequence[Statement]]:
    """Return the right to look, and to register and deregister targets of this cluster.

    The least for bindings to IP targets with all fields written out and no `networking` (read in the code of v3.5.0;
    the notes of v3.6.0 name no change).
    """
    return {
        "targets": [
            allow(
                "Look",
                # None of these has a resource-level permission.
                "ec2:DescribeSecurityGroups DescribeVpcs "
                "elasticloadbalancing:DescribeTargetGroups DescribeTargetHealth",
            ),
            allow(
                "Register",
                "elasticloadbalancing:DeregisterTargets RegisterTargets",
                cluster.arn("elasticloadbalancing", "targetgroup/*/*"),
                # Another cluster's groups stay out of reach.
                when={"StringEquals": {f"aws:ResourceTag/{CLUSTER_TAG}": cluster.name}},
            ),
        ]
    }


def _values(cluster: ClusterFacts) -> Mapping[str, Any]:
    """Return the values of the chart: everything off that is not TargetGroupBinding.

    Keys: its values.yaml of 3.5.0; the notes of 3.6.0 name no change.
    The webhook's certificate is kept over upgrades (`keepTLSSecret`): Helm finds the Secret, because the release is
    rendered where the cluster can be asked. It is made once, in the cluster, so that no private key is in the state.
    """
    return {
        "clusterName": cluster.name,
        # The metadata service, which it would ask for both, is out of a pod's reach.
        "region": cluster.region,
        "vpcId": cluster.vpc_id,
        "serviceAccount": {"create": True, "name": NAME},
        "keepTLSSecret": True,
        **_only_target_group_bindings(),
        "replicaCount": REPLICAS,
        "podDisruptionBudget": {"maxUnavailable": 1},
        **on_system_pools({"app.kubernetes.io/name": NAME}),
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


ADDON = Addon(
    name=NAME,
    chart=CHART,
    needed_by="load balancers",
    values=_values,
    service_account=NAME,
    permissions=_permissions,
    seconds=RELEASE_SECONDS,
    source=RELEASE_SOURCE,
)
