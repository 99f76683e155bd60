"""Images, resources and other settings by which a pod behaves well towards its node and its neighbours."""

from __future__ import annotations

import re

from infra.values import is_false, mappings, number, text, within
from policies.facts.objects import DAEMON_SET, DEPLOYMENT, POD, POD_SPELLINGS, REPLICATED, WORKLOADS
from policies.facts.pods import all_containers, label, lasting_containers, pod_spec
from policies.facts.quantities import quantity
from policies.facts.stack import Resource
from policies.rule import HIGH, LOW, MEDIUM, Family, Messages

DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")

MOST_REVISIONS = 5
"""Old ReplicaSets worth keeping; each is an object that the API server holds for good (default 10)."""

MOST_DOTS = 2
"""With more, each name outside the cluster is first looked up once for each search domain (default 5)."""

MOST_NODE_LOSS_SECONDS = 60
"""How long a pod may stay bound to a node that does not answer (default 300; own figure)."""

NODE_LOSS_TAINTS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")

family = Family("Workloads", __doc__)


def _moves(image: str) -> bool:
    """Whether an image is named without a tag, or by the tag that always moves."""
    tag = image.rpartition("/")[2].partition(":")[2]
    return "@" not in image and tag in {"", "latest"}


@family.rule("image-by-digest", HIGH, POD_SPELLINGS, "CIS EKS 5.1.4", "CKV_K8S_43", "C-0306")
def _digest(resource: Resource) -> Messages:
    """A tag can be moved, so that pods of one Deployment run different programs, or a stranger's.

    Write the image as name:tag@sha256:digest.
    https://kubernetes.io/docs/concepts/containers/images/
    """
    for container in all_containers(resource):
        image = text(container, "image")
        # One without a tag is another rule's.
        if image and not _moves(image) and not DIGEST.search(image):
            yield f"{label(container)} runs {image}, which has no digest"


@family.rule("image-not-latest", HIGH, POD_SPELLINGS, "CKV_K8S_14")
def _latest(resource: Resource) -> Messages:
    """Nobody can tell what runs, and a rollback rolls back to nothing.

    Name the image by a version, and better by its digest.
    https://kubernetes.io/docs/concepts/containers/images/
    """
    for container in all_containers(resource):
        image = text(container, "image")
        if image and _moves(image):
            yield f"{label(container)} runs {image}, whichever that is when it starts"


@family.rule("image-names-its-registry", MEDIUM, POD_SPELLINGS, "CIS EKS 5.1.4", "C-0078")
def _registry(resource: Resource) -> Messages:
    """A short name is looked up in a public registry, where others may own it and pulls are limited.

    Write the registry's host in front of the image's name.
    https://kubernetes.io/docs/concepts/containers/images/
    """
    for container in all_containers(resource):
        image = text(container, "image")
        host, slash, _ = image.partition("/")
        if image and not (slash and ("." in host or ":" in host or host == "localhost")):
            yield f"{label(container)} runs {image}, from whichever registry the node takes for it"


def _requests(kind: str, resource: Resource) -> Messages:
    for container in all_containers(resource):
        # A limit without a request is a request as well.
        if not any(within(container, "resources", part, kind) is not None for part in ("requests", "limits")):
            yield f"{label(container)} requests no {kind}"


@family.rule("cpu-request", HIGH, WORKLOADS, "CKV_K8S_10", "C-0270")
def _cpu_request(resource: Resource) -> Messages:
    """The scheduler puts any number of such pods on one node, and no autoscaler sees them coming.

    Set resources.requests.cpu to what the container uses at its usual load.
    https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
    """
    yield from _requests("cpu", resource)


@family.rule("memory-request", HIGH, WORKLOADS, "CKV_K8S_12", "C-0271")
def _memory_request(resource: Resource) -> Messages:
    """A pod that requests no memory is the first that a full node evicts.

    Set resources.requests.memory to the measured peak and a quarter more.
    https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
    """
    yield from _requests("memory", resource)


@family.rule("memory-limit", HIGH, WORKLOADS, "CKV_K8S_13", "C-0271")
def _memory_limit(resource: Resource) -> Messages:
    """A leak in one container takes the memory of its whole node and the neighbours with it.

    Set resources.limits.memory to the same as the request.
    https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
    """
    for container in all_containers(resource):
        if within(container, "resources", "limits", "memory") is None:
            yield f"{label(container)} has no memory limit"


@family.rule("memory-request-is-limit", MEDIUM, WORKLOADS, "EKS best practices")
def _memory_overcommit(resource: Resource) -> Messages:
    """Memory promised twice is missing when both use it, and pods within their limits are killed.

    Set resources.requests.memory and resources.limits.memory to the same.
    https://docs.aws.amazon.com/eks/latest/best-practices/data-plane.html
    """
    for container in all_containers(resource):
        request = quantity(within(container, "resources", "requests", "memory"))
        limit = quantity(within(container, "resources", "limits", "memory"))
        if request is not None and limit is not None and request < limit:
            yield f"{label(container)} may take more memory than it requests"


@family.rule("no-cpu-limit", LOW, WORKLOADS, "EKS best practices")
def _cpu_limit(resource: Resource) -> Messages:
    """A CPU limit slows a pod down beside idle CPUs, and latency climbs before any autoscaler acts.

    Remove resources.limits.cpu; the request already guarantees a share.
    https://docs.aws.amazon.com/eks/latest/best-practices/data-plane.html
    """
    for container in lasting_containers(resource):
        if within(container, "resources", "limits", "cpu") is not None:
            yield f"{label(container)} has a CPU limit"


@family.rule("scratch-volume-size", MEDIUM, WORKLOADS)
def _scratch_size(resource: Resource) -> Messages:
    """An emptyDir without a limit fills the node's disk, and the node then evicts whoever is on it.

    Set emptyDir.sizeLimit.
    https://kubernetes.io/docs/concepts/storage/volumes/#emptydir
    """
    for volume in mappings(pod_spec(resource), "volumes"):
        if within(volume, "emptyDir") is not None and not within(volume, "emptyDir", "sizeLimit"):
            yield f"emptyDir {text(volume, 'name')} may fill the disk of its node"


@family.rule("no-service-links", LOW, WORKLOADS, "EKS best practices")
def _service_links(resource: Resource) -> Messages:
    """Variables for every Service of the namespace slow the start, and past some thousand prevent it.

    Set enableServiceLinks to false and use DNS names.
    https://docs.aws.amazon.com/eks/latest/best-practices/scale-workloads.html
    """
    if not is_false(pod_spec(resource), "enableServiceLinks"):
        yield "enableServiceLinks is not false"


@family.rule(
    "few-old-revisions",
    LOW,
    (*REPLICATED, DAEMON_SET),
    "EKS best practices",
    remediation=f"Set revisionHistoryLimit to {MOST_REVISIONS} or fewer.",
)
def _revisions(resource: Resource) -> Messages:
    """Old ReplicaSets fill etcd and slow down whoever lists them.

    https://docs.aws.amazon.com/eks/latest/best-practices/scale-workloads.html
    """
    kept = number(resource.props, "spec", "revisionHistoryLimit")
    if kept is None or kept > MOST_REVISIONS:
        yield f"revisionHistoryLimit is {'the default, 10' if kept is None else f'{kept:g}'}"


@family.rule(
    "dns-few-dots", LOW, WORKLOADS, "EKS best practices", remediation=f"Set dnsConfig.options ndots to {MOST_DOTS}."
)
def _dots(resource: Resource) -> Messages:
    """Each name outside the cluster costs up to five look-ups, which is what overloads CoreDNS.

    https://docs.aws.amazon.com/eks/latest/best-practices/scale-cluster-services.html
    """
    pod = pod_spec(resource)
    if text(pod, "dnsPolicy") not in {"", "ClusterFirst", "ClusterFirstWithHostNet"}:
        return
    options = mappings(pod, "dnsConfig", "options")
    dots = next((number(option, "value") for option in options if text(option, "name") == "ndots"), None)
    if dots is None or dots > MOST_DOTS:
        yield f"ndots is {'the default, 5' if dots is None else f'{dots:g}'}"


@family.rule(
    "node-loss-toleration",
    LOW,
    DEPLOYMENT,
    remediation=f"Tolerate {' and '.join(NODE_LOSS_TAINTS)} for {MOST_NODE_LOSS_SECONDS} seconds or less.",
)
def _node_loss(resource: Resource) -> Messages:
    """Pods of a dead node are replaced only after five minutes.

    https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions
    """
    tolerations = mappings(pod_spec(resource), "tolerations")
    for taint in NODE_LOSS_TAINTS:
        own = [one for one in tolerations if text(one, "key") == taint and text(one, "effect") in {"", "NoExecute"}]
        seconds = number(own[0], "tolerationSeconds") if own else None
        if seconds is None or seconds > MOST_NODE_LOSS_SECONDS:
            yield f"{taint} is tolerated for {'the default, 300' if seconds is None else f'{seconds:g}'} seconds"


@family.rule("no-bare-pod", MEDIUM, POD, "Pulumi compliance policies")
def _bare(_: Resource) -> Messages:
    """A pod that nothing stands behind is gone with its node.

    Make a Deployment, a StatefulSet or a Job.
    https://kubernetes.io/docs/concepts/workloads/pods/#working-with-pods
    """
    yield "no Deployment, StatefulSet or Job stands behind this pod"
