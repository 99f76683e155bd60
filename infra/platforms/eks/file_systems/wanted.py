"""Which shared volumes a stack has: those of its file, and those that it keeps without one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from infra.platforms.kept_data import CLAIM_TYPE, is_kept
from infra.platforms.state import MadeResource
from infra.settings.app.security import SecuritySettings
from infra.settings.eks.volumes import efs_volumes
from infra.settings.problems import Problem, SettingsError
from infra.settings.scalars import bytes_text
from infra.settings.stack import StackSettings
from infra.values import text

VOLUME_TYPE = "kubernetes:core/v1:PersistentVolume"


@dataclass(frozen=True, kw_only=True)
class SharedVolume:
    """What one claim gets: the user and group as whom everybody writes, and whether the data outlives the stack file.

    `size` is what volume and claim say, and never changes: a file system has none, and grows by itself.
    """

    size: str
    user: int
    group: int
    kept: bool


def shared_volumes(settings: StackSettings, state: Iterable[MadeResource]) -> dict[str, SharedVolume]:
    """Return what each claim gets, by its name.

    Data that is kept stays where it is, with its file system in the state, when its volume leaves the stack file: the
    claim that stays in the cluster names it for good, and a volume that comes back must find it.

    Raises:
        SettingsError: a claim that there is has a volume of another kind.
    """
    known = list(state)
    live = {text(one.outputs, "spec", "claimRef", "name"): one for one in known if one.type == VOLUME_TYPE}
    wanted = {
        claim: SharedVolume(
            size=_size(live[claim]) if claim in live else bytes_text(volume.size or 0),
            user=app.security.user,
            group=app.security.group,
            kept=volume.keep,
        )
        for claim, app, volume in efs_volumes(settings.apps)
    }
    _check_classes(wanted, known)
    # As whom they write was decided when they were made.
    writer = SecuritySettings()
    left = {
        claim: SharedVolume(size=_size(volume), user=writer.user, group=writer.group, kept=True)
        for claim, volume in live.items()
        if claim not in wanted and is_kept(volume)
    }
    return wanted | left


def _check_classes(wanted: Iterable[str], state: Iterable[MadeResource]) -> None:
    claims = {one.name: one for one in state if one.type == CLAIM_TYPE}
    problems: list[Problem] = []
    for name in wanted:
        had = text(claims[name].outputs, "spec", "storageClassName") if name in claims else ""
        if had:
            problems.append(
                Problem(
                    f"claim {name}",
                    f"its volume is of class {had} for good, and one of EFS is another; write storageClass: {had} "
                    "again, or copy the data to a volume with another name",
                )
            )
    if problems:
        raise SettingsError(problems)


def _size(volume: MadeResource) -> str:
    return text(volume.outputs, "spec", "capacity", "storage")
