"""Kubernetes on this machine: the tools, the cluster, and the commands that use them."""
