"""Labels that several parts go by: zone and kind of a node, and which objects are Nightowl's own."""

ZONE_LABEL = "topology.kubernetes.io/zone"
"""Kubernetes' own, on every node of a cloud: the availability zone that it is in."""
SYSTEM_LABEL = "nightowl/system"
"""On the nodes of every system pool, with the value `true`."""
SYSTEM_TAINT_KEY = "CriticalAddonsOnly"
"""The taint of system pools, which AWS's own add-ons tolerate by default (configuration schemas of coredns and
aws-ebs-csi-driver)."""
NAME_LABEL = "app.kubernetes.io/name"
PART_OF_LABEL = "app.kubernetes.io/part-of"
PART_OF = "nightowl"
NIGHTOWL_SELECTOR = f"{PART_OF_LABEL}={PART_OF}"
"""Selects, on any cluster, what Nightowl deployed."""
