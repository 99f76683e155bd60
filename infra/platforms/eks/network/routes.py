"""The ways out: the internet gateway for public subnets, NAT gateways for private ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

EVERYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class Subnets:
    """The subnets of a VPC, by zone."""

    public: Mapping[str, aws.ec2.Subnet]
    private: Mapping[str, aws.ec2.Subnet]
    control_plane: Mapping[str, aws.ec2.Subnet]


class Routes(pulumi.ComponentResource):
    """Internet gateway, NAT gateways and route tables of a VPC, whose parts are called after `label`.

    Each zone's private subnet goes out through its own zone's NAT gateway (`perZone`), so that a zone fails alone and
    no traffic pays for crossing zones; or all go through the first zone's (`single`). Control-plane subnets have no way
    out: AWS manages the control plane's own egress, and its interfaces here talk to the VPC only (EKS user guide,
    "Deploy private clusters with limited internet access").

    `to_outside` is what a node needs to reach the internet, `public_routes` what makes a subnet public;
    `private_table_ids` are all tables without a public route.
    """

    to_outside: Sequence[pulumi.Resource]
    public_routes: Sequence[pulumi.Resource]
    private_table_ids: Sequence[pulumi.Output[str]]

    def __init__(
        self,
        name: str,
        *,
        label: str,
        vpc_id: pulumi.Input[str],
        subnets: Subnets,
        nat: Literal["perZone", "single"],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("nightowl:eks:Routes", name, None, opts)
        self._label, self._vpc_id = label, vpc_id
        gateway = aws.ec2.InternetGateway("internet", vpc_id=vpc_id, tags={"Name": label}, opts=self._child())
        public_table = self._make_table("public")
        self.public_routes = (
            self._make_route("public", public_table, gateway_id=gateway.id),
            *(self._associate("public", zone, subnet, public_table) for zone, subnet in subnets.public.items()),
        )
        zones = list(subnets.public)
        nats = {
            zone: self._make_nat(zone, subnets.public[zone], gateway)
            for zone in (zones if nat == "perZone" else zones[:1])
        }
        tables = {zone: self._make_table(f"private-{zone}") for zone in subnets.private}
        private = [
            made
            for zone, table in tables.items()
            for made in (
                self._make_route(f"private-{zone}", table, nat_gateway_id=nats.get(zone, nats[zones[0]]).id),
                self._associate("private", zone, subnets.private[zone], table),
            )
        ]
        local_table = self._make_table("control-plane")
        for zone, subnet in subnets.control_plane.items():
            self._associate("control-plane", zone, subnet, local_table)
        self.to_outside = (*self.public_routes, *nats.values(), *private)
        self.private_table_ids = (*(table.id for table in tables.values()), local_table.id)
        self.register_outputs({})

    def _make_nat(self, zone: str, subnet: aws.ec2.Subnet, gateway: aws.ec2.InternetGateway) -> aws.ec2.NatGateway:
        # The gateway cannot be detached from the VPC while a public address of it is in use, and an address and a NAT
        # gateway are of no use before it: neither names the gateway in its inputs, so the order is said here.
        after_gateway = pulumi.ResourceOptions(parent=self, depends_on=[gateway])
        tags = {"Name": f"{self._label}-{zone}"}
        address = aws.ec2.Eip(f"nat-{zone}", domain="vpc", tags=tags, opts=after_gateway)
        return aws.ec2.NatGateway(
            f"nat-{zone}", allocation_id=address.id, subnet_id=subnet.id, tags=tags, opts=after_gateway
        )

    def _make_table(self, name: str) -> aws.ec2.RouteTable:
        return aws.ec2.RouteTable(name, vpc_id=self._vpc_id, tags={"Name": f"{self._label}-{name}"}, opts=self._child())

    def _make_route(
        self,
        name: str,
        table: aws.ec2.RouteTable,
        *,
        gateway_id: pulumi.Input[str] | None = None,
        nat_gateway_id: pulumi.Input[str] | None = None,
    ) -> aws.ec2.Route:
        return aws.ec2.Route(
            name,
            route_table_id=table.id,
            destination_cidr_block=EVERYWHERE,
            gateway_id=gateway_id,
            nat_gateway_id=nat_gateway_id,
            opts=self._child(),
        )

    def _associate(
        self, tier: str, zone: str, subnet: aws.ec2.Subnet, table: aws.ec2.RouteTable
    ) -> aws.ec2.RouteTableAssociation:
        return aws.ec2.RouteTableAssociation(
            f"{tier}-{zone}", subnet_id=subnet.id, route_table_id=table.id, opts=self._child()
        )

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)
