"""Secrets Store CSI driver with AWS's provider: secrets of AWS Secrets Manager as files of pods.

It has no permissions: each app's pods read their secrets with a role of their own (`infra.platforms.eks.secrets`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.addons.addon import LIKE_OTHER_DAEMONS, Addon, ClusterFacts

ROTATION_POLL_INTERVAL = "1h"
"""How often mounted secrets are fetched again, as the provider's README advises: each fetch of each pod is billed."""
TOLERATES_EVERYTHING = [{"operator": "Exists"}]
"""For what must run on every node, whatever taints its pool has."""


def _values(cluster: ClusterFacts) -> Mapping[str, Any]:
    # With it, the driver may write the Secrets of every namespace.
    sync = {"syncSecret": {"enabled": True}} if cluster.copies_secrets else {}
    rotation = {"enableSecretRotation": True, "rotationPollInterval": ROTATION_POLL_INTERVAL}
    return {
        "awsRegion": cluster.region,
        # The chart's own default is none: on a tainted pool no provider runs, and apps wait for their secrets for ever
        # (issue 267). The driver beside it tolerates everything by default, and the add-on has no key for it.
        "tolerations": TOLERATES_EVERYTHING,
        "secrets-store-csi-driver": rotation | sync,
    }


ADDON = Addon(
    name="aws-secrets-store-csi-driver-provider",
    # Driver and provider have the network of pods (the chart, `hostNetwork: false`). EKS would make the namespace
    # together with them, too late for a policy.
    namespace="aws-secrets-manager",
    needed_by="secrets",
    values=_values,
    seconds=24,
    source=LIKE_OTHER_DAEMONS,
)
"""Keys of the values: those of the chart secrets-store-csi-driver-provider-aws (read 2026-11-23)."""
