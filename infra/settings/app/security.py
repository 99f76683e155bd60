"""Who a container is, and what it may write."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from infra.settings.model import Model
from infra.settings.scalars import Switch, WholeNumber

UserId = Annotated[WholeNumber, Field(ge=1, le=2**31 - 1)]


class SecuritySettings(Model):
    """The pod's identity. Everything else that the `restricted` Pod Security Standard asks for is fixed."""

    user: UserId = 10001
    """Numeric user; 10000 and above does not collide with users of the host."""
    group: UserId = 10001
    """Numeric group, also of the volumes."""
    read_only_root: Switch = True
    """`false` only for an image that must write outside its volumes."""
