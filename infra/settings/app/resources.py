"""What a container requests and may use."""

from __future__ import annotations

from collections.abc import Iterator

from infra.settings.model import FieldError, Model
from infra.settings.scalars import MEBIBYTE, Bytes, Millicores, millicores_text


class ResourceSettings(Model):
    """CPU and memory of one container.

    `cpu` is requested and, without `cpuLimit`, not limited: idle cores are there to be used, and a limit throttles
    exactly when a flood comes. `memory` is request and limit at once, so a node is never promised more than it has
    (AWS EKS best practices guide).
    """

    cpu: Millicores = 100
    """CPU request; the autoscaler's target is a percentage of it."""
    memory: Bytes = 128 * MEBIBYTE
    """Memory request and limit."""
    cpu_limit: Millicores | None = None
    """CPU limit; by default none."""

    def _errors(self) -> Iterator[FieldError]:
        if self.cpu_limit is not None and self.cpu_limit < self.cpu:
            message = f"{millicores_text(self.cpu_limit)} is below the request of {millicores_text(self.cpu)}"
            yield FieldError("cpuLimit", message)
