"""The EKS add-ons of a cluster, as AWS names them."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from infra.settings.scalars import Notation

ADDON_NAMES = (
    "vpc-cni",
    "kube-proxy",
    "eks-pod-identity-agent",
    "coredns",
    "metrics-server",
    "aws-ebs-csi-driver",
    "eks-node-monitoring-agent",
    "aws-secrets-store-csi-driver-provider",
)
"""In the order in which they are made (names: EKS user guide, "Amazon EKS add-ons")."""


def _check_version(value: str) -> str:
    if not re.fullmatch(r"v\d+\.\d+\.\d+-eksbuild\.\d+", value, re.ASCII):
        raise ValueError("is not the version of an add-on, such as v1.22.4-eksbuild.3")
    return value


AddonVersion = Annotated[str, AfterValidator(_check_version), Notation("version")]
