"""`nightowl:loadBalancer`: how requests from outside arrive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from infra.settings.app.peers import Cidr
from infra.settings.app.traffic import Host
from infra.settings.eks.priorities import HIGHEST_PRIORITY
from infra.settings.model import FieldError, Model, Rule, repeated
from infra.settings.names import ObjectName
from infra.settings.scalars import Switch, WholeNumber

EVERY_NETWORK = "0.0.0.0/0"
PRIVATE_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
"""RFC 1918 and RFC 6598: all that a VPC and what is connected to it can have."""
LEAST_RATE_LIMIT = 10
MOST_RATE_LIMIT = 2_000_000_000
"""Bounds of a rate-based rule (AWS WAF API, RateBasedStatement)."""
LONGEST_DOMAIN = 64
"""Characters, dots included, of a certificate's common name (ACM API, RequestCertificate, `DomainName`)."""
SHORTEST_TOP_DOMAIN = 2
"""Characters behind the last dot (the same, pattern of `DomainName`)."""


def _check_ipv4(value: str) -> str:
    if ":" in value:
        raise ValueError("is an IPv6 network, but the load balancers have IPv4 addresses only; remove it")
    return value


def _check_domain(value: str) -> str:
    if len(value) > LONGEST_DOMAIN:
        raise ValueError(
            f"has {len(value)} characters, but the first name of a certificate has at most {LONGEST_DOMAIN}"
        )
    if len(value.rpartition(".")[2]) < SHORTEST_TOP_DOMAIN:
        raise ValueError("ends in a single letter, for which ACM makes no certificate")
    return value


Domain = Annotated[Host, AfterValidator(_check_domain)]
IPv4Cidr = Annotated[Cidr, AfterValidator(_check_ipv4)]
Priority = Annotated[WholeNumber, Field(ge=1, le=HIGHEST_PRIORITY)]


class LoadBalancerSettings(Model):
    """The load balancers of the stack; each exists only if an app's `traffic` needs it."""

    public: Switch = False
    """Whether it faces the internet, or only the VPC."""
    allow_from: tuple[IPv4Cidr, ...] = (EVERY_NETWORK,)
    """IPv4 networks whose requests are accepted."""
    domain: Domain | None = None
    """A public Route 53 zone of this account: every app's host is the zone's own name or one label below it. Without
    one, apps answer on plain HTTP under the load balancer's own name."""
    waf: Switch = False
    """AWS's managed rules and a rate limit in front of a public load balancer."""
    waf_rate_limit: Annotated[WholeNumber, Field(ge=LEAST_RATE_LIMIT, le=MOST_RATE_LIMIT)] = 2000
    """Requests that one address may make in five minutes. Many people can share an address behind a mobile network."""
    idle_timeout_seconds: Annotated[WholeNumber, Field(ge=1, le=4000)] = 60
    """An app's own keep-alive must be longer, or it closes a connection that is just being used again (502)."""
    log_retention_days: Literal[30, 90, 365, 731] = 90
    """How long access logs and the firewall's log are kept."""
    priorities: dict[ObjectName, Priority] = {}
    """Priority of an app's listener rule, by app: needed only where the computed one is another app's too. Of several
    addresses of an app, those that are not of its first port are called `app.port-<name>`."""

    @property
    def clients(self) -> tuple[str, ...]:
        """Networks from which requests come: those that are allowed, and no public ones to a private load balancer."""
        return PRIVATE_NETWORKS if EVERY_NETWORK in self.allow_from and not self.public else self.allow_from

    def _rules(self) -> tuple[Rule, ...]:
        return self._firewall_errors, self._network_errors

    def _firewall_errors(self) -> Iterator[FieldError]:
        if self.waf and not self.public:
            yield FieldError("waf", "goes with public: true; a private load balancer is not reached from the internet")

    def _network_errors(self) -> Iterator[FieldError]:
        if not self.allow_from:
            yield FieldError("allowFrom", "is empty, so nobody gets in; name the networks, or leave the key out")
        for index in repeated(self.allow_from):
            yield FieldError(("allowFrom", index), f"{self.allow_from[index]} is listed twice; remove one")
