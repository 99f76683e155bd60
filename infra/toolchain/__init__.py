"""The programs of the local platform, found or made without anything but Python and its package index.

`resolve` gives every tool's path: from PATH when the version fits, from the cache, by a download where a checksum of it
is in `checksums.txt`, and otherwise by a build from the pinned Go modules in the folders of this package with the Go
toolchain that the Python package index carries.
"""

from infra.toolchain.events import OnToolEvent, Phase, ToolchainError, ToolEvent
from infra.toolchain.resolve import EngineTools, Tools, resolve, resolve_engine, resolve_pulumi

__all__ = [
    "EngineTools",
    "OnToolEvent",
    "Phase",
    "ToolEvent",
    "ToolchainError",
    "Tools",
    "resolve",
    "resolve_engine",
    "resolve_pulumi",
]
