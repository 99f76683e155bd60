"""The identity of a pod, and what its containers may do.

Pods pass the `restricted` Pod Security Standard unless their app asks for `baseline`, and go beyond it with a read-only
root and user ids that collide with none of the host's (checkov CKV_K8S_22 and CKV_K8S_40).
"""

from __future__ import annotations

import pulumi_kubernetes as k8s

from infra.labels import SECURITY_ANNOTATION
from infra.settings.app.security import SecuritySettings


def security_annotations(app: str, settings: SecuritySettings) -> dict[str, str]:
    """Name which section decides what differs from the defaults: the policy pack takes it for a decision."""
    return {} if settings == SecuritySettings() else {SECURITY_ANNOTATION: f"nightowl:apps.{app}.security"}


def pod_security(settings: SecuritySettings) -> k8s.core.v1.PodSecurityContextArgs:
    """Set user, group and seccomp profile of every container of the pod.

    `fsGroup` lets that user write to the pod's volumes. A large volume is not walked at each start: ownership is
    changed only where the root of the volume differs.
    """
    return k8s.core.v1.PodSecurityContextArgs(
        run_as_non_root=settings.user != 0,
        run_as_user=settings.user,
        run_as_group=settings.group,
        fs_group=settings.group,
        fs_group_change_policy="OnRootMismatch",
        seccomp_profile=k8s.core.v1.SeccompProfileArgs(type="RuntimeDefault"),
    )


def container_security(settings: SecuritySettings) -> k8s.core.v1.SecurityContextArgs:
    """Return a context with the named capabilities alone, without a way to gain more, and with a read-only root."""
    return k8s.core.v1.SecurityContextArgs(
        allow_privilege_escalation=False,
        read_only_root_filesystem=settings.read_only_root,
        capabilities=k8s.core.v1.CapabilitiesArgs(drop=["ALL"], add=list(settings.capabilities) or None),
    )
