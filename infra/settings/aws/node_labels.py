"""Labels and taints of nodes, as Kubernetes and EKS accept them."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from infra.settings.scalars import Notation

RESERVED_PREFIXES = ("kubernetes.io", "k8s.io", "eks.amazonaws.com", "nightowl")
"""Of Kubernetes and EKS, which refuse them on managed node groups, and of this project's own labels."""
SYSTEM_TAINT_KEY = "CriticalAddonsOnly"
"""The taint of system pools."""


def _check_key(value: str) -> str:
    prefix, slash, name = value.rpartition("/")
    if not re.fullmatch(r"[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?", name):
        raise ValueError("is not the key of a label: up to 63 letters, digits, dashes, dots and underscores")
    if slash and (not re.fullmatch(r"[a-z0-9]([-.a-z0-9]*[a-z0-9])?", prefix) or len(prefix) > 253):
        raise ValueError("is not the key of a label: before the slash comes a DNS name")
    if any(prefix == reserved or prefix.endswith(f".{reserved}") for reserved in RESERVED_PREFIXES):
        raise ValueError("is reserved; use a prefix of your own")
    return value


def _check_value(value: str) -> str:
    if not re.fullmatch(r"([A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?)?", value):
        raise ValueError("is not the value of a label: up to 63 letters, digits, dashes, dots and underscores")
    return value


LabelKey = Annotated[str, AfterValidator(_check_key), Notation("label")]
LabelValue = Annotated[str, AfterValidator(_check_value), Notation("text")]
