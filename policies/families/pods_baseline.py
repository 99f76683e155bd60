"""What no pod may have, as it opens the node: the Pod Security Standards' baseline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.values import is_true, mapping, mappings, number, text, within, words
from policies.facts.objects import POD_SPELLINGS
from policies.facts.pods import PROBES, all_containers, decided, label, on_windows, pod_spec, pod_template
from policies.facts.stack import Resource
from policies.rule import CRITICAL, HIGH, Family, Messages

SAFE_SYSCTLS = words("""
    kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.ip_unprivileged_port_start
    net.ipv4.tcp_syncookies net.ipv4.ping_group_range net.ipv4.ip_local_reserved_ports
    net.ipv4.tcp_keepalive_time net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl
    net.ipv4.tcp_keepalive_probes
""")
"""Sysctls that stay within the pod (Kubernetes, Pod Security Standards, "Sysctls")."""

SELINUX_TYPES = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
"""SELinux types that confine (Kubernetes, Pod Security Standards, "SELinux")."""

APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
HOOKS = ("postStart", "preStop")
HANDLERS = ("httpGet", "tcpSocket")

family = Family(
    "Pods: baseline", __doc__, url="https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline"
)


@family.rule("pod-not-privileged", CRITICAL, POD_SPELLINGS, "PSS baseline", "CIS EKS 4.2.1", "NSA", "CKV_K8S_16")
def _privileged(resource: Resource) -> Messages:
    """Whoever breaks into a privileged container owns the node, its credentials and all pods on it.

    Remove securityContext.privileged; give the single capability or device that is needed instead.
    """
    for container in all_containers(resource):
        if is_true(container, "securityContext", "privileged"):
            yield f"{label(container)} is privileged"


@family.rule("pod-own-namespaces", CRITICAL, POD_SPELLINGS, "PSS baseline", "CKV_K8S_17", "CKV_K8S_18", "CKV_K8S_19")
def _host_namespaces(resource: Resource) -> Messages:
    """A pod in the node's own namespaces sees its processes, its traffic and its metadata service.

    Remove hostNetwork, hostPID and hostIPC; reach other pods through Services.
    """
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if is_true(pod_spec(resource), key):
            yield f"{key} is true"


@family.rule("pod-no-host-path", CRITICAL, POD_SPELLINGS, "PSS baseline", "CKV_K8S_27", "C-0048")
def _host_paths(resource: Resource) -> Messages:
    """A folder of the node lets a pod read other pods' secrets or replace what the node runs.

    Use a PersistentVolumeClaim, an emptyDir or a CSI volume.
    """
    for volume in mappings(pod_spec(resource), "volumes"):
        if within(volume, "hostPath") is not None:
            yield f"volume {text(volume, 'name')} is the node's {text(volume, 'hostPath', 'path')}"


@family.rule("pod-no-host-port", HIGH, POD_SPELLINGS, "PSS baseline", "CKV_K8S_26")
def _host_ports(resource: Resource) -> Messages:
    """A port of the node passes by network policies, and lets one node hold only one such pod.

    Remove hostPort and make a Service.
    """
    for container in all_containers(resource):
        for port in mappings(container, "ports"):
            if number(port, "hostPort"):
                yield f"{label(container)} takes port {number(port, 'hostPort'):g} of its node"


@family.rule("pod-no-host-process", CRITICAL, POD_SPELLINGS, "PSS baseline")
def _host_processes(resource: Resource) -> Messages:
    """A HostProcess container on Windows is an administrator of its node.

    Remove windowsOptions.hostProcess.
    """
    if is_true(pod_spec(resource), "securityContext", "windowsOptions", "hostProcess"):
        yield "the pod runs as processes of the node"
    for container in all_containers(resource):
        if is_true(container, "securityContext", "windowsOptions", "hostProcess"):
            yield f"{label(container)} runs as a process of the node"


@family.rule("pod-masked-proc", HIGH, POD_SPELLINGS, "PSS baseline")
def _proc_mounts(resource: Resource) -> Messages:
    """An unmasked /proc shows a container what the kernel tells of the whole node.

    Remove procMount, or set it to Default.
    """
    for container in all_containers(resource):
        mount = text(container, "securityContext", "procMount")
        if mount not in {"", "Default"}:
            yield f"{label(container)} has procMount {mount}"


@family.rule("pod-safe-sysctls", HIGH, POD_SPELLINGS, "PSS baseline")
def _sysctls(resource: Resource) -> Messages:
    """An unsafe sysctl changes the kernel for every pod of the node, or keeps the pod from starting.

    Remove the sysctl, or set it on the nodes that need it.
    """
    for sysctl in mappings(pod_spec(resource), "securityContext", "sysctls"):
        if text(sysctl, "name") not in SAFE_SYSCTLS:
            yield f"sysctl {text(sysctl, 'name')} is not kept within the pod"


@family.rule("pod-apparmor", HIGH, POD_SPELLINGS, "PSS baseline")
def _apparmor(resource: Resource) -> Messages:
    """Without AppArmor's profile a process that breaks out meets no second wall.

    Remove the Unconfined profile; RuntimeDefault is what a pod gets without one.
    """
    if text(pod_spec(resource), "securityContext", "appArmorProfile", "type") == "Unconfined":
        yield "appArmorProfile of the pod is Unconfined"
    for container in all_containers(resource):
        if text(container, "securityContext", "appArmorProfile", "type") == "Unconfined":
            yield f"appArmorProfile of {label(container)} is Unconfined"
    annotations = mapping(within(pod_template(resource), "metadata", "annotations"))
    for key in annotations:
        if key.startswith(APPARMOR_ANNOTATION) and text(annotations, key) == "unconfined":
            yield f"annotation {key} is unconfined"


@family.rule("pod-selinux", HIGH, POD_SPELLINGS, "PSS baseline")
def _selinux(resource: Resource) -> Messages:
    """An SELinux type of the host's lets a process that breaks out touch the host's files.

    Remove seLinuxOptions, or use one of the container types.
    """
    yield from _selinux_options(pod_spec(resource), "the pod")
    for container in all_containers(resource):
        yield from _selinux_options(container, label(container))


def _selinux_options(spec: Mapping[str, Any], whose: str) -> Messages:
    options = mapping(within(spec, "securityContext", "seLinuxOptions"))
    if text(options, "type") not in SELINUX_TYPES or text(options, "user") or text(options, "role"):
        yield f"seLinuxOptions of {whose} leave the confined type, user or role"


@family.rule("pod-probes-own-address", HIGH, POD_SPELLINGS, "PSS baseline since Kubernetes 1.34")
def _probe_hosts(resource: Resource) -> Messages:
    """A probe with a host makes the kubelet ask any address that it reaches, on whoever's behalf.

    Remove host from the probe or hook; without one it asks the pod itself.
    """
    for container in all_containers(resource):
        checks = {key: within(container, key) for key in PROBES}
        checks |= {key: within(container, "lifecycle", key) for key in HOOKS}
        for key, check in checks.items():
            if any(text(check, handler, "host") for handler in HANDLERS):
                yield f"{key} of {label(container)} names a host"


@family.rule("pod-adds-no-capability", HIGH, POD_SPELLINGS, "PSS restricted", "CIS EKS 4.2.5", "CKV_K8S_25")
def _capabilities(resource: Resource) -> Messages:
    """A capability such as SYS_ADMIN or NET_RAW is a part of root that a break-in can use.

    Remove it from capabilities.add; only NET_BIND_SERVICE may stay.
    https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
    """
    if on_windows(resource):
        return
    for container in all_containers(resource):
        added = within(container, "securityContext", "capabilities", "add") or ()
        more = sorted({str(capability) for capability in added} - {"NET_BIND_SERVICE"})
        if more:
            yield f"{label(container)} adds {', '.join(more)}{decided(resource)}"
