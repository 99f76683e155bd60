"""What a container may write to, and whose data it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from infra.settings.app.environment import ContainerPath
from infra.settings.model import FieldError, Model, Rule
from infra.settings.names import ObjectName
from infra.settings.scalars import Bytes, Notation, Switch, form

_NAME = r"[a-z](?:[-a-z0-9]{0,38}[a-z0-9])?"
_check_source = form(rf"{_NAME}(?:\.{_NAME})?", "is not an app or a volume of one; write db or db.data")
VolumeReference = Annotated[str, AfterValidator(_check_source), Notation("`<app>` or `<app>.<volume>`")]
_check_sub_path = form(
    r"(?=.{1,255}$)(?!.*(?:^|/)\.\.?(?:/|$))[^/$\x00-\x1f]+(/[^/$\x00-\x1f]+)*",
    "is not the path of a folder in the volume; write mysql or data/mysql, without a slash in front and without ..",
)
SubPath = Annotated[str, AfterValidator(_check_sub_path), Notation("path in the volume")]


class VolumeSettings(Model):
    """A folder that can be written to: scratch space that dies with the pod, or a persistent claim that outlives it."""

    mount: ContainerPath
    """The folder, in every container of the app."""
    size: Bytes | None = None
    """The most that fits: a pod that fills scratch space beyond it is evicted. Needed unless `claim` or `from` names
    data that is there already. A volume on Amazon EFS grows beyond it."""
    kind: Literal["scratch", "persistent"] = "scratch"
    """`scratch` dies with the pod, `persistent` outlives it."""
    storage_class: ObjectName | None = None
    """Of a persistent volume; by default the cluster's."""
    shared: Switch = False
    """A persistent volume that pods on several nodes write at once (ReadWriteMany). On EKS, without a class, it lies on
    Amazon EFS."""
    keep: Switch = True
    """Whether the data of a persistent volume outlives the app, its rename, the removal of this line, and the stack.
    `false` deletes it with the line."""
    was: VolumeReference | None = None
    """Whose data this is, after the app or the volume was renamed: the old name of the app (`db`), or app and volume
    (`db.data`). It stays as long as the data does."""
    claim: ObjectName | None = None
    """A PersistentVolumeClaim that somebody else made in the namespace, instead of one of the stack's own. With
    `shared`, several pods and apps may have it, which its storage class must allow."""
    source: Annotated[VolumeReference | None, Field(alias="from")] = None
    """The volume of another app of the stack, which must be `shared`: `db`, or `db.data` where it has several."""
    read_only: Switch = False
    """Whether the containers of this app may only read it, whoever else writes; `ro` of Compose."""
    sub_path: SubPath | None = None
    """The folder of a persistent volume that is mounted instead of its top, made where there is none. A new disk has a
    folder `lost+found` at its top, with which MySQL and Kafka do not start."""

    @property
    def is_persistent(self) -> bool:
        """Whether what is written outlives the pod."""
        return self.makes_claim or self.claim is not None or self.source is not None

    @property
    def makes_claim(self) -> bool:
        """Whether the volume is a claim of the app's own."""
        return self.kind == "persistent" and self.claim is None and self.source is None

    @property
    def has_one_writer(self) -> bool:
        """Whether only one node may hold the volume (ReadWriteOnce)."""
        return self.is_persistent and not self.shared and self.source is None

    def claim_name(self, app: str, volume: str) -> str:
        """Return the name of the claim, which is `<app>.<volume>` unless another one is meant.

        No app name has a dot, so no two apps share a claim.
        """
        if self.claim is not None:
            return self.claim
        if self.was is None:
            return f"{app}.{volume}"
        return self.was if "." in self.was else f"{self.was}.{volume}"

    def _rules(self) -> tuple[Rule, ...]:
        return self._lender_errors, self._borrowed_errors, self._size_errors, self._kind_errors

    @property
    def _lender(self) -> str | None:
        if self.claim is not None:
            return "claim"
        return None if self.source is None else "from"

    def _lender_errors(self) -> Iterator[FieldError]:
        if self.claim is not None and self.source is not None:
            yield FieldError("from", "is another volume than claim; remove one of them")

    def _borrowed_errors(self) -> Iterator[FieldError]:
        lender = self._lender
        if lender is None or (self.claim is not None and self.source is not None):
            return
        given = {
            "kind": self.kind == "scratch" and "kind" in self.model_fields_set,
            "size": self.size is not None,
            "storageClass": self.storage_class is not None,
            "keep": "keep" in self.model_fields_set,
            "was": self.was is not None,
            "shared": "shared" in self.model_fields_set and lender == "from",
        }
        for key in (key for key, is_given in given.items() if is_given):
            yield FieldError(key, f"is decided where the data is; it does not go with {lender}")

    def _size_errors(self) -> Iterator[FieldError]:
        if self._lender is None and self.size is None:
            yield FieldError("size", "is required")

    def _kind_errors(self) -> Iterator[FieldError]:
        if self._lender is not None or self.kind == "persistent":
            return
        if self.storage_class is not None or self.shared:
            yield FieldError("kind", "storageClass and shared go with kind: persistent")
        if "keep" in self.model_fields_set or self.was is not None:
            yield FieldError("kind", "keep and was go with kind: persistent; scratch space dies with the pod")
        if self.sub_path is not None:
            yield FieldError("subPath", "goes with kind: persistent; scratch space has nothing at its top; remove it")
        if self.read_only:
            yield FieldError("readOnly", "leaves scratch space empty for good, as nobody may write to it; remove it")


def find_lent(reference: str, volume: str, volumes: Mapping[str, VolumeSettings]) -> str | None:
    """Find which of an app's `volumes` is meant by `reference` in a volume of another app called `volume`.

    Without a name in the reference it is the one with the same name, or the only persistent one. None stands for none.
    """
    named = reference.partition(".")[2]
    lendable = [name for name, one in volumes.items() if one.is_persistent and one.source is None]
    if named:
        return named if named in lendable else None
    if volume in lendable:
        return volume
    return lendable[0] if len(lendable) == 1 else None
