"""Volumes: by which class they are made, where, and encrypted or not."""

from __future__ import annotations

from collections.abc import Iterator

from infra.values import is_true, mappings, text, within
from policies.facts.objects import DEFAULT_CLASS, STATEFUL_SET, STORAGE_CLASS, annotation
from policies.facts.spellings import with_patches
from policies.facts.stack import Resource, Stack
from policies.rule import CRITICAL, HIGH, LOW, MEDIUM, Family, Messages

CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
VOLUME = "kubernetes:core/v1:PersistentVolume"

EBS = "ebs.csi.aws.com"
IN_TREE = "kubernetes.io/aws-ebs"

family = Family("Storage in Kubernetes", __doc__, url="https://docs.aws.amazon.com/eks/latest/userguide/ebs-csi.html")


@family.rule("storage-class-encrypts", HIGH, STORAGE_CLASS, "Security Hub EC2.3", "CKV_AWS_3")
def _encrypted(storage: Resource) -> Messages:
    """Whoever gets a copy of a volume or of its snapshot reads it.

    Set parameters.encrypted to "true", and kmsKeyId to a key of yours.
    """
    if text(storage.props, "provisioner") == EBS and not is_true(storage.props, "parameters", "encrypted"):
        yield "it makes volumes that are not encrypted"


@family.rule("storage-class-waits-for-pod", HIGH, STORAGE_CLASS, "EKS best practices")
def _in_the_pods_zone(storage: Resource) -> Messages:
    """The volume is made in one zone and its pod can only run in another: it stays Pending.

    Set volumeBindingMode to WaitForFirstConsumer.
    """
    mode = text(storage.props, "volumeBindingMode")
    if text(storage.props, "provisioner") in {EBS, IN_TREE} and mode != "WaitForFirstConsumer":
        yield f"volumeBindingMode is {mode or 'the default, Immediate'}"


@family.rule("storage-class-grows", LOW, STORAGE_CLASS)
def _growing(storage: Resource) -> Messages:
    """A full volume can only be replaced, with a copy of all that is on it.

    Set allowVolumeExpansion to true.
    """
    if text(storage.props, "provisioner") == EBS and not is_true(storage.props, "allowVolumeExpansion"):
        yield "its volumes cannot grow"


@family.rule("volume-is-no-folder-of-a-node", CRITICAL, with_patches(VOLUME), "PSS baseline", "CIS EKS 4.1.9", "NSA")
def _of_a_node(volume: Resource) -> Messages:
    """By way of a claim, a pod without any hostPath reads and writes what is on the node.

    Let a StorageClass make the volume, or use a csi volume.
    https://kubernetes.io/docs/concepts/storage/persistent-volumes/
    """
    for kind in ("hostPath", "local"):
        if within(volume.props, "spec", kind) is not None:
            yield f"it is {text(volume.props, 'spec', kind, 'path')} of a node"


def _nameless_claims(resource: Resource) -> Iterator[str]:
    if resource.type == CLAIM:
        nameless = within(resource.props, "spec", "storageClassName") is None
        if nameless and not text(resource.props, "spec", "volumeName"):
            yield "the claim"
        return
    for claim in mappings(resource.props, "spec", "volumeClaimTemplates"):
        if within(claim, "spec", "storageClassName") is None:
            yield f"claim {text(claim, 'metadata', 'name')}"


@family.stack_rule("claim-has-a-class", HIGH, (CLAIM, STATEFUL_SET))
def _default_class(resource: Resource, stack: Stack) -> Messages:
    """EKS makes no default class since 1.30: the claim, and its pod, stay Pending.

    Set storageClassName, or make a StorageClass with the annotation storageclass.kubernetes.io/is-default-class:
    'true'.
    """
    if not any(annotation(storage, DEFAULT_CLASS) == "true" for storage in stack.of_type(STORAGE_CLASS)):
        for claim in _nameless_claims(resource):
            yield f"{claim} names no class, and this stack makes no default one"


@family.stack_rule("one-default-storage-class", MEDIUM, STORAGE_CLASS)
def _one_default(storage: Resource, stack: Stack) -> Messages:
    """Of two default classes the younger one is taken, whoever made it.

    Annotate one class with storageclass.kubernetes.io/is-default-class: 'true'.
    https://kubernetes.io/docs/concepts/storage/storage-classes/#default-storageclass
    """
    if annotation(storage, DEFAULT_CLASS) == "true":
        for other in stack.of_type(STORAGE_CLASS):
            if other.urn < storage.urn and annotation(other, DEFAULT_CLASS) == "true":
                yield f"it is the default class, and so is {other.label}"
