"""Volumes: by which class they are made, where, and encrypted or not."""

from __future__ import annotations

from collections.abc import Iterator

from policies.objects import STATEFUL_SET, annotation
from policies.rule import ResourceRule, Rule, Severity, StackRule
from policies.spellings import with_patches
from policies.stack import Resource, Stack
from policies.values import is_true, mappings, text, within

STORAGE_CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
VOLUME = "kubernetes:core/v1:PersistentVolume"

EBS = "ebs.csi.aws.com"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
IN_TREE = "kubernetes.io/aws-ebs"

URL = "https://docs.aws.amazon.com/eks/latest/userguide/ebs-csi.html"


def _encrypted(storage: Resource) -> Iterator[str]:
    if text(storage.props, "provisioner") == EBS and not is_true(storage.props, "parameters", "encrypted"):
        yield "it makes volumes that are not encrypted"


def _in_the_pods_zone(storage: Resource) -> Iterator[str]:
    mode = text(storage.props, "volumeBindingMode")
    if text(storage.props, "provisioner") in {EBS, IN_TREE} and mode != "WaitForFirstConsumer":
        yield f"volumeBindingMode is {mode or 'the default, Immediate'}"


def _growing(storage: Resource) -> Iterator[str]:
    if text(storage.props, "provisioner") == EBS and not is_true(storage.props, "allowVolumeExpansion"):
        yield "its volumes cannot grow"


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


def _default_class(resource: Resource, stack: Stack) -> Iterator[str]:
    if not any(annotation(storage, DEFAULT_CLASS) == "true" for storage in stack.of_type(STORAGE_CLASS)):
        for claim in _nameless_claims(resource):
            yield f"{claim} names no class, and this stack makes no default one"


def _one_default(storage: Resource, stack: Stack) -> Iterator[str]:
    if annotation(storage, DEFAULT_CLASS) == "true":
        for other in stack.of_type(STORAGE_CLASS):
            if other.urn < storage.urn and annotation(other, DEFAULT_CLASS) == "true":
                yield f"it is the default class, and so is {other.label}"


RULES: tuple[Rule, ...] = (
    ResourceRule(
        name="storage-class-encrypts",
        severity=Severity.HIGH,
        types=(STORAGE_CLASS,),
        controls=("C30",),
        frameworks=("Security Hub EC2.3", "CKV_AWS_3"),
        protects_from="Whoever gets a copy of a volume or of its snapshot reads it.",
        remediation='Set parameters.encrypted to "true", and kmsKeyId to a key of yours.',
        url=URL,
        check=_encrypted,
    ),
    ResourceRule(
        name="volume-is-no-folder-of-a-node",
        severity=Severity.CRITICAL,
        types=with_patches(VOLUME),
        controls=("C61",),
        frameworks=("PSS baseline", "CIS EKS 4.1.9", "NSA"),
        protects_from="By way of a claim, a pod without any hostPath reads and writes what is on the node.",
        remediation="Let a StorageClass make the volume, or use a csi volume.",
        url="https://kubernetes.io/docs/concepts/storage/persistent-volumes/",
        check=_of_a_node,
    ),
    ResourceRule(
        name="storage-class-waits-for-pod",
        severity=Severity.HIGH,
        types=(STORAGE_CLASS,),
        controls=("P13",),
        frameworks=("EKS best practices",),
        protects_from="The volume is made in one zone and its pod can only run in another: it stays Pending.",
        remediation="Set volumeBindingMode to WaitForFirstConsumer.",
        url=URL,
        check=_in_the_pods_zone,
    ),
    ResourceRule(
        name="storage-class-grows",
        severity=Severity.LOW,
        types=(STORAGE_CLASS,),
        controls=("P23",),
        frameworks=(),
        protects_from="A full volume can only be replaced, with a copy of all that is on it.",
        remediation="Set allowVolumeExpansion to true.",
        url=URL,
        check=_growing,
    ),
    StackRule(
        name="claim-has-a-class",
        severity=Severity.HIGH,
        types=(CLAIM, STATEFUL_SET),
        controls=("P23",),
        frameworks=(),
        protects_from="EKS makes no default class since 1.30: the claim, and its pod, stay Pending.",
        remediation=f"Set storageClassName, or make a StorageClass with the annotation {DEFAULT_CLASS}: 'true'.",
        url=URL,
        check=_default_class,
    ),
    StackRule(
        name="one-default-storage-class",
        severity=Severity.MEDIUM,
        types=(STORAGE_CLASS,),
        controls=("P23",),
        frameworks=(),
        protects_from="Of two default classes the younger one is taken, whoever made it.",
        remediation=f"Annotate one class with {DEFAULT_CLASS}: 'true'.",
        url="https://kubernetes.io/docs/concepts/storage/storage-classes/#default-storageclass",
        check=_one_default,
    ),
)
