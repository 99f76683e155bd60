"""What a container may write to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from infra.settings.app.environment import ContainerPath
from infra.settings.model import FieldError, Model
from infra.settings.names import ObjectName
from infra.settings.scalars import Bytes, Switch


class VolumeSettings(Model):
    """A folder that can be written to: scratch space that dies with the pod, or a persistent claim that outlives it."""

    mount: ContainerPath
    """The folder, in every container of the app."""
    size: Bytes
    """The most that fits: a pod that fills scratch space beyond it is evicted."""
    kind: Literal["scratch", "persistent"] = "scratch"
    """`scratch` dies with the pod, `persistent` outlives it."""
    storage_class: ObjectName | None = None
    """Of a persistent volume; by default the cluster's."""
    shared: Switch = False
    """A persistent volume that pods on several nodes write at once (ReadWriteMany)."""

    @property
    def has_one_writer(self) -> bool:
        """Whether only one node may hold the volume (ReadWriteOnce)."""
        return self.kind == "persistent" and not self.shared

    def _errors(self) -> Iterator[FieldError]:
        if self.kind == "scratch" and (self.storage_class is not None or self.shared):
            yield FieldError("kind", "storageClass and shared go with kind: persistent")
