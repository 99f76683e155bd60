"""The objects of `infra.platforms.eks.pipeline.ephemeral_access`, as they would reach a cluster."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from infra.platforms.eks.pipeline.ephemeral_access import EphemeralAccess
from tests.harness import run

PATHS = {
    "ValidatingAdmissionPolicy": "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
}


def access_objects() -> list[tuple[str, dict[str, Any]]]:
    """Each object with the API path that it is created at."""

    def program() -> None:
        provider = k8s.Provider("cluster", kubeconfig="{}")
        EphemeralAccess("ephemeral-access", opts=pulumi.ResourceOptions(providers=[provider]))

    return [(PATHS[made.kind], made.props) for made in run(program).objects()]
