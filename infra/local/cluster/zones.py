"""The availability zones of every local cluster."""

ZONES = ("local-a", "local-b", "local-c")
"""The names are no cloud's, so that nobody takes the rehearsal for the real thing."""
