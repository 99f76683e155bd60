"""The `restricted` Pod Security Standard, as data and a reader of it.

Source: Kubernetes documentation, "Pod Security Standards", profiles baseline and restricted, v1.36.
"""

from __future__ import annotations

from typing import Any

VOLUME_KINDS = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret",
}  # fmt: skip
MAY_ADD = {"NET_BIND_SERVICE"}
FORBIDDEN_IN_POD = {"hostNetwork", "hostPID", "hostIPC", "hostUsers"}
FORBIDDEN_IN_CONTEXT = {"privileged", "procMount", "seLinuxOptions", "windowsOptions", "appArmorProfile"}
SYSCTLS = {
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
}  # fmt: skip
"""Those that stay within the pod."""
SECCOMP = {"RuntimeDefault", "Localhost"}


def violations(template: dict[str, Any]) -> list[str]:
    """What the standard has against a pod template; empty when the pod would be admitted."""
    spec = template["spec"]
    pod = spec.get("securityContext", {})
    found = [f"pod.{key}" for key in FORBIDDEN_IN_POD & spec.keys()]
    found += [f"pod.securityContext.{key}" for key in FORBIDDEN_IN_CONTEXT & pod.keys()]
    found += [f"sysctl {one['name']}" for one in pod.get("sysctls", []) if one["name"] not in SYSCTLS]
    found += [
        f"volume {volume['name']}"
        for volume in spec.get("volumes", [])
        if not (volume.keys() - {"name"}) <= VOLUME_KINDS
    ]
    for container in [*spec.get("initContainers", []), *spec["containers"]]:
        found += [f"{container['name']}: {problem}" for problem in _in_container(container, pod)]
    return found


def _in_container(container: dict[str, Any], pod: dict[str, Any]) -> list[str]:
    context = {**pod, **container.get("securityContext", {})}
    capabilities = context.get("capabilities", {})
    found = list(FORBIDDEN_IN_CONTEXT & context.keys())
    if context.get("allowPrivilegeEscalation") is not False:
        found.append("allowPrivilegeEscalation")
    if context.get("runAsNonRoot") is not True:
        found.append("runAsNonRoot")
    if context.get("runAsUser") == 0:
        found.append("runAsUser")
    if context.get("seccompProfile", {}).get("type") not in SECCOMP:
        found.append("seccompProfile")
    if "ALL" not in capabilities.get("drop", []) or not set(capabilities.get("add", [])) <= MAY_ADD:
        found.append("capabilities")
    if any("hostPort" in port for port in container.get("ports", [])):
        found.append("hostPort")
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked = container.get(probe, {})
        if any("host" in asked.get(question, {}) for question in ("httpGet", "tcpSocket")):
            found.append(f"{probe}.host")
    return found
