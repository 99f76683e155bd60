"""The network of a stack: VPC, subnets, ways out, endpoints, flow logs."""

from infra.platforms.eks.network.network import Network, NetworkArgs

__all__ = ["Network", "NetworkArgs"]
