"""Configuration of the EKS add-ons, as plain data.

EKS refuses unknown keys. Sources: the schemas that `aws eks describe-addon-configuration` gives for vpc-cni and coredns
(printed in the AWS CLI reference and in terraform-aws-eks, docs/addons), values.schema.json of the chart of
aws-ebs-csi-driver 2.64.0, and the values of the charts of metrics-server and secrets-store-csi-driver-provider-aws; all
read 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.platforms.eks.nodes.placement import system_selector, system_tolerations, zone_spread

FEWEST_DNS_REPLICAS = 2
MOST_DNS_REPLICAS = 20
"""EKS runs one replica of CoreDNS per 16 nodes or 256 cores, within these bounds; 20 are for 320 nodes."""
TOLERATES_EVERYTHING = [{"operator": "Exists"}]
"""For what must run on every node, whatever taints its pool has."""
ROTATION_POLL_INTERVAL = "1h"
"""How often mounted secrets are fetched again, as the provider's README advises: each fetch of each pod is billed."""


def addon_values(name: str, *, region: str) -> Mapping[str, Any]:
    """Return the configuration of add-on `name`; empty where AWS's own is right."""
    values: dict[str, Mapping[str, Any]] = {
        "vpc-cni": _vpc_cni(),
        "coredns": _coredns(),
        "metrics-server": _metrics_server(),
        "aws-ebs-csi-driver": _ebs_csi_driver(region),
        "aws-secrets-store-csi-driver-provider": _secrets_provider(region),
    }
    return values.get(name, {})


def _vpc_cni() -> Mapping[str, Any]:
    return {
        # Every value is text, also switches and numbers.
        "enableNetworkPolicy": "true",
        "env": {
            "ENABLE_PREFIX_DELEGATION": "true",
            "WARM_PREFIX_TARGET": "1",
            # By default a new pod is open to all for a second or two, and what it began then is cut off afterwards
            # (aws-network-policy-agent issues 189, 271 and 345).
            "NETWORK_POLICY_ENFORCING_MODE": "strict",
        },
    }


def _coredns() -> Mapping[str, Any]:
    return {
        "autoScaling": {"enabled": True, "minReplicas": FEWEST_DNS_REPLICAS, "maxReplicas": MOST_DNS_REPLICAS},
        "nodeSelector": system_selector(),
        "tolerations": system_tolerations(),
        "topologySpreadConstraints": zone_spread({"k8s-app": "kube-dns"}),
    }


def _metrics_server() -> Mapping[str, Any]:
    return {
        "replicas": 2,
        "nodeSelector": system_selector(),
        "tolerations": system_tolerations(),
        "topologySpreadConstraints": zone_spread({"app.kubernetes.io/name": "metrics-server"}),
        "podDisruptionBudget": {"enabled": True, "minAvailable": 1},
    }


def _ebs_csi_driver(region: str) -> Mapping[str, Any]:
    return {
        "controller": {
            # Asked of the instance metadata service otherwise, which pods do not reach.
            "region": region,
            "nodeSelector": system_selector(),
            "tolerations": system_tolerations(),
            "topologySpreadConstraints": zone_spread({"app": "ebs-csi-controller"}),
        }
    }


def _secrets_provider(region: str) -> Mapping[str, Any]:
    return {
        "awsRegion": region,
        # The chart's own default is none: on a tainted pool no provider runs, and apps wait for their secrets for ever
        # (issue 267). The driver beside it tolerates everything by default, and the add-on has no key for it.
        "tolerations": TOLERATES_EVERYTHING,
        "secrets-store-csi-driver": {"enableSecretRotation": True, "rotationPollInterval": ROTATION_POLL_INTERVAL},
    }
