"""What a container requests and may use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from infra.settings.model import FieldError, Model, Rule
from infra.settings.scalars import MEBIBYTE, Bytes, Millicores, WholeNumber, bytes_text, millicores_text


class ResourceSettings(Model):
    """CPU and memory of one container.

    `cpu` is requested and, without `cpuLimit`, not limited: idle cores are there to be used, and a limit throttles
    exactly when a flood comes. Without `memoryLimit`, `memory` is request and limit at once, so a node is never
    promised more than it has (AWS EKS best practices guide).
    """

    cpu: Millicores = 100
    """CPU request; the autoscaler's target is a percentage of it."""
    memory: Bytes = 128 * MEBIBYTE
    """Memory request and, without `memoryLimit`, limit."""
    memory_limit: Bytes | None = None
    """Memory limit above the request, for what needs much now and then; a full node may evict what is above it."""
    cpu_limit: Millicores | None = None
    """CPU limit; by default none."""
    gpu: Annotated[WholeNumber, Field(ge=1, le=64)] | None = None
    """Whole GPUs of NVIDIA: of a node pool that has them, or of an existing cluster with its device plugin."""

    @property
    def most_memory(self) -> int:
        """The memory limit in bytes."""
        return self.memory if self.memory_limit is None else self.memory_limit

    def _rules(self) -> tuple[Rule, ...]:
        return self._cpu_errors, self._memory_errors

    def _cpu_errors(self) -> Iterator[FieldError]:
        if self.cpu_limit is not None and self.cpu_limit < self.cpu:
            message = f"{millicores_text(self.cpu_limit)} is below the request of {millicores_text(self.cpu)}"
            yield FieldError("cpuLimit", message)

    def _memory_errors(self) -> Iterator[FieldError]:
        if self.memory_limit is not None and self.memory_limit < self.memory:
            message = f"{bytes_text(self.memory_limit)} is below the request of {bytes_text(self.memory)}"
            yield FieldError("memoryLimit", message)
