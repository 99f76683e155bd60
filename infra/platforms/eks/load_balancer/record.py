"""The names under which a load balancer is found."""

from __future__ import annotations

from collections.abc import Iterable

import pulumi
import pulumi_aws as aws


class HostRecords:
    """The DNS records of a stack's hosts, made once every app has its way behind the load balancer.

    Requests move to a new load balancer once that knows where they go and their pods are registered.
    """

    def __init__(self) -> None:
        self._wait_for: dict[str, list[pulumi.Resource]] = {}

    def add(self, host: str, wait_for: Iterable[pulumi.Resource]) -> None:
        """Note a host, and the way behind it to one of its apps."""
        self._wait_for.setdefault(host, []).extend(wait_for)

    def make(
        self,
        *,
        domain_zone_id: pulumi.Input[str],
        dns_name: pulumi.Input[str],
        hosted_zone_id: pulumi.Input[str],
        parent: pulumi.Resource,
    ) -> None:
        """Point each host, in the zone of its domain, at the load balancer `dns_name` in AWS's `hosted_zone_id`.

        Only by an A record: the VPC has no IPv6, so the load balancer has no address for an AAAA record.
        """
        for host, wait_for in sorted(self._wait_for.items()):
            aws.route53.Record(
                host,
                zone_id=domain_zone_id,
                name=host,
                type="A",
                aliases=[
                    aws.route53.RecordAliasArgs(
                        name=dns_name,
                        zone_id=hosted_zone_id,
                        # There is no second answer to give.
                        evaluate_target_health=False,
                    )
                ],
                opts=pulumi.ResourceOptions(parent=parent, depends_on=wait_for),
            )
