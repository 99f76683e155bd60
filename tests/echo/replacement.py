"""Which changed inputs make the provider replace a resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.platforms.eks.live.changes import REPLACED_BY

NAME_KEYS = ("name", "bucket", "nodeGroupName")
"""Inputs that the provider fills with a name of its own where the program gives none."""


def replaces(type_: str, path: str) -> bool:
    """Whether a change at `path`, a path without indices, replaces a resource of the type."""
    if type_.startswith("kubernetes:"):
        return path in {"apiVersion", "kind", "metadata.name", "metadata.namespace"}
    return any(path == key or path.startswith(f"{key}.") for key in REPLACED_BY.get(type_, ()))


def deletes_first(type_: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether a replaced resource goes before the new one is made, where the program does not say.

    With a name that the program gives and that stays there could not be two
    (pulumi-terraform-bridge, `nameRequiresDeleteBeforeReplace`).
    """
    return type_.startswith("aws:") and any(key in new and old.get(key) == new[key] for key in NAME_KEYS)
