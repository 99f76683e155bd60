"""The policy pack: what breaks real EKS and Kubernetes stacks, as rules over any Pulumi program."""
