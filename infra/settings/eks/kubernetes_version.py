"""A Kubernetes version in a stack file: one for which everything exists that the stack installs."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from infra.settings.scalars import Notation
from infra.versions import INSTALLABLE_VERSIONS, KUBERNETES_VERSIONS, minor_of


def _check_version(value: str) -> str:
    if value in INSTALLABLE_VERSIONS:
        return value
    choice = " or ".join(INSTALLABLE_VERSIONS)
    if value in KUBERNETES_VERSIONS and minor_of(value) > minor_of(INSTALLABLE_VERSIONS[-1]):
        raise ValueError(f"has no Cluster Autoscaler that fits it yet; write {choice}")
    raise ValueError(f"is not {choice}")


KubernetesMinor = Annotated[
    str, AfterValidator(_check_version), Notation(" or ".join(f"`{minor}`" for minor in INSTALLABLE_VERSIONS))
]
