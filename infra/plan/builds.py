"""Where the images of the apps with `build` come from, in one line for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.plan.access import NOT_ON_EKS
from infra.project import stack_files
from infra.settings.build import PROJECT
from infra.settings.eks.platform import EksPlatformSettings
from infra.settings.guest import GuestPlatformSettings
from infra.settings.nearest import nearest
from infra.settings.problems import Problem
from infra.settings.stack import StackSettings


@dataclass(frozen=True, kw_only=True)
class Builds:
    """What `build` of the apps does."""

    folders: Mapping[str, str]
    """The folder that each app's images are built from, for this stack or for the one they are copied from."""
    copied_from: str | None = None
    """The stack from which they are copied."""
    why_not: str = ""
    """Why they are neither built nor copied."""
    doubts: tuple[Problem, ...] = ()
    """What only the pipeline would stop at."""

    @property
    def line(self) -> str:
        """What is said about it in one line."""
        if self.why_not:
            return f"{', '.join(self.folders)}: build does nothing here, {self.why_not}"
        if self.copied_from is not None:
            return f"{', '.join(self.folders)}: images are copied from {self.copied_from}"
        return f"images are built: {', '.join(f'{app} from {folder}' for app, folder in self.folders.items())}"


def builds_of_stack(settings: StackSettings, stack: str, project: Path | None) -> Builds | None:
    """Describe what `build` does, or None where no app has it. `project` is the folder with the code, if there is one.

    What is doubtful stops no plan: the folder of an app may come with another commit.
    """
    if not settings.builds:
        return None
    why_not = _why_not(settings)
    copied_from = None if why_not else settings.delivery.promotes_from
    doubts = () if why_not or project is None else tuple(_doubts(settings, stack, project))
    return Builds(folders=settings.builds, copied_from=copied_from, why_not=why_not, doubts=doubts)


def _doubts(settings: StackSettings, stack: str, project: Path) -> Iterator[Problem]:
    source = settings.delivery.promotes_from
    if source is None:
        for app, folder in settings.builds.items():
            if not (project / folder / "Dockerfile").is_file():
                message = f"{folder} has no Dockerfile; name the folder that has it"
                yield Problem(f"{PROJECT}:apps.{app}.build", message)
        return
    known = [one for one in stack_files(project) if one != stack]
    if source not in known:
        near = nearest(source, known)
        hint = f"did you mean '{near}'?" if near else f"there are {', '.join(known) or 'no others'}"
        message = f"there is no other stack '{source}' to copy images from; {hint}"
        yield Problem(f"{PROJECT}:delivery.promotesFrom", message)


def _why_not(settings: StackSettings) -> str:
    if isinstance(settings.platform, EksPlatformSettings):
        return ""
    if isinstance(settings.platform, GuestPlatformSettings):
        return f"as {settings.platform.stack} keeps the images of pull requests"
    return NOT_ON_EKS
