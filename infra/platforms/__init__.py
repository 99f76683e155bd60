"""Where apps run: one package per `platform.kind`, each behind `infra.platforms.platform.Platform`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra.platforms.platform import Platform
    from infra.platforms.state import MadeResource
    from infra.settings.stack import StackSettings


def make_platform(settings: StackSettings, environment: Mapping[str, str], state: Sequence[MadeResource]) -> Platform:
    """Make the platform of a stack by `make_platform` of the package beside this that has the name of its kind.

    `state` is what the stack had made before this run.

    Only that package is imported: the AWS SDK takes longer to import than everything else together.

    Raises:
        SettingsError: the settings ask for something that the platform does not allow.
    """
    package = import_module(f"infra.platforms.{settings.platform.kind}.platform")
    return cast("Platform", package.make_platform(settings, settings.platform, environment, state))
