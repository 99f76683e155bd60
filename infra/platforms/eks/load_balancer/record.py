"""The name under which a load balancer is found."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws


def make_record(
    host: str,
    *,
    domain_zone_id: pulumi.Input[str],
    dns_name: pulumi.Input[str],
    hosted_zone_id: pulumi.Input[str],
    wait_for: Sequence[pulumi.Resource],
    parent: pulumi.Resource,
) -> aws.route53.Record:
    """Point `host`, in the zone of its domain, at the load balancer `dns_name`, which lies in AWS's `hosted_zone_id`.

    `wait_for` is the way behind it, to the apps of the host: requests move to a new load balancer once that knows where
    they go and their pods are registered. Only an A record: the VPC has no IPv6, so the load balancer has no address
    for an AAAA record.
    """
    return aws.route53.Record(
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
