"""What the running program makes: its resources, and the types of AWS among them."""

from __future__ import annotations

from dataclasses import dataclass, field

import pulumi

MADE_BY_COMPONENTS = {"eks:index:Cluster": frozenset({"aws:eks/cluster:Cluster"})}
"""What a component makes where the program does not see it. With the switches of `cluster/cluster.py`, the control
plane is all that `pulumi_eks.Cluster` makes in AWS (4.4, cluster.ts)."""


@dataclass(frozen=True)
class Record:
    """What one run of a program has registered since the recording began.

    `made` is everything with a state of its own: providers, resources, and components that a plug-in makes. `types` are
    the types of AWS resources.
    """

    made: list[pulumi.Resource] = field(default_factory=list[pulumi.Resource])
    types: set[str] = field(default_factory=set[str])

    def see(self, resource: pulumi.Resource, type_: str) -> None:
        """Note a resource. A component of the program's own has no state: its children are noted by themselves."""
        if isinstance(resource, pulumi.CustomResource) or not type_.startswith("nightowl:"):
            self.made.append(resource)
        if type_.startswith("aws:"):
            self.types.add(type_)
        self.types.update(MADE_BY_COMPONENTS.get(type_, ()))


def record() -> Record:
    """Start to record what the running program registers, children of components included.

    A transformation of the stack sees each resource before it is registered, and changes none. It belongs to the run:
    another program in the same process has its own.
    """
    recorded = Record()
    pulumi.runtime.register_stack_transformation(lambda args: recorded.see(args.resource, args.type_))
    return recorded
