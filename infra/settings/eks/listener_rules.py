"""Which rules of a listener send an app its requests.

A rule has room for five values, a host or a pattern of a path each ("Quotas for your Application Load Balancers"), and
one priority. So each path has rules of its own, as a deeper path comes before one that is not; hosts with a wildcard
have too, as they come after all others; and what does not fit into one rule goes into the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from infra.settings.app.traffic import PathSettings, TrafficSettings

VALUES_OF_A_RULE = 5
ROOT = PathSettings(path="/")


@dataclass(frozen=True, kw_only=True)
class AddressRule:
    """A rule: the requests for some hosts (none: for every host) and a path go to the app, or to another host."""

    place: str
    """What its priority is computed from."""
    hosts: tuple[str, ...]
    path: PathSettings
    redirect_to: str | None = None

    @property
    def is_wildcard(self) -> bool:
        """Whether its hosts begin with a wildcard."""
        return any(host.startswith("*") for host in self.hosts)

    @property
    def depth(self) -> int:
        """How special its path is: its segments, and one more if it is taken alone."""
        return path_depth(self.path)

    @property
    def patterns(self) -> list[str]:
        """Its path as a listener's patterns: `/api` is itself and what is below it, but not `/apis`."""
        return path_patterns(self.path)


def listener_rules(app: str, traffic: TrafficSettings) -> list[AddressRule]:
    """List the rules of an app with HTTP traffic; the place of the first comes from the app's name alone."""
    rules: list[AddressRule] = []
    for path in traffic.all_paths:
        for hosts in _groups(traffic.answering_hosts, path):
            place = f"{app} {' '.join(hosts[:1])}{path.path}{'$' if path.exact else ''}" if rules else app
            rules.append(AddressRule(place=place, hosts=hosts, path=path))
    others, target = traffic.redirected_hosts, traffic.canonical_host
    for hosts in _groups(others, ROOT) if others else ():
        rules.append(AddressRule(place=f"{app} {hosts[0]} redirect", hosts=hosts, path=ROOT, redirect_to=target))
    return rules


def path_depth(path: PathSettings) -> int:
    """Count the segments of a path, and one more if it is taken alone: 0 for `/`, 2 for `/api/v1` and `/api/v1/`."""
    return len([segment for segment in path.path.split("/") if segment]) + path.exact


def path_patterns(path: PathSettings) -> list[str]:
    """Write a path as a listener's patterns."""
    if path.exact:
        return [path.path]
    prefix = path.path.rstrip("/")
    return [prefix, f"{prefix}/*"] if prefix else ["/*"]


def _groups(hosts: Sequence[str], path: PathSettings) -> Iterator[tuple[str, ...]]:
    """Put hosts together that fit into one rule with a path."""
    if not hosts:
        yield ()
        return
    room = VALUES_OF_A_RULE - (0 if path.normal == "/" and not path.exact else len(path_patterns(path)))
    for wildcard in (False, True):
        alike = [host for host in hosts if host.startswith("*") is wildcard]
        for start in range(0, len(alike), room):
            yield tuple(alike[start : start + room])
