"""Managed policies of AWS that make an administrator of their holder."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import cast

from policies.facts.iam_scope import matches

FILE = Path(__file__).parent / "aws_managed.json"
"""Made from the documents of all of AWS's policies, by `python -m tests.policies.managed_policies`; it says when."""
OF_AWS = ":iam::aws:policy/"


def why_wide(arn: str) -> str:
    """Return what a managed policy of AWS lets its holder do that nobody should be given, or an empty text."""
    _, of_aws, path = arn.partition(OF_AWS)
    return _wide().get(path, "") if of_aws else ""


def takes_in_a_wide_one(pattern: str) -> bool:
    """Return whether a pattern of ARNs means one of those policies, in any partition."""
    partition, of_aws, path = pattern.partition(OF_AWS)
    return any(
        matches(path, name) if of_aws else matches(pattern, f"arn:aws{OF_AWS}{name}") for name in _wide()
    ) and partition.startswith(("arn", "*"))


@cache
def _wide() -> dict[str, str]:
    return cast("dict[str, str]", json.loads(FILE.read_text(encoding="utf-8"))["policies"])
