"""The identity of a pod, and what its containers may do.

Pods pass the `restricted` Pod Security Standard unless their app asks for `baseline`, and go beyond it with a read-only
root and user ids that collide with none of the host's (checkov CKV_K8S_22 and CKV_K8S_40).
"""

from __future__ import annotations

from collections.abc import Iterable

import pulumi_kubernetes as k8s

from infra.labels import SECURITY_ANNOTATION
from infra.settings.app.security import SecuritySettings

FIRST_UNPRIVILEGED_PORT = 1024


def security_annotations(app: str, settings: SecuritySettings) -> dict[str, str]:
    """Name which section decides what differs from the defaults: the policy pack takes it for a decision."""
    return {} if settings == SecuritySettings() else {SECURITY_ANNOTATION: f"nightowl:apps.{app}.security"}


def pod_security(settings: SecuritySettings, ports: Iterable[int]) -> k8s.core.v1.PodSecurityContextArgs:
    """Set user, group and seccomp profile of every container of the pod, which serves `ports`.

    `fsGroup` lets that user write to the pod's volumes. A large volume is not walked at each start: ownership is
    changed only where the root of the volume differs. A port below 1024 may be served without a capability: containerd
    from 2.0 on and Docker allow it by themselves, CRI-O does not (kubernetes/kubernetes#102612).
    """
    any_port = k8s.core.v1.SysctlArgs(name="net.ipv4.ip_unprivileged_port_start", value="0")
    return k8s.core.v1.PodSecurityContextArgs(
        run_as_non_root=settings.user != 0,
        run_as_user=settings.user,
        run_as_group=settings.group,
        fs_group=settings.group,
        fs_group_change_policy="OnRootMismatch",
        seccomp_profile=k8s.core.v1.SeccompProfileArgs(type="RuntimeDefault"),
        sysctls=[any_port] if min(ports, default=FIRST_UNPRIVILEGED_PORT) < FIRST_UNPRIVILEGED_PORT else None,
    )


def container_security(settings: SecuritySettings) -> k8s.core.v1.SecurityContextArgs:
    """Return a context with the named capabilities alone, without a way to gain more, and with a read-only root."""
    return k8s.core.v1.SecurityContextArgs(
        allow_privilege_escalation=False,
        read_only_root_filesystem=settings.read_only_root,
        capabilities=k8s.core.v1.CapabilitiesArgs(drop=["ALL"], add=list(settings.capabilities) or None),
    )
