"""What keeps a protected stack whole: one resource that the engine would have to delete first, and refuses to."""

from __future__ import annotations

from dataclasses import dataclass, field

import pulumi

KEY = "platform.protect"
"""The key that switches the protection off; it is the resource's name, which is in the engine's refusal."""


@dataclass(frozen=True)
class Register:
    """Collects what one run of a program makes, from its making on."""

    _made: list[pulumi.Resource] = field(default_factory=list[pulumi.Resource])

    @property
    def made(self) -> tuple[pulumi.Resource, ...]:
        """Everything with a state of its own: providers, resources, and components that a plug-in makes."""
        return tuple(self._made)

    def see(self, resource: pulumi.Resource, type_: str) -> None:
        """Note a resource. A component of the program's own has no state: its children are noted by themselves."""
        if isinstance(resource, pulumi.CustomResource) or not type_.startswith("nightowl:"):
            self._made.append(resource)


def register() -> Register:
    """Start to collect what the running program makes, children of components included."""
    collected = Register()

    def note(args: pulumi.ResourceTransformationArgs) -> None:
        collected.see(args.resource, args.type_)

    pulumi.runtime.register_stack_transformation(note)
    return collected


class Protection(pulumi.ComponentResource):
    """Stands on everything that the stack has made, so that a destroy begins with it.

    The engine asks whether a resource is protected when its turn comes: without this, a destroy that nobody previewed
    deletes apps, nodes and load balancers before it meets the first protected one, the cluster. It makes nothing, and
    it is there without protection too: what a program leaves out is deleted, which a protected resource is not.
    """

    def __init__(self, made: tuple[pulumi.Resource, ...], *, protect: bool) -> None:
        super().__init__(
            "nightowl:eks:Protection", KEY, None, pulumi.ResourceOptions(depends_on=list(made), protect=protect)
        )
        self.register_outputs({})
