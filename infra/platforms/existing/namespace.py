"""Whether the namespace of a stack may be taken: one that is somebody else's is told at preview.

Where data is kept, the provider takes over what is there, and would lay this stack's rules on pods of others.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kubernetes.config import ConfigException

from infra import kube
from infra.errors import NightowlError
from infra.platforms.existing.reach import kubeconfig_files
from infra.platforms.kept_data import STACK_ANNOTATION, holds_namespace, stack_of_data
from infra.platforms.state import read_state
from infra.settings.platform import ExistingPlatformSettings
from infra.settings.problems import refusal
from infra.settings.stack import StackSettings


def require_namespace(settings: StackSettings) -> None:
    """Check that the namespace on an existing cluster is this stack's, not made yet, or said to be `existing`.

    This stack's is what its state has, and what it left behind with data. Other platforms make their cluster.

    Raises:
        SettingsError: it is somebody else's, or the cluster does not tell.
    """
    platform, namespace = settings.platform, settings.namespace
    if not isinstance(platform, ExistingPlatformSettings) or namespace.existing:
        return
    if holds_namespace(read_state(), namespace.name):
        return
    found = _find(platform, namespace.name)
    owner = _annotations(found).get(STACK_ANNOTATION)
    if found is None or owner == stack_of_data():
        return
    whose = "of somebody else's" if owner is None else f"of stack {owner}, with its data"
    raise refusal(
        "nightowl:namespace.name",
        f"{namespace.name} is a namespace {whose} on this cluster; choose another name, or "
        "set nightowl:namespace.existing: true if this stack may lay its rules on all that is in it",
    )


def _find(platform: ExistingPlatformSettings, name: str) -> kube.Json | None:
    # The client has read the variable by which kubectl finds them when it was imported, maybe before this run began.
    files = os.pathsep.join(str(file) for file in kubeconfig_files(platform) if file.exists())
    try:
        return kube.find(kube.connect(Path(files), platform.context), f"/api/v1/namespaces/{name}")
    except (NightowlError, ConfigException) as error:
        raise refusal(
            "nightowl:namespace.name",
            f"whether {name} is somebody else's cannot be looked up ({error}); give the user "
            f"of context {platform.context} the right to get namespaces",
        ) from error


def _annotations(found: kube.Json | None) -> Mapping[str, Any]:
    return (found or {}).get("metadata", {}).get("annotations") or {}
