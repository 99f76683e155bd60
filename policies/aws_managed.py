"""Managed policies of AWS that make an administrator of their holder."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import cast

FILE = Path(__file__).parent / "aws_managed.json"
"""Made from the documents of all of AWS's policies, by `python -m tests.policies.managed_policies`; it says when."""
OF_AWS = ":iam::aws:policy/"


def why_wide(arn: str) -> str:
    """Return what a managed policy of AWS lets its holder do that nobody should be given, or an empty text."""
    _, of_aws, path = arn.partition(OF_AWS)
    return _wide().get(path, "") if of_aws else ""


@cache
def _wide() -> dict[str, str]:
    return cast("dict[str, str]", json.loads(FILE.read_text(encoding="utf-8"))["policies"])
