"""Security policies of Elastic Load Balancing: which of them refuse TLS 1.1 and older."""

from __future__ import annotations

from infra.values import words

READ_ON = "2026-11-26"
"""When the table below was read (Application Load Balancers user guide, "Security policies for your Application Load
Balancer": the tables of protocols by policy, with those for FIPS and those with forward secrecy)."""

_FIPS = ("FIPS-2023-04", "FIPS-PQ-2025-09")
_PLAIN = ("2021-06", "PQ-2025-09")
_NAMES = (
    *(f"TLS13-1-3-{version}" for version in (*_PLAIN, *_FIPS)),
    *(f"TLS13-1-2-{ciphers}{version}" for ciphers in ("", "Res-", "Ext1-", "Ext2-") for version in (*_PLAIN, *_FIPS)),
    *(f"TLS13-1-2-Ext0-{version}" for version in _FIPS),
    *words("TLS-1-2-2017-01 TLS-1-2-Ext-2018-06 FS-1-2-2019-08 FS-1-2-Res-2019-08 FS-1-2-Res-2020-10"),
)
REFUSES_TLS_1_1 = frozenset(f"ELBSecurityPolicy-{name}" for name in _NAMES)
"""The policies whose oldest protocol is TLS 1.2 or 1.3."""


def refuses_tls_1_1(policy: str) -> bool:
    """Return whether a security policy takes TLS 1.2 and newer only; AWS's own default does not.

    A policy that is younger than the table is not known to do so.
    """
    return policy in REFUSES_TLS_1_1
