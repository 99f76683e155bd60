"""Security policies of Elastic Load Balancing: which of them refuse TLS 1.1 and older."""

from __future__ import annotations

REFUSES_TLS_1_1 = tuple(f"ELBSecurityPolicy-{family}" for family in ("TLS13-1-2-", "TLS13-1-3-", "TLS-1-2-", "FS-1-2-"))
"""How the names of policies begin that take TLS 1.2 and newer only; the variants for FIPS and post-quantum key exchange
have the family in front too (Application Load Balancers user guide, "Security policies for your Application Load
Balancer"; read 2026-11-26)."""


def refuses_tls_1_1(policy: str) -> bool:
    """Return whether a security policy takes TLS 1.2 and newer only; AWS's own default does not."""
    return policy.startswith(REFUSES_TLS_1_1)
