"""What a user chooses about a local cluster, and what is the same in every one of them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

ZONES = ("local-a", "local-b", "local-c")
"""The availability zones. The names are no cloud's, so that nobody takes the rehearsal for the real thing."""


class ClusterOptions(BaseModel):
    """The choices. `api_port` None takes a free one; `node_boot_seconds` is how long a new node takes to register."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_port: int | None = Field(default=None, ge=1024, le=65535)
    node_boot_seconds: int = Field(default=5, ge=0, le=600)
