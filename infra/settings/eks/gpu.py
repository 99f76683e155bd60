"""GPUs, which no node pool of an EKS stack has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infra.settings.app.application import Application, Task
from infra.settings.model import FieldError


def gpu_errors(apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find containers that would wait for a GPU for ever; locations are below the sections' root."""
    message = (
        "no node pool here has GPUs, which need an image of NVIDIA's drivers and the device plugin; run the app on a "
        "cluster that has them, by a stack of platform.kind: existing"
    )
    for app, settings in apps.items():
        if settings.resources.gpu is not None:
            yield FieldError(("apps", app, "resources", "gpu"), message)
        for section, name, helper in settings.helpers:
            if helper.resources.gpu is not None:
                yield FieldError(("apps", app, section, name, "resources", "gpu"), message)
        release = None if isinstance(settings, Task) else settings.release
        if release is not None and release.resources is not None and release.resources.gpu is not None:
            yield FieldError(("apps", app, "release", "resources", "gpu"), message)
