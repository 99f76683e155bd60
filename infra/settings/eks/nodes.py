"""`nightowl:nodePools`: the machines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from infra.labels import GPU, GPU_PLUGIN_LABEL, SYSTEM_TAINT_KEY
from infra.settings.app.placement import LabelValue
from infra.settings.eks.instance_types import InstanceType, architecture, has_gpus, memory_class, size
from infra.settings.eks.node_labels import GPU_LABEL, MOST_TAINTS, NodeKey, NodeLabelValue
from infra.settings.model import FieldError, Model, Rule
from infra.settings.names import Line
from infra.settings.scalars import MEBIBYTE, Bytes, Switch, WholeNumber, bytes_text

GIBIBYTE = 1024 * MEBIBYTE
SMALLEST_DISK_BYTES = 20 * GIBIBYTE
"""EKS's own default for Linux nodes (Amazon EKS API, `CreateNodegroup.diskSize`)."""
LARGEST_DISK_BYTES = 16384 * GIBIBYTE
"""The most that gp3 took when it was made, which is far beyond any node's need (EBS user guide, gp3 volumes)."""


MOST_HINTS = 35
"""An Auto Scaling group has 50 tags (EC2 Auto Scaling user guide, "Quotas"); the rest is for EKS's own and for what
each pool has."""

IMAGE_RELEASES = {
    "al2023": (r"\d\.\d+\.\d+-\d{8}", "1.36.2-20261110"),
    "bottlerocket": (r"\d+\.\d+\.\d+-[0-9a-f]{8}", "1.50.0-0a1b2c3d"),
}
"""Form and example by operating system: Kubernetes version and day, or Bottlerocket's version and commit (EKS user
guide, "Retrieve AMI version information")."""


def _check_disk(value: int) -> int:
    if value % GIBIBYTE or not SMALLEST_DISK_BYTES <= value <= LARGEST_DISK_BYTES:
        raise ValueError("is not a disk size; write whole Gi from 20Gi to 16Ti")
    return value


DiskSize = Annotated[Bytes, AfterValidator(_check_disk)]


class TaintSettings(Model):
    """Keeps pods away that do not tolerate it."""

    key: NodeKey
    """The taint's key."""
    value: LabelValue = ""
    """The taint's value; often empty."""
    effect: Literal["NoSchedule", "NoExecute", "PreferNoSchedule"] = "NoSchedule"
    """What happens to pods that do not tolerate it."""


class NodePoolSettings(Model):
    """Machines of one size, in every zone. `min` and `max` count the nodes of all zones together."""

    instance_types: Annotated[tuple[InstanceType, ...], Field(max_length=20)]
    """Several of the same size: when one is sold out, the next is taken."""
    min: Annotated[WholeNumber, Field(ge=0, le=1000)] = 3
    """Fewest nodes; 0 lets the pool disappear when nothing needs it. EKS refuses to raise it above the number of nodes
    that are running just then."""
    max: Annotated[WholeNumber, Field(ge=1, le=1000)] = 30
    """Most nodes."""
    capacity: Literal["onDemand", "spot"] = "onDemand"
    """Spot is far cheaper, and taken back with two minutes' notice."""
    os: Literal["al2023", "bottlerocket"] = "al2023"
    """Amazon Linux 2023, or Bottlerocket, which holds only what runs containers."""
    image_release: Line | None = None
    """Release of the machine image, such as 1.36.2-20261110 (al2023) or 1.50.0-0a1b2c3d (bottlerocket). By default a
    node group starts with the newest, and keeps it."""
    disk: DiskSize = 50 * GIBIBYTE
    """Disk of each node, for images and the pods' scratch volumes; encrypted gp3."""
    system: Switch = False
    """The pool of the cluster's own controllers: tainted, so that apps stay off it."""
    labels: dict[NodeKey, NodeLabelValue] = {}
    """Labels of each node."""
    taints: tuple[TaintSettings, ...] = ()
    """Taints of each node."""

    @property
    def has_gpus(self) -> bool:
        """Whether every node of the pool has GPUs."""
        return has_gpus(self.instance_types[0])

    @property
    def needs_gpu_plugin(self) -> bool:
        """Whether the device plugin is to run on its nodes; Bottlerocket's images have it (EKS user guide)."""
        return self.has_gpus and self.os == "al2023"

    @property
    def own_labels(self) -> dict[str, str]:
        """Labels that the pool's kind of machine brings with it."""
        of_gpus = {GPU_LABEL: "nvidia"} if self.has_gpus else {}
        return of_gpus | ({GPU_PLUGIN_LABEL: "true"} if self.needs_gpu_plugin else {})

    @property
    def all_taints(self) -> tuple[TaintSettings, ...]:
        """The taints of the stack file, and that of the GPUs."""
        by_itself = self.has_gpus and not any(taint.key == GPU for taint in self.taints)
        return (TaintSettings(key=GPU, value="present"), *self.taints) if by_itself else self.taints

    @property
    def architecture(self) -> Literal["arm64", "amd64"]:
        """The processor of every node of the pool."""
        return architecture(self.instance_types[0])

    def _rules(self) -> Iterator[Rule]:
        yield self._bound_errors
        yield self._instance_type_errors
        yield self._image_errors
        yield self._system_capacity_errors
        yield self._system_type_errors
        yield self._system_size_errors
        yield self._taint_count_errors
        yield self._taint_errors
        yield self._hint_errors

    def _bound_errors(self) -> Iterator[FieldError]:
        if self.max < self.min:
            yield FieldError("max", f"{self.max} is below min {self.min}")

    def _taint_count_errors(self) -> Iterator[FieldError]:
        own = 1 if self.system or (self.instance_types and self.has_gpus) else 0
        if len(self.taints) + own > MOST_TAINTS:
            yield FieldError("taints", f"has {len(self.taints)} taints; EKS takes {MOST_TAINTS - own} here")

    def _taint_errors(self) -> Iterator[FieldError]:
        for index, taint in enumerate(self.taints):
            if taint.key == SYSTEM_TAINT_KEY:
                message = f"{taint.key} marks the system pool; write system: true instead"
                yield FieldError(("taints", index, "key"), message)
            if any(other.key == taint.key and other.effect == taint.effect for other in self.taints[:index]):
                yield FieldError(("taints", index), f"{taint.key} with {taint.effect} is listed twice")

    def _hint_errors(self) -> Iterator[FieldError]:
        """Find more labels and taints than an Auto Scaling group has tags for, which stand for them without a node."""
        if self.min == 0 and len(self.labels) + len(self.taints) > MOST_HINTS:
            message = (
                f"with min 0 a pool has at most {MOST_HINTS} labels and taints, each of which is a tag of its Auto "
                f"Scaling group; this one has {len(self.labels) + len(self.taints)}"
            )
            yield FieldError("labels", message)

    def _instance_type_errors(self) -> Iterator[FieldError]:
        types = self.instance_types
        if not types:
            yield FieldError("instanceTypes", "is empty; name one type or more, such as m7g.large")
        if len(set(types)) < len(types):
            yield FieldError("instanceTypes", "names a type twice")
        if len({architecture(item) for item in types}) > 1:
            yield FieldError("instanceTypes", "mixes arm64 and amd64; make a pool of each")
        elif len({(size(item), memory_class(item)) for item in types}) > 1:
            message = "mixes sizes, but the autoscaler counts on one: give all the same processors and memory"
            yield FieldError("instanceTypes", message)

    def _image_errors(self) -> Iterator[FieldError]:
        form, example = IMAGE_RELEASES[self.os]
        if self.image_release is not None and not re.fullmatch(form, self.image_release, re.ASCII):
            message = f"{self.image_release} is not a release of {self.os}, such as {example}"
            yield FieldError("imageRelease", message)

    def _system_capacity_errors(self) -> Iterator[FieldError]:
        if self.system and self.capacity == "spot":
            yield FieldError("capacity", "the system pool runs the autoscaler itself; it must be onDemand")

    def _system_type_errors(self) -> Iterator[FieldError]:
        if self.system and self.instance_types and self.has_gpus:
            yield FieldError("instanceTypes", "have GPUs, which the cluster's own controllers do not use")

    def _system_size_errors(self) -> Iterator[FieldError]:
        if self.system and self.min == 0:
            yield FieldError("min", "the system pool runs the autoscaler itself; it cannot scale from 0")


def release_errors(version: str, pools: Mapping[str, NodePoolSettings]) -> Iterator[FieldError]:
    """Find images of another Kubernetes minor version than the nodes'; locations are below the sections' root.

    EKS refuses them ("Requested Nodegroup release version ... is invalid"). Bottlerocket's releases name no version.
    """
    for name, pool in pools.items():
        release = pool.image_release
        if pool.os == "al2023" and release is not None and not release.startswith(f"{version}."):
            yield FieldError(
                ("nodePools", name, "imageRelease"),
                f"{release} is not of Kubernetes {version}, which the nodes run; name one of {version}, or "
                "remove the key",
            )


def pool_errors(pools: Mapping[str, NodePoolSettings]) -> Iterator[FieldError]:
    """Find what is wrong with the pools of a stack together; locations are below the sections' root."""
    if not any(pool.system for pool in pools.values()):
        yield FieldError(
            "nodePools",
            "no pool is for the cluster's own controllers; add one such as "
            "system: { instanceTypes: [m7g.large], min: 2, max: 4, system: true }",
        )
    if all(pool.system for pool in pools.values()):
        example = f"apps: {{ instanceTypes: [m7g.xlarge], min: 3, max: 30, disk: {bytes_text(50 * GIBIBYTE)} }}"
        yield FieldError("nodePools", f"no pool is for apps; add one such as {example}")
