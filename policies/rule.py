"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from policies.stack import Resource, Stack


class Severity(StrEnum):
    """How bad a violation is. The two upper ones stop a deployment unless the levels say otherwise."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What every rule tells about itself; it is either a `ResourceRule` or a `StackRule`."""

    name: str
    """Stable, in kebab-case; levels and exceptions refer to it."""
    severity: Severity
    types: tuple[str, ...]
    """The Pulumi types that it judges, such as `aws:eks/cluster:Cluster`."""
    controls: tuple[str, ...]
    """The controls that it decides: C for security, R for reliability, P for a pitfall."""
    frameworks: tuple[str, ...]
    """Where others ask for the same, such as `CIS EKS 5.4.1`."""
    protects_from: str
    """One sentence."""
    remediation: str
    """What to do about a violation."""
    url: str
    """Where to read on."""


@dataclass(frozen=True, kw_only=True)
class ResourceRule(Rule):
    """A rule that one resource's inputs decide; it stops that resource before it is made."""

    check: Callable[[Resource], Iterator[str]]
    """Return one message for each violation, in the words of the resource's own properties."""


@dataclass(frozen=True, kw_only=True)
class StackRule(Rule):
    """A rule that takes other resources to decide; it is judged when all of them are known."""

    check: Callable[[Resource, Stack], Iterator[str]]
    """Do the same with the whole stack at hand."""
    early: tuple[str, ...] = ()
    """Those of `types` whose own inputs may be enough: they are judged alone too, before they are made."""
