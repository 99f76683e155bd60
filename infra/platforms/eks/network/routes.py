"""The ways out: the internet gateway for public subnets, NAT gateways for private ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

EVERYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class RoutesArgs:
    """The subnets to connect, by zone, and how many NAT gateways to make for it."""

    name: str
    vpc_id: pulumi.Input[str]
    zones: Sequence[str]
    nat: Literal["perZone", "single"]
    public: Mapping[str, aws.ec2.Subnet]
    private: Mapping[str, aws.ec2.Subnet]
    control_plane: Mapping[str, aws.ec2.Subnet]


class Routes(pulumi.ComponentResource):
    """Internet gateway, NAT gateways and route tables.

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

    def __init__(self, name: str, args: RoutesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:Routes", name, None, opts)
        self._args = args
        gateway = self._make_gateway()
        public = self._make_public_routes(gateway)
        nats = self._make_nats(gateway)
        private_tables, private = self._make_private_routes(nats)
        local_table = self._make_control_plane_table()
        self.public_routes = tuple(public)
        self.to_outside = (*public, *nats.values(), *private)
        self.private_table_ids = (*(table.id for table in private_tables), local_table.id)
        self.register_outputs({})

    def _make_gateway(self) -> aws.ec2.InternetGateway:
        return aws.ec2.InternetGateway(
            "internet", vpc_id=self._args.vpc_id, tags={"Name": self._args.name}, opts=self._child()
        )

    def _make_public_routes(self, gateway: aws.ec2.InternetGateway) -> list[pulumi.Resource]:
        table = self._make_table("public")
        route = aws.ec2.Route(
            "public",
            route_table_id=table.id,
            destination_cidr_block=EVERYWHERE,
            gateway_id=gateway.id,
            opts=self._child(),
        )
        return [route, *(self._associate("public", zone, subnet, table) for zone, subnet in self._args.public.items())]

    def _make_nats(self, gateway: aws.ec2.InternetGateway) -> dict[str, aws.ec2.NatGateway]:
        zones = self._args.zones if self._args.nat == "perZone" else self._args.zones[:1]
        return {zone: self._make_nat(zone, gateway) for zone in zones}

    def _make_nat(self, zone: str, gateway: aws.ec2.InternetGateway) -> aws.ec2.NatGateway:
        # The gateway cannot be detached from the VPC while a public address of it is in use, and an address and a NAT
        # gateway are of no use before it: neither names the gateway in its inputs, so the order is said here.
        after_gateway = self._child(depends_on=[gateway])
        tags = {"Name": f"{self._args.name}-{zone}"}
        address = aws.ec2.Eip(f"nat-{zone}", domain="vpc", tags=tags, opts=after_gateway)
        return aws.ec2.NatGateway(
            f"nat-{zone}",
            allocation_id=address.id,
            subnet_id=self._args.public[zone].id,
            tags=tags,
            opts=after_gateway,
        )

    def _make_private_routes(
        self, nats: Mapping[str, aws.ec2.NatGateway]
    ) -> tuple[list[aws.ec2.RouteTable], list[pulumi.Resource]]:
        shared = nats[self._args.zones[0]]
        tables: list[aws.ec2.RouteTable] = []
        routes: list[pulumi.Resource] = []
        for zone, subnet in self._args.private.items():
            table = self._make_table(f"private-{zone}")
            route = aws.ec2.Route(
                f"private-{zone}",
                route_table_id=table.id,
                destination_cidr_block=EVERYWHERE,
                nat_gateway_id=nats.get(zone, shared).id,
                opts=self._child(),
            )
            tables.append(table)
            routes += [route, self._associate("private", zone, subnet, table)]
        return tables, routes

    def _make_control_plane_table(self) -> aws.ec2.RouteTable:
        table = self._make_table("control-plane")
        for zone, subnet in self._args.control_plane.items():
            self._associate("control-plane", zone, subnet, table)
        return table

    def _make_table(self, name: str) -> aws.ec2.RouteTable:
        return aws.ec2.RouteTable(
            name, vpc_id=self._args.vpc_id, tags={"Name": f"{self._args.name}-{name}"}, opts=self._child()
        )

    def _associate(
        self, tier: str, zone: str, subnet: aws.ec2.Subnet, table: aws.ec2.RouteTable
    ) -> aws.ec2.RouteTableAssociation:
        return aws.ec2.RouteTableAssociation(
            f"{tier}-{zone}", subnet_id=subnet.id, route_table_id=table.id, opts=self._child()
        )

    def _child(self, depends_on: Sequence[pulumi.Resource] | None = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=depends_on)
