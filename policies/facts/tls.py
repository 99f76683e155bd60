"""Security policies of Elastic Load Balancing: which of them refuse TLS 1.1 and older."""

from __future__ import annotations

READ_ON = "2026-11-26"
"""When the table below was read (Application Load Balancers user guide, "Security policies for your Application Load
Balancer": the tables of protocols by policy, with those for FIPS and those with forward secrecy)."""

_FROM_TLS_1_3 = ("TLS13-1-3-2021-06", "TLS13-1-3-PQ-2025-09", "TLS13-1-3-FIPS-2023-04", "TLS13-1-3-FIPS-PQ-2025-09")
_FROM_TLS_1_2 = (
    "TLS13-1-2-2021-06",
    "TLS13-1-2-PQ-2025-09",
    "TLS13-1-2-Res-2021-06",
    "TLS13-1-2-Res-PQ-2025-09",
    "TLS13-1-2-Ext1-2021-06",
    "TLS13-1-2-Ext1-PQ-2025-09",
    "TLS13-1-2-Ext2-2021-06",
    "TLS13-1-2-Ext2-PQ-2025-09",
    "TLS13-1-2-FIPS-2023-04",
    "TLS13-1-2-FIPS-PQ-2025-09",
    "TLS13-1-2-Res-FIPS-2023-04",
    "TLS13-1-2-Res-FIPS-PQ-2025-09",
    "TLS13-1-2-Ext0-FIPS-2023-04",
    "TLS13-1-2-Ext0-FIPS-PQ-2025-09",
    "TLS13-1-2-Ext1-FIPS-2023-04",
    "TLS13-1-2-Ext1-FIPS-PQ-2025-09",
    "TLS13-1-2-Ext2-FIPS-2023-04",
    "TLS13-1-2-Ext2-FIPS-PQ-2025-09",
    "TLS-1-2-2017-01",
    "TLS-1-2-Ext-2018-06",
    "FS-1-2-2019-08",
    "FS-1-2-Res-2019-08",
    "FS-1-2-Res-2020-10",
)

REFUSES_TLS_1_1 = frozenset(f"ELBSecurityPolicy-{name}" for name in (*_FROM_TLS_1_3, *_FROM_TLS_1_2))
"""The policies whose oldest protocol is TLS 1.2 or 1.3."""


def refuses_tls_1_1(policy: str) -> bool:
    """Return whether a security policy takes TLS 1.2 and newer only; AWS's own default does not.

    A policy that is younger than the table is not known to do so.
    """
    return policy in REFUSES_TLS_1_1
