"""GPUs, for which there must be a pool of machines that have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infra.settings.app.application import Application, Task
from infra.settings.eks.nodes import NodePoolSettings
from infra.settings.model import FieldError

_NO_POOL = "no node pool has GPUs; add one such as gpu: { instanceTypes: [g6.xlarge], min: 0, max: 4 }"
_AS_A_GUEST = (
    "stacks of pull requests get no GPUs, whose nodes belong to another stack; leave it out, or give the app "
    "a stack file of its own, which pull requests do not copy"
)


def gpu_errors(pools: Mapping[str, NodePoolSettings], apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find containers that would wait for a GPU for ever; locations are below the sections' root."""
    if not any(pool.has_gpus for pool in pools.values()):
        yield from _asked_for(apps, _NO_POOL)


def guest_gpu_errors(apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find containers of a stack of a pull request that ask for a GPU; locations are below the sections' root."""
    yield from _asked_for(apps, _AS_A_GUEST)


def _asked_for(apps: Mapping[str, Application], message: str) -> Iterator[FieldError]:
    for app, settings in apps.items():
        if settings.resources.gpu is not None:
            yield FieldError(("apps", app, "resources", "gpu"), message)
        for section, name, helper in settings.helpers:
            if helper.resources.gpu is not None:
                yield FieldError(("apps", app, section, name, "resources", "gpu"), message)
        release = None if isinstance(settings, Task) else settings.release
        if release is not None and release.resources is not None and release.resources.gpu is not None:
            yield FieldError(("apps", app, "release", "resources", "gpu"), message)
