"""What every pod gives up, as it needs none of it: the restricted Pod Security Standard, and a little more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.values import is_false, is_true, mapping, mappings, number, text, texts, within, words
from policies.facts.objects import POD_SPELLINGS, WORKLOADS
from policies.facts.pods import all_containers, decided, label, on_windows, pod_spec, security
from policies.facts.spellings import is_patch
from policies.facts.stack import Resource
from policies.rule import HIGH, LOW, MEDIUM, Family, Messages

VOLUME_TYPES = {*words("configMap csi downwardAPI emptyDir ephemeral persistentVolumeClaim projected secret")}
"""Volumes that a restricted pod may have (Kubernetes, Pod Security Standards, "Volume Types")."""

PROFILED = {"RuntimeDefault", "Localhost"}

LOWEST_USER_ID = 10_000
"""From here on no system account of a node has the id (CKV_K8S_40)."""

family = Family(
    "Pods: restricted", __doc__, url="https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted"
)


def _written_whole(resource: Resource) -> Iterator[Mapping[str, Any]]:
    """The containers of pods that are written whole, so that what is missing is not there."""
    return iter(()) if is_patch(resource) else all_containers(resource)


def _patched(resource: Resource) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The security contexts that a patch writes, and whose they are; what it leaves out stays as it was."""
    if is_patch(resource):
        yield "the pod", mapping(pod_spec(resource).get("securityContext"))
        for container in all_containers(resource):
            yield label(container), mapping(container.get("securityContext"))


@family.rule("pod-no-privilege-escalation", HIGH, POD_SPELLINGS, "PSS restricted", "CIS EKS 4.2.5", "CKV_K8S_20")
def _escalation(resource: Resource) -> Messages:
    """A setuid program in the image makes root of whoever runs it.

    Set securityContext.allowPrivilegeEscalation to false in every container.
    """
    if on_windows(resource):
        return
    for container in _written_whole(resource):
        if not is_false(container, "securityContext", "allowPrivilegeEscalation"):
            yield f"{label(container)} does not set allowPrivilegeEscalation to false"
    for whose, context in _patched(resource):
        if is_true(context, "allowPrivilegeEscalation"):
            yield f"allowPrivilegeEscalation of {whose} is set to true"


@family.rule("pod-non-root", HIGH, POD_SPELLINGS, "PSS restricted", "CKV_K8S_23")
def _non_root(resource: Resource) -> Messages:
    """A container as root is root on the node as soon as it breaks out.

    Set securityContext.runAsNonRoot to true on the pod, and use an image with a user of its own.
    """
    for container in _written_whole(resource):
        if not is_true(security(container, resource, "runAsNonRoot")):
            yield f"{label(container)} is not held to runAsNonRoot{decided(resource)}"
    for whose, context in _patched(resource):
        if is_false(context, "runAsNonRoot"):
            yield f"runAsNonRoot of {whose} is set to false"


@family.rule("pod-no-user-zero", HIGH, POD_SPELLINGS, "PSS restricted")
def _user_zero(resource: Resource) -> Messages:
    """User 0 is root, whatever else is said.

    Set runAsUser to an id of 10000 or more.
    """
    for container in _written_whole(resource):
        if number(security(container, resource, "runAsUser")) == 0:
            yield f"{label(container)} runs as user 0{decided(resource)}"
    for whose, context in _patched(resource):
        if number(context, "runAsUser") == 0:
            yield f"runAsUser of {whose} is set to 0"


@family.rule("pod-high-user-id", LOW, WORKLOADS, "CKV_K8S_40")
def _user_id(resource: Resource) -> Messages:
    """An id that an account of the node also has gets that account's files after a break-out.

    Set runAsUser to an id of 10000 or more.
    https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
    """
    if on_windows(resource):
        return
    for container in all_containers(resource):
        user = number(security(container, resource, "runAsUser"))
        # Zero is another rule's.
        if user is None:
            yield f"{label(container)} leaves runAsUser to its image"
        elif 0 < user < LOWEST_USER_ID:
            yield f"{label(container)} runs as user {user:g}{decided(resource)}"


@family.rule("pod-seccomp", HIGH, POD_SPELLINGS, "PSS restricted", "CKV_K8S_31", "C-0210")
def _seccomp(resource: Resource) -> Messages:
    """Without a seccomp profile a process may use every system call, those with known holes too.

    Set securityContext.seccompProfile.type to RuntimeDefault on the pod.
    """
    if on_windows(resource):
        return
    for container in _written_whole(resource):
        profile = text(security(container, resource, "seccompProfile"), "type")
        if profile not in PROFILED:
            yield f"{label(container)} has the seccomp profile {profile or '(none)'}"
    for whose, context in _patched(resource):
        profile = text(context, "seccompProfile", "type")
        if profile and profile not in PROFILED:
            yield f"the seccomp profile of {whose} is set to {profile}"


@family.rule("pod-drops-capabilities", HIGH, POD_SPELLINGS, "PSS restricted", "CKV_K8S_28", "CKV_K8S_37")
def _dropped(resource: Resource) -> Messages:
    """The default capabilities let a process forge packets and change owners of files.

    Set securityContext.capabilities.drop to [ALL] in every container.
    """
    if on_windows(resource):
        return
    for container in _written_whole(resource):
        if "ALL" not in texts(container, "securityContext", "capabilities", "drop"):
            yield f"{label(container)} does not drop ALL capabilities"
    for whose, context in _patched(resource):
        if within(context, "capabilities", "drop") is not None and "ALL" not in texts(context, "capabilities", "drop"):
            yield f"{whose} is set to drop other capabilities than ALL"


@family.rule("pod-volume-types", HIGH, POD_SPELLINGS, "PSS restricted")
def _volumes(resource: Resource) -> Messages:
    """A volume of an in-tree driver is mounted with the node's rights and past storage policies.

    Use a PersistentVolumeClaim or a csi volume.
    """
    for volume in mappings(pod_spec(resource), "volumes"):
        # hostPath is another rule's.
        given = {key for key in volume if volume[key] is not None} - {"name", "hostPath"}
        if given - VOLUME_TYPES:
            yield f"volume {text(volume, 'name')} is of type {', '.join(sorted(given))}"


@family.rule("pod-read-only-root", MEDIUM, WORKLOADS, "CKV_K8S_22", "NSA C-0017")
def _read_only(resource: Resource) -> Messages:
    """Whoever breaks in can replace the program or bring tools along.

    Set securityContext.readOnlyRootFilesystem to true and mount an emptyDir where the app writes.
    https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
    """
    if on_windows(resource):
        return
    for container in all_containers(resource):
        if not is_true(container, "securityContext", "readOnlyRootFilesystem"):
            yield f"{label(container)} can write to its root file system{decided(resource)}"
