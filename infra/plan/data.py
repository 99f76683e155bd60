"""The data of an app's volumes, and what becomes of it when app or volume leaves the stack file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from infra.plan.graph import Resource
from infra.platforms.kept_data import ANNOTATION, KEPT
from infra.platforms.replica_data import claim_size
from infra.values import mappings, text, within

EFS_PRICE = (
    "about 0.3 $ a month by the GB that is stored, 0.03 $ by the GB that is read and 0.06 $ by the GB that is written"
)
"""List price of us-east-1 ("Amazon EFS pricing": Regional, Standard, Elastic Throughput); other regions differ by a
fifth."""


@dataclass(frozen=True, kw_only=True)
class ClaimPlan:
    """One claim that the stack makes."""

    name: str
    size: str
    kept: bool
    """Whether its data outlives app, volume and stack."""
    elastic: bool = False
    """Whether it is a file system of Amazon EFS, which has no size: it grows by itself, and so does its bill."""

    @property
    def label(self) -> str:
        """The claim, with its size where it has one."""
        return f"claim {self.name}" if self.elastic else f"{self.size} in claim {self.name}"


def claim_plans(objects: Iterable[Resource]) -> list[ClaimPlan]:
    """List the claims among the `objects` of an app, in order of name, those of each replica included."""
    return sorted((claim for item in objects for claim in _claims(item)), key=lambda claim: claim.name)


def data_lines(claims: Iterable[ClaimPlan]) -> list[str]:
    """Describe what becomes of the data in `claims`, a line for all that is kept and one for all that is deleted.

    What is billed by the gigabyte is told in another one.
    """
    wanted = list(claims)
    fates = [
        f"Data that will be {fate} when its line leaves the stack file: "
        + ", ".join(claim.label for claim in wanted if claim.kept is kept)
        for kept, fate in ((True, "kept"), (False, "deleted"))
        if any(claim.kept is kept for claim in wanted)
    ]
    priced = ", ".join(claim.label for claim in wanted if claim.elastic)
    return [*fates, *([f"On Amazon EFS, which costs {EFS_PRICE}: {priced}"] if priced else [])]


def _claims(item: Resource) -> Iterator[ClaimPlan]:
    if item.kind == "PersistentVolumeClaim":
        kept = within(item.props, "metadata", "annotations", ANNOTATION) == KEPT
        yield ClaimPlan(
            name=text(item.props, "metadata", "name"),
            size=claim_size(item.props),
            kept=kept,
            elastic=within(item.props, "spec", "storageClassName") == "",
        )
    if item.kind == "StatefulSet":
        spec = item.props["spec"]
        kept = within(spec, "persistentVolumeClaimRetentionPolicy", "whenDeleted") == "Retain"
        for template in mappings(spec, "volumeClaimTemplates"):
            for index in range(int(spec.get("replicas", 1))):
                name = f"{text(template, 'metadata', 'name')}-{item.name}-{index}"
                yield ClaimPlan(name=name, size=claim_size(template), kept=kept)
