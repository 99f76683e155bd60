"""The network of a stack: VPC, subnets, ways out, endpoints, flow logs."""
