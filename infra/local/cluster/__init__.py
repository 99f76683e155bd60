"""A Kubernetes cluster on this machine.

The control plane is real and run by kwokctl, the nodes in three zones are simulated by kwok, and the node autoscaler is
Karpenter. All of it are plain processes of the user, on loopback, in one folder.
"""
