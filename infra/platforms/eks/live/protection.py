"""What keeps a protected stack whole: one resource that the engine would have to delete first, and refuses to."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

KEY = "platform.protect"
"""The key that switches the protection off; it is the resource's name, which is in the engine's refusal."""


class Protection(pulumi.ComponentResource):
    """Stands on everything that the stack has made, so that a destroy begins with it.

    The engine asks whether a resource is protected when its turn comes: without this, a destroy that nobody previewed
    deletes apps, nodes and load balancers before it meets the first protected one, the cluster. It makes nothing, and
    it is there without protection too: what a program leaves out is deleted, which a protected resource is not.
    """

    def __init__(self, made: Sequence[pulumi.Resource], *, protect: bool) -> None:
        super().__init__(
            "nightowl:eks:Protection", KEY, None, pulumi.ResourceOptions(depends_on=list(made), protect=protect)
        )
        self.register_outputs({})
