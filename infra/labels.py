"""The labels by which Nightowl finds its own objects again (the recommended labels of Kubernetes)."""

NAME_LABEL = "app.kubernetes.io/name"
PART_OF_LABEL = "app.kubernetes.io/part-of"
PART_OF = "nightowl"
NIGHTOWL_SELECTOR = f"{PART_OF_LABEL}={PART_OF}"
"""Selects, on any cluster, what Nightowl deployed."""
