"""Volumes: by which class they are made, where, and encrypted or not."""

from __future__ import annotations

from collections.abc import Iterator

from policies.facts.objects import STATEFUL_SET, STORAGE_CLASS, annotation
from policies.facts.spellings import with_patches
from policies.facts.stack import Resource, Stack
from policies.facts.values import is_true, mappings, text, within
from policies.rule import Family, Severity

CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
VOLUME = "kubernetes:core/v1:PersistentVolume"

EBS = "ebs.csi.aws.com"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
IN_TREE = "kubernetes.io/aws-ebs"

URL = "https://docs.aws.amazon.com/eks/latest/userguide/ebs-csi.html"


family = Family("Storage in Kubernetes", __doc__, url=URL)


@family.resource_rule(
    "storage-class-encrypts",
    Severity.HIGH,
    STORAGE_CLASS,
    protects_from="Whoever gets a copy of a volume or of its snapshot reads it.",
    remediation='Set parameters.encrypted to "true", and kmsKeyId to a key of yours.',
    frameworks=("Security Hub EC2.3", "CKV_AWS_3"),
)
def _encrypted(storage: Resource) -> Iterator[str]:
    if text(storage.props, "provisioner") == EBS and not is_true(storage.props, "parameters", "encrypted"):
        yield "it makes volumes that are not encrypted"


@family.resource_rule(
    "storage-class-waits-for-pod",
    Severity.HIGH,
    STORAGE_CLASS,
    protects_from="The volume is made in one zone and its pod can only run in another: it stays Pending.",
    remediation="Set volumeBindingMode to WaitForFirstConsumer.",
    frameworks=("EKS best practices",),
)
def _in_the_pods_zone(storage: Resource) -> Iterator[str]:
    mode = text(storage.props, "volumeBindingMode")
    if text(storage.props, "provisioner") in {EBS, IN_TREE} and mode != "WaitForFirstConsumer":
        yield f"volumeBindingMode is {mode or 'the default, Immediate'}"


@family.resource_rule(
    "storage-class-grows",
    Severity.LOW,
    STORAGE_CLASS,
    protects_from="A full volume can only be replaced, with a copy of all that is on it.",
    remediation="Set allowVolumeExpansion to true.",
)
def _growing(storage: Resource) -> Iterator[str]:
    if text(storage.props, "provisioner") == EBS and not is_true(storage.props, "allowVolumeExpansion"):
        yield "its volumes cannot grow"


@family.resource_rule(
    "volume-is-no-folder-of-a-node",
    Severity.CRITICAL,
    with_patches(VOLUME),
    protects_from="By way of a claim, a pod without any hostPath reads and writes what is on the node.",
    remediation="Let a StorageClass make the volume, or use a csi volume.",
    url="https://kubernetes.io/docs/concepts/storage/persistent-volumes/",
    frameworks=("PSS baseline", "CIS EKS 4.1.9", "NSA"),
)
def _of_a_node(volume: Resource) -> Iterator[str]:
    for kind in ("hostPath", "local"):
        if within(volume.props, "spec", kind) is not None:
            yield f"it is {text(volume.props, 'spec', kind, 'path')} of a node"


def _nameless_claims(resource: Resource) -> Iterator[str]:
    if resource.type == CLAIM:
        if within(resource.props, "spec", "storageClassName") is None and not text(
            resource.props, "spec", "volumeName"
        ):
            yield "the claim"
        return
    for claim in mappings(resource.props, "spec", "volumeClaimTemplates"):
        if within(claim, "spec", "storageClassName") is None:
            yield f"claim {text(claim, 'metadata', 'name')}"


@family.stack_rule(
    "claim-has-a-class",
    Severity.HIGH,
    (CLAIM, STATEFUL_SET),
    protects_from="EKS makes no default class since 1.30: the claim, and its pod, stay Pending.",
    remediation=f"Set storageClassName, or make a StorageClass with the annotation {DEFAULT_CLASS}: 'true'.",
)
def _default_class(resource: Resource, stack: Stack) -> Iterator[str]:
    if not any(annotation(storage, DEFAULT_CLASS) == "true" for storage in stack.of_type(STORAGE_CLASS)):
        for claim in _nameless_claims(resource):
            yield f"{claim} names no class, and this stack makes no default one"


@family.stack_rule(
    "one-default-storage-class",
    Severity.MEDIUM,
    STORAGE_CLASS,
    protects_from="Of two default classes the younger one is taken, whoever made it.",
    remediation=f"Annotate one class with {DEFAULT_CLASS}: 'true'.",
    url="https://kubernetes.io/docs/concepts/storage/storage-classes/#default-storageclass",
)
def _one_default(storage: Resource, stack: Stack) -> Iterator[str]:
    if annotation(storage, DEFAULT_CLASS) == "true":
        for other in stack.of_type(STORAGE_CLASS):
            if other.urn < storage.urn and annotation(other, DEFAULT_CLASS) == "true":
                yield f"it is the default class, and so is {other.label}"
