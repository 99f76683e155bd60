"""Resources whose contents no rule sees: templates and commands that make what they like."""

from __future__ import annotations

from policies.facts.spellings import UNSEEN as UNSEEN_BY_PROVIDER
from policies.facts.stack import Resource
from policies.rule import HIGH, Family, Messages

UNSEEN = (
    "aws:cloudcontrol/resource:Resource",
    "aws:cloudformation/stack:Stack",
    "aws:cloudformation/stackSet:StackSet",
    "aws:servicecatalog/provisionedProduct:ProvisionedProduct",
    "command:local:Command",
    "command:local:run",
    "command:remote:Command",
    "pulumi-nodejs:dynamic:Resource",
    "pulumi-python:dynamic:Resource",
    UNSEEN_BY_PROVIDER,
)
"""What makes resources of any kind by a text or by code of its own."""

family = Family("Unseen", __doc__, url="https://www.pulumi.com/docs/iac/packages-and-automation/crossguard/")


@family.rule("nothing-goes-past-the-pack", HIGH, UNSEEN)
def _goes_past(_resource: Resource) -> Messages:
    """A template or a command makes what every other rule would refuse.

    Make the resources in the program, or accept this one in policies/exceptions.yaml with a reason.
    """
    yield "what it makes is judged by no rule, as a rule sees the program's own resources only"
