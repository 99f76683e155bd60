"""Labels that several parts go by: the zone of a node, and which objects are Nightowl's own."""

ZONE_LABEL = "topology.kubernetes.io/zone"
"""Kubernetes' own, on every node of a cloud: the availability zone that it is in."""
NAME_LABEL = "app.kubernetes.io/name"
PART_OF_LABEL = "app.kubernetes.io/part-of"
PART_OF = "nightowl"
NIGHTOWL_SELECTOR = f"{PART_OF_LABEL}={PART_OF}"
"""Selects, on any cluster, what Nightowl deployed."""
