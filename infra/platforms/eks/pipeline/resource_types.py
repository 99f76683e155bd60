"""Which types of AWS resources the running program makes."""

from __future__ import annotations

from dataclasses import dataclass, field

import pulumi

MADE_BY_COMPONENTS = {"eks:index:Cluster": frozenset({"aws:eks/cluster:Cluster"})}
"""What a component makes where the program does not see it. With the switches of `cluster/cluster.py`, the control
plane is all that `pulumi_eks.Cluster` makes in AWS (4.4, cluster.ts)."""


@dataclass(frozen=True)
class Recorder:
    """Collects the types of one run of a program, from its making on."""

    _seen: set[str] = field(default_factory=set[str])

    @property
    def types(self) -> frozenset[str]:
        """The types of AWS resources that were registered until now."""
        return frozenset(self._seen)

    def see(self, kind: str) -> None:
        """Note a registered type; types of other providers, and components that make nothing in AWS, do not count."""
        if kind.startswith("aws:"):
            self._seen.add(kind)
        self._seen.update(MADE_BY_COMPONENTS.get(kind, ()))


def record() -> Recorder:
    """Start to record what the running program registers, children of components included.

    A transformation of the stack sees each resource before it is registered, and changes none. It belongs to the run:
    another program in the same process has its own.
    """
    recorder = Recorder()

    def note(resource: pulumi.ResourceTransformationArgs) -> None:
        recorder.see(resource.type_)

    pulumi.runtime.register_stack_transformation(note)
    return recorder
