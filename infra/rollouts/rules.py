"""What each fault of a pod means: how soon it is worth telling, whether waiting can help, and what does.

The reasons and words are those of Kubernetes 1.36: pkg/kubelet/events/event.go, pkg/kubelet/images/types.go,
pkg/kubelet/container/sync_result.go, pkg/kubelet/kuberuntime (containers), pkg/kubelet/prober/prober.go (probes),
pkg/controller/controller_utils.go (replica sets), and the API types of batch/v1 (jobs); and for words inside a message
those of containerd's runc ("exec: ..."), plugin/resourcequota and plugin/limitranger of the API server, and
pod-security-admission.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class FaultRule:
    """One kind of fault: the reasons that Kubernetes gives for it, and words that its message must have.

    `reported_after_seconds` is for how long it must have lasted: what healthy starts show too is no news before. With
    `hopeless`, only another stack file helps, and waiting does not.
    """

    reasons: frozenset[str]
    words: str = ""
    reported_after_seconds: float = 0.0
    hopeless: bool = False
    remedy: str = ""


CONTAINER_START = frozenset({"CreateContainerError", "RunContainerError", "StartError", "ContainerCannotRun"})
"""A container that was never a process: the runtime refused to make or to start it."""
ENDED = "CrashLoopBackOff"
"""The reason under which a container that ended is told, whatever state it is in between two starts."""
FAILED = "Failed"
"""The reason under which a container that ended for good is told, and the pod with it: the phase of the pod."""
KILLED_BY_PROBE = "Killing"
IMAGE = frozenset({"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "ImageInspectError"})
MOUNT = frozenset({"FailedMount", "FailedMapVolume", "FailedAttachVolume"})
CONFIG = frozenset({"CreateContainerConfigError"})
UNSCHEDULED = frozenset({"Unschedulable", "FailedScheduling"})
CLAIM = frozenset({"ProvisioningFailed", "FailedBinding"})
REFUSED = frozenset({"FailedCreate"})
ORDERED_START = "OrderedStart"
"""Replicas of a StatefulSet that are not made yet, as one before them is not ready: no event of Kubernetes says so."""
NO_PROGRAM = r'exec: "[^"]*": .*(executable file not found|no such file or directory|permission denied)'

RULES = (
    FaultRule(reasons=frozenset({"InvalidImageName"}), hopeless=True, remedy="correct the app's `image`"),
    FaultRule(reasons=IMAGE, remedy="is the image in its registry, and may the nodes pull it?"),
    FaultRule(
        reasons=CONFIG | MOUNT,
        words=r'(secret|configmap) "[^"]+" not found|references non-existent (secret|config) key|find key',
        remedy="make it, and the pods start by themselves",
    ),
    FaultRule(
        reasons=CONFIG,
        words="runAsNonRoot",
        hopeless=True,
        remedy="give the app a numeric `security.user`, or the image one that is not root",
    ),
    FaultRule(
        reasons=CONTAINER_START,
        words=NO_PROGRAM,
        hopeless=True,
        remedy="correct the app's `command`, or the image",
    ),
    FaultRule(reasons=CONTAINER_START),
    FaultRule(
        reasons=frozenset({ENDED, FAILED}),
        words="OOMKilled",
        remedy="raise `resources.memory`, or let the program take less",
    ),
    FaultRule(
        reasons=frozenset({ENDED, FAILED}),
        words="exec format error",
        remedy="the image is made for another processor than the node's; build it for both",
    ),
    FaultRule(
        reasons=frozenset({FAILED}),
        words=NO_PROGRAM,
        remedy="correct the `command`, or the image",
    ),
    FaultRule(reasons=frozenset({ENDED, FAILED})),
    FaultRule(reasons=frozenset({"BackoffLimitExceeded"})),
    FaultRule(
        reasons=frozenset({"DeadlineExceeded"}),
        remedy="give it more time by its `timeout`, or mend what it waits for",
    ),
    # A healthy start of several replicas waits for each as well.
    FaultRule(
        reasons=frozenset({ORDERED_START}),
        reported_after_seconds=30,
        remedy="replicas that become ready only together need `start: parallel`",
    ),
    FaultRule(
        reasons=frozenset({KILLED_BY_PROBE}),
        words="failed startup probe",
        remedy="give the start more time under `health.startup`, or mend what it waits for",
    ),
    FaultRule(reasons=frozenset({KILLED_BY_PROBE})),
    # A container that starts fails its probes until it listens.
    FaultRule(
        reasons=frozenset({"Unhealthy"}),
        reported_after_seconds=15,
        remedy="does the app answer on the port and path under `health`?",
    ),
    FaultRule(
        reasons=UNSCHEDULED,
        words=r'unbound immediate PersistentVolumeClaims|persistentvolumeclaim "[^"]+" not found',
        reported_after_seconds=10,
        remedy="can the storage class make the volume?",
    ),
    # A node autoscaler takes its time: Karpenter some seconds, the Cluster Autoscaler and a machine some minutes.
    FaultRule(reasons=UNSCHEDULED, reported_after_seconds=30),
    # A volume may be on its way from another node, and a kubelet needs a moment to see new ConfigMaps.
    FaultRule(reasons=MOUNT, reported_after_seconds=10),
    FaultRule(
        reasons=REFUSED,
        words="violates PodSecurity",
        hopeless=True,
        remedy="the namespace enforces this standard; remove what it names",
    ),
    FaultRule(reasons=REFUSED, words=r"(maximum|minimum) .* usage per|: Invalid value: ", hopeless=True),
    # The quota of a new namespace is counted a moment later, and so is a service account seen.
    FaultRule(
        reasons=REFUSED,
        words="exceeded quota",
        reported_after_seconds=5,
        remedy="raise `nightowl:namespace.quota`, or let the apps ask for less",
    ),
    FaultRule(reasons=REFUSED, reported_after_seconds=5),
    FaultRule(reasons=CLAIM, reported_after_seconds=5, remedy="can the storage class make the volume?"),
)
OTHER = FaultRule(reasons=frozenset(), reported_after_seconds=10)
"""What no rule knows is told all the same."""


def rule_of(reason: str, message: str) -> FaultRule:
    """Find the first rule for what Kubernetes says."""
    return next((rule for rule in RULES if reason in rule.reasons and re.search(rule.words, message)), OTHER)
